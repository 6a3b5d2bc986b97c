import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Credentials } from "../src/access/request-signer.ts";

/** AWS's SDK for JavaScript wants its hashes in this form. */
export class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as string | Uint8Array);
  }
  update(chunk: Uint8Array | string): void {
    this.#hash.update(chunk);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {}
}

export interface SdkRequest {
  readonly method: string;
  /** `localhost:4566` */
  readonly host: string;
  /** As it is sent. */
  readonly path: string;
  /** Not encoded. */
  readonly query?: Readonly<Record<string, string | string[]>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | undefined;
}

export interface SdkSigning {
  readonly credentials: Credentials;
  readonly service?: string;
  readonly region?: string;
  readonly nowMs?: number;
  /** Signs the query, for so many seconds. */
  readonly expiresIn?: number;
  /** Whether a header says the body's hash. */
  readonly hasChecksum?: boolean;
}

/** Signs a request with AWS's SDK for JavaScript, and returns target and headers as they are sent. */
export async function signWithSdk(
  request: SdkRequest,
  { credentials, service = "execute-api", region = "us-east-1", nowMs, expiresIn, hasChecksum = true }: SdkSigning,
): Promise<{ readonly target: string; readonly headers: Record<string, string> }> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const identity = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  const signer = new SignatureV4({
    service,
    region,
    credentials: identity,
    sha256: Sha256,
    applyChecksum: hasChecksum,
  });
  const { method, host, path, query = {}, headers = {}, body } = request;
  const asked = {
    method,
    protocol: "http:",
    hostname: host,
    path,
    query: { ...query },
    headers: { ...headers, host },
    body,
  };
  const date = nowMs === undefined ? {} : { signingDate: new Date(nowMs) };
  const signed =
    expiresIn === undefined ? await signer.sign(asked, date) : await signer.presign(asked, { ...date, expiresIn });
  const pairs = Object.entries(signed.query ?? {}).flatMap(([name, values]) =>
    [values ?? ""].flat().map((value) => `${encode(name)}=${encode(value)}`),
  );
  return { target: pairs.length === 0 ? path : `${path}?${pairs.join("&")}`, headers: signed.headers };
}

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
