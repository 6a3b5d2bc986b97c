import { type Credentials, RequestSigner } from "../access/request-signer.ts";
import { bounds } from "../base/bounds.ts";
import { UserError } from "../base/user-error.ts";
import { findCredentials } from "./credentials.ts";

/** The credentials for each endpoint that verifies signatures; undefined for one that does not. */
const known = new Map<string, Promise<Credentials | undefined>>();

/** Uses these credentials for an endpoint: of a server that was just started. */
export function useCredentials(endpoint: string, credentials: Credentials): void {
  known.set(endpoint, Promise.resolve(credentials));
}

/**
 * Returns the credentials with which calls of a server have to be signed, or undefined if it verifies none. A server that
 * does is never told an account by a mere number. Throws a `UserError` if the user has none.
 */
export function credentialsFor(endpoint: string): Promise<Credentials | undefined> {
  let found = known.get(endpoint);
  if (found === undefined) {
    found = askFor(endpoint);
    known.set(endpoint, found);
  }
  return found;
}

async function askFor(endpoint: string): Promise<Credentials | undefined> {
  // There is nothing at this path. A server that verifies signatures says so before it says that.
  const response = await fetch(`${endpoint}/_portico`, { signal: AbortSignal.timeout(bounds.cliProbeMsMax.value) });
  await response.arrayBuffer();
  if (response.headers.get("x-amzn-errortype") !== "MissingAuthenticationTokenException") return undefined;
  const credentials = findCredentials();
  if (credentials !== undefined) return credentials;
  throw new UserError({
    what: `The server at ${endpoint} takes signed calls only, and there are no AWS credentials.`,
    why: "It runs with --auth enforce.",
    next: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to an access key of that server.",
  });
}

export interface SignedCall {
  readonly method: "GET" | "POST";
  /** Without a query. */
  readonly path: string;
  readonly service: string;
  readonly region?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
}

/** Calls a server, with a signature if it wants one. */
export async function fetchSigned(endpoint: string, call: SignedCall): Promise<Response> {
  const { method, path, service, region = "us-east-1", body, timeoutMs } = call;
  const headers = Object.entries(call.headers ?? {}).flat();
  const credentials = await credentialsFor(endpoint);
  if (credentials !== undefined) {
    const unsigned = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "authorization");
    if (unsigned >= 0) headers.splice(unsigned, 2);
    const bytes = body === undefined ? undefined : Buffer.from(body);
    const asked = { method, target: path, host: new URL(endpoint).host, headers, body: bytes };
    // tidy-allow: clock – a signature says when it was made.
    new RequestSigner({ service, region }).sign(asked, credentials, Date.now());
  }
  const pairs: [string, string][] = [];
  for (let index = 0; index < headers.length; index += 2) pairs.push([headers[index]!, headers[index + 1]!]);
  return fetch(`${endpoint}${path}`, {
    method,
    headers: pairs,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(timeoutMs),
  });
}
