import { isUtf8 } from "node:buffer";
import { isSecretName, Secrets } from "./secrets.ts";

/** A body as a trace keeps it: the beginning of it, as text. */
export interface TracedBody {
  readonly text: string;
  /** Of all of it. */
  readonly bytes: number;
  readonly isCut: boolean;
  /** It is no UTF-8, and `text` is empty. */
  readonly isBinary: boolean;
}

/** Names and values in turn. */
type Pairs = readonly string[];

/** What happened to a request, as data. Renderers make AWS's execution log or `portico explain`'s tree of it. */
export type TraceFact =
  /** The first one: what serves it. */
  | {
      readonly kind: "stage";
      readonly apiId: string;
      readonly apiName: string;
      readonly stageName: string;
      readonly deploymentId: string;
      readonly requestId: string;
      readonly extendedRequestId: string;
      /** TestInvokeMethod: there is no stage. */
      readonly isTest: boolean;
    }
  /** Which method it is, and what it was sent. */
  | {
      readonly kind: "request";
      readonly httpMethod: string;
      /** Below the stage, as received. */
      readonly path: string;
      readonly resourcePath: string;
      /** The method's own verb: `ANY`, or that of the request. */
      readonly methodVerb: string;
      readonly pathParameters: Pairs;
      readonly queryString: Pairs;
      readonly headers: Pairs;
      /** The kinds of the method's steps. */
      readonly steps: readonly string[];
    }
  | { readonly kind: "request-body"; readonly body: TracedBody }
  | { readonly kind: "authorizer-start"; readonly authorizerId: string }
  /** Who the caller says to be, masked. */
  | { readonly kind: "authorizer-identity"; readonly identity: string }
  /** What a Lambda authorizer's function answered. */
  | { readonly kind: "authorizer-result"; readonly body: TracedBody }
  /** It is a policy, for someone whose name is masked. */
  | { readonly kind: "authorizer-policy"; readonly principal: string }
  /** The authorizer knows the caller. */
  | { readonly kind: "authorizer-end" }
  /** No method serves it, or the stage or the method is closed: why. */
  | { readonly kind: "refused"; readonly reason: string }
  | {
      readonly kind: "validation";
      readonly of: "parameters" | "body";
      /** Of the body. */
      readonly mediaType?: string;
      /** What is wrong; absent: nothing is. */
      readonly problem?: string;
    }
  /** What the request's content type chose for the body: a template, a literal one, the body itself, nothing (415). */
  | {
      readonly kind: "request-template";
      readonly mediaType: string;
      readonly choice: "template" | "text" | "pass" | "refuse";
    }
  /** What a template made. */
  | {
      readonly kind: "template";
      readonly side: "request" | "response";
      readonly mediaType: string;
      readonly output: TracedBody;
    }
  /** What a parameter mapping found: `integration.request.header.X` of `method.request.header.X`. */
  | { readonly kind: "mapping"; readonly to: string; readonly from: string; readonly value: string | null }
  /** What is sent to the integration, as it goes out. */
  | {
      readonly kind: "endpoint-request";
      readonly httpMethod: string;
      readonly uri: string;
      readonly headers: Pairs;
      readonly body: TracedBody;
    }
  | {
      readonly kind: "endpoint-response";
      readonly status: number;
      readonly latencyMs: number;
      readonly headers: Pairs;
      /** The id that AWS's service gave the call. */
      readonly requestId?: string | undefined;
    }
  | { readonly kind: "endpoint-response-body"; readonly body: TracedBody }
  | {
      readonly kind: "integration-response";
      /** What patterns are held against: a status, or a function's error message. */
      readonly matched: string | undefined;
      /** Absent: the default one. */
      readonly pattern?: string;
      readonly statusCode: number;
    }
  | { readonly kind: "method-response"; readonly status: number; readonly headers: Pairs; readonly body: TracedBody }
  /** A line of the execution log about what went wrong. */
  | { readonly kind: "failure"; readonly message: string }
  | {
      readonly kind: "gateway-response";
      readonly type: string;
      readonly status: number;
      readonly headers: Pairs;
      readonly body: TracedBody;
      readonly hint?: string | undefined;
    }
  /** The exchange is over; 499: the client had gone. */
  | { readonly kind: "completed"; readonly status: number }
  /** What the caller got, where the trace ends with it. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: Pairs;
      readonly body: TracedBody;
      /** It broke off, was longer than was asked for, or did not come in time. */
      readonly isCut: boolean;
    };

export type TraceEvent = TraceFact & {
  /** Milliseconds since 1970. */
  readonly atMs: number;
};

export interface TraceOptions {
  /** How much is recorded: only failures; what happens, too; or all with headers, parameters and bodies. */
  readonly detail: "failures" | "events" | "data";
  /** Kept of each body. */
  readonly bodyCharsMax: number;
  readonly now: () => number;
}

/**
 * Records what happens to one request. An exchange without one pays for a look at a property. Secrets don't get in: what
 * headers and parameters with secret names bring is masked, there and wherever else it turns up.
 */
export class Trace {
  readonly events: TraceEvent[] = [];
  readonly hasData: boolean;
  readonly #options: TraceOptions;
  readonly #secrets = new Secrets();
  #response: { readonly status: number; readonly headers: Pairs } | undefined = undefined;
  #hasFailed = false;

  constructor(options: TraceOptions) {
    this.hasData = options.detail === "data";
    this.#options = options;
  }

  /** What headers or parameters bring that is secret, where they are not recorded themselves. */
  learnSecrets(pairs: Pairs): void {
    this.#secrets.learn(pairs);
  }

