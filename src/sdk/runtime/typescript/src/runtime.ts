/** Sends an API's requests: parameters, body, API key, signature, time limit; and reads its answers. */

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface ClientOptions {
  /** In place of the stage's URL. */
  readonly invokeUrl?: string;
  /** Signs every request (Signature Version 4). A function is asked for each request: AWS SDKs' providers are such. */
  readonly credentials?: Credentials | (() => Promise<Credentials>);
  /** The region that signatures name; by default the API's. */
  readonly region?: string;
  /** Sent as `x-api-key`. */
  readonly apiKey?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a call may take, in milliseconds; without it as long as the network does. */
  readonly timeoutMs?: number;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
}

/** Of one call. */
export interface CallOptions {
  /** Headers that the API does not know of; they go before all others. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Query parameters that the API does not know of. */
  readonly query?: Readonly<Record<string, ParameterValue>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** How the answer's body is read; by default by its media type: JSON, text, or else bytes; undefined if it is empty. */
  readonly responseType?: "json" | "text" | "bytes";
}

export type ParameterValue = string | number | boolean | readonly (string | number | boolean)[] | null | undefined;

export interface Result<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** An answer that is not 2xx. */
export class ApiError<Body = unknown> extends Error {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;

  constructor(result: Result<Body>) {
    super(`the API answered ${result.status}`);
    this.name = "ApiError";
    this.status = result.status;
    this.headers = result.headers;
    this.body = result.body;
  }
}

/** No answer: the connection failed (`cause` says how), or it took too long. */
export class ApiConnectionError extends Error {
  readonly isTimeout: boolean;

  constructor(cause: unknown) {
    const isTimeout = cause instanceof Error && cause.name === "TimeoutError";
    super(isTimeout ? "the API did not answer in time" : "the API could not be reached", { cause });
    this.name = "ApiConnectionError";
    this.isTimeout = isTimeout;
  }
}

/** Did the API answer so? `isApiError<models.NotFound>(error, 404)` */
export const isApiError = <Body = unknown>(error: unknown, status?: number): error is ApiError<Body> =>
  error instanceof ApiError && (status === undefined || error.status === status);

/** What a call needs to know of its operation. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query?: readonly string[];
  readonly headers?: readonly string[];
  /** The input's member that is the body. */
  readonly body?: string;
  readonly contentType?: string;
}

type Input = Readonly<Record<string, unknown>>;

export class ApiClient {
  readonly #options: ClientOptions & { readonly invokeUrl: string; readonly region: string };

  constructor(api: { invokeUrl: string; region: string }, options: ClientOptions) {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    this.#options = { ...api, ...given };
  }

  /** Any request to the API: `path` is as in the URL, below the stage. For methods that have no operation (ANY). */
  request(
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions & { contentType?: string } = {},
  ): Promise<Result<unknown>> {
    const { contentType, ...others } = options;
    return this.#send(method, path, [], {}, body, contentType ?? "application/json", others);
  }

  protected async call<Body>(
    operation: Operation,
    input: Input = {},
    options: CallOptions = {},
  ): Promise<Result<Body>> {
    const path = operation.path === "/" ? "/" : expandPath(operation.path, input);
    const query = (operation.query ?? []).flatMap((name) => pairs(name, input[name] as ParameterValue));
    const headers = Object.fromEntries(
      (operation.headers ?? []).flatMap((name) => (isNothing(input[name]) ? [] : [[name, String(input[name])]])),
    );
    const { method, contentType = "application/json" } = operation;
    const body = operation.body === undefined ? undefined : input[operation.body];
    return this.#send(method, path, query, headers, body, contentType, options) as Promise<Result<Body>>;
  }

