import { type Credentials, RequestSigner } from "../../access/request-signer.ts";
import { gatewaySessionName } from "../../access/role-access.ts";
import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { readText } from "../../base/read-bytes.ts";

/** Credentials to call a service with. */
export interface RoleCredentials {
  /** The credentials that were current last. */
  readonly latest: Credentials | undefined;
  /** Returns the credentials, or undefined if there are none now; then {@link wait} for them. */
  current(): Credentials | undefined;
  /** Resolves with undefined once there are credentials, or with the reason why there are none. */
  wait(): Promise<string | undefined>;
}

export interface AssumedRoleOptions {
  readonly roleArn: string;
  /** The origin of STS. */
  readonly origin: string;
  readonly region: string;
  /** The credentials that assume the role. */
  readonly credentials: Credentials;
}

interface Session {
  readonly credentials: Credentials;
  readonly expiresAtMs: number;
}

const sessionSeconds = 3_600;
/** How long before its end a session is renewed, while requests still use it. */
const renewBeforeMs = 600_000;
/** A session that ends sooner is not used, because the request takes time to arrive. */
const expiryMarginMs = 30_000;
/** A role that can't be assumed is tried again after this. */
const retryAfterMs = 5_000;
const assumeMsMax = bounds.stsAssumeRoleMsMax.value;

/**
 * A role's session, from STS: assumed when the first program that needs it is linked, renewed before it expires, off the
 * requests' path. AWS: STS API reference, "AssumeRole".
 */
export class AssumedRole implements RoleCredentials {
  /** The number of programs that use the role. */
  references = 0;
  readonly #options: AssumedRoleOptions;
  readonly #clock: Clock;
  readonly #signer: RequestSigner;
  #session: Session | undefined;
  #pending: Promise<void> | undefined;
  #problem: string | undefined;
  #retryAtMs = 0;

  constructor(options: AssumedRoleOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#signer = new RequestSigner({ service: "sts", region: options.region });
    this.#renew();
  }

  get latest(): Credentials | undefined {
    return this.#session?.credentials;
  }

  current(): Credentials | undefined {
    const now = this.#clock.now();
    const session = this.#session;
    if (session === undefined || now >= session.expiresAtMs - expiryMarginMs) return undefined;
    if (now >= session.expiresAtMs - renewBeforeMs) this.#renew();
    return session.credentials;
  }

  async wait(): Promise<string | undefined> {
    this.#renew();
    await this.#pending;
    return this.current() === undefined ? (this.#problem ?? "the role's session has expired already") : undefined;
  }

  #renew(): void {
    if (this.#pending !== undefined || this.#clock.now() < this.#retryAtMs) return;
    this.#pending = this.#assume().finally(() => {
      this.#pending = undefined;
    });
  }

  async #assume(): Promise<void> {
    const outcome = await this.#ask();
    if (typeof outcome === "string") {
      this.#problem = `API Gateway does not have permission to assume the provided role ${this.#options.roleArn} (${outcome})`;
      this.#retryAtMs = this.#clock.now() + retryAfterMs;
    } else {
      this.#session = outcome;
      this.#retryAtMs = 0;
    }
  }

  /** Returns the session, or the error of STS or the network. */
  async #ask(): Promise<Session | string> {
    const { origin, roleArn, credentials } = this.#options;
    const form = new URLSearchParams({
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: roleArn,
      RoleSessionName: gatewaySessionName,
      DurationSeconds: String(sessionSeconds),
    });
    const body = Buffer.from(form.toString());
    const list = ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"];
    const request = { method: "POST", target: "/", host: new URL(origin).host, headers: list, body };
    this.#signer.sign(request, credentials, this.#clock.now());
    const headers = new Headers();
    for (let index = 0; index < list.length; index += 2) headers.append(list[index]!, list[index + 1]!);
    try {
      const response = await fetch(`${origin}/`, {
        method: "POST",
        headers,
        body,
        redirect: "error",
        signal: AbortSignal.timeout(assumeMsMax),
      });
      return readSession(await readText(response, bounds.stsAnswerBytesMax.value), response.status, this.#clock.now());
    } catch (error) {
      const { message, cause } = error as Error;
      return `${origin}: ${cause instanceof Error ? cause.message : message}`;
    }
  }
}

function readSession(xml: string, status: number, nowMs: number): Session | string {
  const element = (name: string): string | undefined =>
    new RegExp(`<${name}>\\s*([^<\\s][^<]{0,8000}?)\\s*</${name}>`).exec(xml)?.[1];
  const [accessKeyId, secretAccessKey, sessionToken] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(element);
  if (status !== 200 || accessKeyId === undefined || secretAccessKey === undefined) {
    return `STS answered ${status} ${element("Code") ?? ""}: ${element("Message") ?? "no credentials"}`;
  }
  const given = Date.parse(element("Expiration") ?? "");
  const expiresAtMs = Number.isNaN(given) ? nowMs + sessionSeconds * 1000 : given;
  return { credentials: { accessKeyId, secretAccessKey, sessionToken }, expiresAtMs };
}