  add(fact: TraceFact): void {
    if (fact.kind === "failure" || fact.kind === "refused") this.#hasFailed = true;
    if (this.#options.detail === "failures" && !kindsOfFailures.has(fact.kind)) return;
    // The types of all kinds together can't be followed through their members.
    const recorded = this.#masked(this.hasData || !("headers" in fact) ? fact : { ...fact, headers: [] });
    this.events.push({ ...(recorded as TraceFact), atMs: this.#options.now() });
  }

  /** What a parameter mapping found. */
  addMapping(to: string, from: string, found: string | readonly string[] | undefined): void {
    if (!this.hasData) return;
    const value = found === undefined ? null : typeof found === "string" ? found : found.join(", ");
    const isSecret = [to, from].some((name) => isSecretName(name.slice(name.lastIndexOf(".") + 1)));
    const [, masked] = isSecret && value !== null ? this.#secrets.maskPairs(["secret", value]) : [];
    const source = isSecret && from.startsWith("'") ? "'…'" : from;
    this.add({ kind: "mapping", to, from: source, value: masked ?? value });
  }

  /** Why there is no answer of the integration's, in lines of the execution log, and what is answered in its place. */
  addFailure(
    lines: readonly string[],
    answer?: {
      readonly type: string;
      readonly status: number;
      readonly headers: Pairs;
      readonly body: string;
      readonly hint: string | undefined;
    },
  ): void {
    for (const message of lines) this.add({ kind: "failure", message });
    if (answer === undefined) return;
    this.add({ kind: "gateway-response", ...answer, headers: [...answer.headers], body: this.body(answer.body) });
  }

  /** A body as it is recorded; `bytes` is more than it has where only its beginning was kept. */
  body(content: Buffer | string | undefined, bytes = content?.length ?? 0): TracedBody {
    if (!this.hasData || content === undefined || content.length === 0) return noBody;
    // So much more that a secret which the cut would halve is still known.
    const max = this.#options.bodyCharsMax + this.#secrets.charsMax;
    if (typeof content === "string") {
      return { text: content.slice(0, max), bytes: Buffer.byteLength(content), isCut: false, isBinary: false };
    }
    const beginning = content.subarray(0, max);
    const text = textOf(beginning, beginning.length < bytes);
    return { text: text ?? "", bytes, isCut: false, isBinary: text === undefined };
  }

  /** Gathers a body that is passed on piece by piece. */
  collectBody(): BodyCollector | undefined {
    return this.hasData ? new BodyCollector(this, this.#options.bodyCharsMax + this.#secrets.charsMax) : undefined;
  }

  /** The answer begins; its body is what the integration says. */
  beginResponse(status: number, headers: Pairs): void {
    this.#response = { status, headers: [...headers] };
  }

  /** The answer in whole; that of a failure is recorded as what it is. */
  respond(status: number, headers: Pairs, body: Buffer | string | undefined): void {
    if (!this.#hasFailed) this.add({ kind: "method-response", status, headers: [...headers], body: this.body(body) });
  }

  complete(status: number): void {
    const response = this.#response;
    if (response !== undefined && !this.#hasFailed) {
      const last = this.events.at(-1);
      const body = last?.kind === "endpoint-response-body" ? last.body : noBody;
      this.add({ kind: "method-response", ...response, body });
    }
    this.add({ kind: "completed", status });
  }

  #masked(value: unknown, name = ""): unknown {
    if (typeof value === "string")
      return name === "uri" || name === "path" ? this.#secrets.maskUri(value) : this.#secrets.mask(value);
    if (Array.isArray(value)) {
      return (name === "steps" ? value : this.#secrets.maskPairs(value as string[])).map((each) => this.#masked(each));
    }
    if (typeof value !== "object" || value === null) return value;
    const masked = Object.entries(value).map(([key, each]) => [key, this.#masked(each, key)]);
    const copy = Object.fromEntries(masked) as object;
    return "isBinary" in copy ? this.#cut(copy as TracedBody) : copy;
  }

  #cut(body: TracedBody): TracedBody {
    const text = body.text.slice(0, this.#options.bodyCharsMax);
    return {
      ...body,
      text,
      isCut: !body.isBinary && (text.length < body.text.length || Buffer.byteLength(text) < body.bytes),
    };
  }
}

/** What tells of a failure and what it befell. */
const kindsOfFailures: ReadonlySet<TraceFact["kind"]> = new Set([
  "stage",
  "endpoint-response",
  "refused",
  "failure",
  "completed",
]);

const noBody: TracedBody = { text: "", bytes: 0, isCut: false, isBinary: false };

/** Keeps the beginning of a body and counts the rest. */
export class BodyCollector {
  readonly #trace: Trace;
  readonly #bytesMax: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #bytes = 0;

  constructor(trace: Trace, bytesMax: number) {
    this.#trace = trace;
    this.#bytesMax = bytesMax;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#kept >= this.#bytesMax) return;
    // A copy: the chunk's memory may be a connection's, and is that of far more bytes.
    const kept = Buffer.from(chunk.subarray(0, this.#bytesMax - this.#kept));
    this.#chunks.push(kept);
    this.#kept += kept.length;
  }

  get body(): TracedBody {
    return this.#trace.body(Buffer.concat(this.#chunks), this.#bytes);
  }
}

/** UTF-8, cut within a character perhaps; undefined: it is no text. */
function textOf(bytes: Buffer, isCut: boolean): string | undefined {
  for (let end = bytes.length; end >= bytes.length - (isCut ? 3 : 0); end--) {
    const whole = bytes.subarray(0, end);
    if (isUtf8(whole)) return whole.toString("utf8");
  }
  return undefined;
}