  async #send(
    method: string,
    path: string,
    query: readonly [string, string][],
    modelled: Readonly<Record<string, string>>,
    body: unknown,
    contentType: string,
    options: CallOptions,
  ): Promise<Result<unknown>> {
    const { invokeUrl, region, apiKey, credentials, fetch: send = fetch } = this.#options;
    const more = Object.entries(options.query ?? {}).flatMap(([name, value]) => pairs(name, value));
    const search = [...query, ...more].map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
    const mark = search === "" ? "" : path.includes("?") ? "&" : "?";
    const url = new URL(`${invokeUrl.replace(/\/$/, "")}${path}${mark}${search}`);
    const headers = new Headers({ accept: "application/json" });
    const bytes = encodeBody(body);
    if (bytes !== undefined) headers.set("content-type", contentType);
    if (apiKey !== undefined) headers.set("x-api-key", apiKey);
    for (const some of [this.#options.headers, modelled, options.headers]) {
      for (const [name, value] of Object.entries(some ?? {})) headers.set(name, value);
    }
    const keys = typeof credentials === "function" ? await credentials() : credentials;
    if (keys !== undefined) await sign({ method, url, headers, body: bytes, region, credentials: keys });
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const signals = [options.signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
    const signal = AbortSignal.any(signals.filter((one) => one !== undefined));
    let result: Result<unknown>;
    let isOk: boolean;
    try {
      const response = await send(url, { method, headers, body: bytes ?? null, signal });
      isOk = response.ok;
      result = {
        status: response.status,
        headers: response.headers,
        body: await decodeBody(response, options.responseType),
      };
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new ApiConnectionError(error);
    }
    if (!isOk) throw new ApiError(result);
    return result;
  }
}

const isNothing = (value: unknown): value is null | undefined => value === undefined || value === null;

/** RFC 3986: everything but unreserved characters. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const pairs = (name: string, value: ParameterValue): [string, string][] =>
  isNothing(value) ? [] : [value].flat().map((one) => [name, String(one)]);

/** Fills `/pets/{petId}` and `/files/{proxy+}` in. */
function expandPath(template: string, input: Input): string {
  return template.replace(/\{([^}+]+)(\+?)\}/g, (_, name: string, plus: string) => {
    if (isNothing(input[name])) throw new TypeError(`${name} must be defined`);
    const value = String(input[name]);
    const segments = plus === "+" ? value.split("/") : [value];
    // A URL can't have such a segment: it would name another resource.
    if (value === "" || segments.some((one) => one === "." || one === "..")) {
      throw new TypeError(`${name} must not be ${JSON.stringify(value)}`);
    }
    return segments.map(encode).join("/");
  });
}

type Bytes = Uint8Array<ArrayBuffer>;
const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

/** Text and bytes as they are, everything else as JSON. */
function encodeBody(body: unknown): Bytes | undefined {
  if (isNothing(body)) return undefined;
  if (typeof body === "string") return utf8(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength);
  return utf8(JSON.stringify(body));
}

async function decodeBody(response: Response, responseType: CallOptions["responseType"]): Promise<unknown> {
  const type = response.headers.get("content-type") ?? "";
  const kind =
    responseType ??
    (/^[^;]*[/+]json\b/i.test(type) ? "json" : /^text\/|[/+]xml\b|urlencoded|^$/i.test(type) ? "text" : "bytes");
  if (kind === "bytes") return new Uint8Array(await response.arrayBuffer());
  const text = await response.text();
  if (text === "" && responseType === undefined) return undefined;
  if (kind === "text") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Bytes | undefined;
  readonly region: string;
  readonly credentials: Credentials;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (bytes: Bytes): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));

async function hmac(key: Bytes, text: string): Promise<Bytes> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
}

/** Adds the signature's headers. AWS: IAM user guide, "Create a signed AWS API request". */
async function sign({ method, url, headers, body, region, credentials }: UnsignedRequest): Promise<void> {
  const datetime = new Date().toISOString().replace(/[:-]|\.\d{3}/g, "");
  headers.set("x-amz-date", datetime);
  if (credentials.sessionToken) headers.set("x-amz-security-token", credentials.sessionToken);
  // 1. The canonical request; path segments are encoded once more, as for all services but S3.
  const signed = [...headers, ["host", url.host] as const]
    .map(([name, value]) => [name, value.trim().replace(/ +/g, " ")] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const names = signed.map(([name]) => name).join(";");
  const canonicalRequest = [
    method,
    url.pathname.split("/").map(encode).join("/"),
    url.search.slice(1).split("&").filter(Boolean).sort().join("&"),
    ...signed.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    await sha256(body ?? utf8("")),
  ].join("\n");
  // 2. The string to sign.
  const scope = `${datetime.slice(0, 8)}/${region}/execute-api/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", datetime, scope, await sha256(utf8(canonicalRequest))].join("\n");
  // 3. The signing key, and 4. the signature.
  let key = utf8(`AWS4${credentials.secretAccessKey}`);
  for (const part of scope.split("/")) key = await hmac(key, part);
  const signature = hex(await hmac(key, toSign));
  const credential = `Credential=${credentials.accessKeyId}/${scope}`;
  headers.set("authorization", `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature}`);
}
