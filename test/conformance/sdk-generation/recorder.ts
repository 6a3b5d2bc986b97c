import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Stands before a Portico: passes everything on as it is, and keeps the signed requests. */
export interface Recorder {
  readonly url: string;
  readonly signed: RecordedRequest[];
  /** Answers what is below `/page/`, which is of the same origin as the API then. */
  page: (path: string, body: Buffer) => { readonly type: string; readonly body: Buffer | string } | undefined;
  close(): Promise<void>;
}

export async function startRecorder(target: string): Promise<Recorder> {
  const signed: RecordedRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const { method = "", url = "", rawHeaders } = incoming;
    const body = await buffer(incoming);
    if (url.startsWith("/page/")) {
      const answer = recorder.page(url.slice("/page/".length), body);
      outgoing.writeHead(answer === undefined ? 404 : 200, { "content-type": answer?.type ?? "text/plain" });
      outgoing.end(answer?.body);
      return;
    }
    const headers = flat(incoming);
    if (headers["authorization"]?.includes("/execute-api/")) signed.push({ method, target: url, headers, body });
    const forward = request(target, { method, path: url, headers: rawHeaders, setHost: false });
    forward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => forward.destroy());
    forward.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    forward.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const recorder: Recorder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    signed,
    page: () => undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return recorder;
}

const flat = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(",")]));

const sha256 = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: Buffer | string, data: string): Buffer => createHmac("sha256", key).update(data).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Is the request signed with that secret? AWS: IAM user guide, "Create a signed AWS API request". */
export function hasGoodSignature({ method, target, headers, body }: RecordedRequest, secret: string): boolean {
  const [, scope = "", names = "", signature = ""] =
    /Credential=[^/]+\/(\S+), ?SignedHeaders=(\S+), ?Signature=(\w+)/.exec(headers["authorization"] ?? "") ?? [];
  const [path = "", query = ""] = target.split("?");
  const canonical = [
    method,
    path.split("/").map(encode).join("/"),
    query.split("&").sort().join("&"),
    ...names.split(";").map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, " ")}`),
    "",
    names,
    sha256(body),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce<Buffer | string>((so, part) => hmac(so, part), `AWS4${secret}`);
  return hmac(key, toSign).toString("hex") === signature;
}
