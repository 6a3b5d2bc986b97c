import { isUtf8 } from "node:buffer";
import { isSecretName, Secrets } from "./secrets.ts";

/** The beginning of a body, as text. */
export interface TracedBody {
  readonly text: string;
  /** The length of the whole body. */
  readonly bytes: number;
  readonly isCut: boolean;
  /** The body is not UTF-8, and `text` is empty. */
  readonly isBinary: boolean;
}

/** Names and values in turn. */
type Pairs = readonly string[];

/**
 * One thing that happened to a request, as data. Renderers turn these into AWS's execution log or the tree of `portico
 * explain`.
 */
export type TraceFact =
  /** The stage that serves the request. It comes first. */
  | {
      readonly kind: "stage";
      /** `rest`, `http`, … */
      readonly apiKind: string;
      readonly apiId: string;
      readonly apiName: string;
      readonly stageName: string;
      readonly deploymentId: string;
      readonly requestId: string;
      readonly extendedRequestId: string;
      /** `1-{8 hex digits}-{24 hex digits}`. */
      readonly traceId: string;
      /** X-Ray traces the stage. */
      readonly isTraced: boolean;
      /** The request is a TestInvokeMethod, which has no stage. */
      readonly isTest: boolean;
    }
  /** The method, and the request that it got. */
  | {
      readonly kind: "request";
      readonly httpMethod: string;
      /** The path below the stage, as received. */
      readonly path: string;
      readonly resourcePath: string;
      /** The verb that the method is defined for: `ANY`, or the request's. */
      readonly methodVerb: string;
      readonly pathParameters: Pairs;
      readonly queryString: Pairs;
      readonly headers: Pairs;
      /** The value of `X-API-Key`, masked. */
      readonly apiKey?: string | undefined;
      /** The kinds of the method's steps. */
      readonly steps: readonly string[];
    }
  | { readonly kind: "request-body"; readonly body: TracedBody }
  /** How a message of a WebSocket found its route. */
  | {
      readonly kind: "message-route";
      /** The route selection expression. */
      readonly expression: string;
      /** What it yields; undefined if it can't be evaluated. */
      readonly value: string | undefined;
      readonly isJson: boolean;
      /** Undefined if no route is for the message. */
      readonly routeKey: string | undefined;
    }
  /** A message to the client of a WebSocket. */
  | { readonly kind: "sent"; readonly body: TracedBody }
  /** The gateway closed a WebSocket. */
  | { readonly kind: "closed"; readonly code: number; readonly reason: string }
  | { readonly kind: "authorizer-start"; readonly authorizerId: string }
  /** The identity that the caller claims, masked. */
  | { readonly kind: "authorizer-identity"; readonly identity: string }
  /** The answer of a Lambda authorizer's function. */
  | { readonly kind: "authorizer-result"; readonly body: TracedBody }
  /** The answer was a policy for a principal, whose name is masked. */
  | { readonly kind: "authorizer-policy"; readonly principal: string }
  /**
   * The function was not called for this request: its answer to an earlier one is remembered, or one with the same
   * identity is under way.
   */
  | { readonly kind: "authorizer-shared"; readonly from: "memory" | "call under way" }
  /** The authorizer knows the caller. */
  | { readonly kind: "authorizer-end" }
  /** Who signed the request, and what the policies say of the call. */
  | {
      readonly kind: "iam";
      readonly arn: string;
      readonly decision: "allowed" | "implicitly-denied" | "explicitly-denied";
      /** The policy and its statement that decided, if one did. */
      readonly policy?: string | undefined;
      readonly statement?: string | undefined;
    }
  /** What the API's resource policy says of the call, before or after the caller is known, or the authorizer's policy. */
  | {
      readonly kind: "resource-policy" | "authorizer-decision";
      readonly decision: "allowed" | "not-allowed" | "denied" | "unreadable";
      /** The statement that decided, if it has a name. */
      readonly sid?: string | undefined;
    }
  /** Why no method serves the request: there is none, or the stage or method is closed. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The gateway answered a preflight by the API's `corsConfiguration`; `problem` says why a browser stops there. */
  | { readonly kind: "preflight"; readonly problem: string | undefined }
  /** What the stage's web ACL says of the request, and by which rule. */
  | {
      readonly kind: "web-acl";
      readonly action: "ALLOW" | "BLOCK";
      readonly rule: string;
      readonly labels: readonly string[];
    }
  /** A throttle had no token for the request. */
  | { readonly kind: "throttled"; readonly level: "client" | "method" | "account" }
  /** What the check of the caller's API key found; its value is masked. */
  | {
      readonly kind: "api-key";
      readonly finding: "absent" | "ambiguous" | "unknown" | "disabled" | "unassociated" | "found";
      readonly key: string;
      readonly planId?: string;
    }
  /** What the quota of the key's usage plan said. */
  | { readonly kind: "quota"; readonly outcome: "counted" | "exceeded" | "unsaved" | "left"; readonly planId: string }
  /** The stage's cache has the answer, does not have it, or gets a new one because the client may ask for that. */
  | { readonly kind: "response-cache"; readonly outcome: "hit" | "miss" | "renewed" }
  | {
      readonly kind: "validation";
      readonly of: "parameters" | "body";
      /** The body's media type. */
      readonly mediaType?: string;
      /** What is wrong; absent if nothing is. */
      readonly problem?: string;
    }
  /**
   * What the request's content type selected for the body: a template, a literal one, the body itself, or nothing
   * (415).
   */
  | {
      readonly kind: "request-template";
      readonly mediaType: string;
      readonly choice: "template" | "text" | "pass" | "refuse";
    }
  /** The output of a template. */
  | {
      readonly kind: "template";
      readonly side: "request" | "response";
      readonly mediaType: string;
      readonly output: TracedBody;
    }
  /** The value that a parameter mapping found for `integration.request.header.X` in `method.request.header.X`. */
  | { readonly kind: "mapping"; readonly to: string; readonly from: string; readonly value: string | null }
  /** The request to the integration, as it goes out. */
  | {
      readonly kind: "endpoint-request";
      /** A function is invoked, which is no request here: its headers are those that have a meaning. */
      readonly isInvocation?: true;
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
      /** The text that patterns are matched with: a status, or a function's error message. */
      readonly matched: string | undefined;
      /** Absent for the default response. */
      readonly pattern?: string;
      readonly statusCode: number;
    }
  | { readonly kind: "method-response"; readonly status: number; readonly headers: Pairs; readonly body: TracedBody }
  /** A line of the execution log about a failure. */
  | { readonly kind: "failure"; readonly message: string }
  | {
      readonly kind: "gateway-response";
      readonly type: string;
      readonly status: number;
      readonly headers: Pairs;
      readonly body: TracedBody;
      readonly hint?: string | undefined;
    }
  /** The exchange is complete. The status is 499 if the client had gone. */
  | { readonly kind: "completed"; readonly status: number }
  /** The answer that the caller got, if the trace ends with it. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: Pairs;
      readonly body: TracedBody;
      /** The answer broke off, was longer than requested, or did not come in time. */
      readonly isCut: boolean;
    };

export type TraceEvent = TraceFact & {
  /** Milliseconds since 1970. */
  readonly atMs: number;
};

/** What happened, and for each fact when, in milliseconds since 1970. */
export interface TraceRecord {
  readonly facts: readonly TraceFact[];
  readonly times: readonly number[];
}

export interface TraceOptions {
  /** How much is recorded: failures only, all events, or all events with headers, parameters and bodies. */
  readonly detail: "failures" | "events" | "data";
  /** How many characters are kept of each body. */
  readonly bodyCharsMax: number;
  readonly now: () => number;
}

/**
 * Records what happens to one request. An exchange without a trace pays for one look at a property. Values of headers
 * and parameters with secret names are masked, there and wherever else they turn up.
 */
export class Trace {
  readonly hasData: boolean;
  readonly #facts: TraceFact[] = [];
  readonly #times: number[] = [];
  readonly #options: TraceOptions;
  readonly #secrets: Secrets;
  #next: Trace | undefined = undefined;
  #response: { readonly status: number; readonly headers: Pairs } | undefined = undefined;
  #hasFailed = false;

  constructor(options: TraceOptions, secrets = new Secrets()) {
    this.hasData = options.detail === "data";
    this.#options = options;
    this.#secrets = secrets;
  }

  /** Makes the trace of what comes next on the same connection. It masks what this one has learnt. */
  next(): Trace {
    this.last.#next = new Trace(this.#options, this.#secrets);
    return this.last;
  }

  /** The trace that nothing comes after. */
  get last(): Trace {
    return this.#next?.last ?? this;
  }

  /** The events of this trace and of all that come after it. */
  get allEvents(): readonly TraceEvent[] {
    return this.#next === undefined ? this.events : [...this.events, ...this.#next.allEvents];
  }

  /** Learns the secrets in headers or parameters that are not recorded themselves. */
  learnSecrets(pairs: Pairs): void {
    this.#secrets.learn(pairs);
  }

  /** Learns names of headers and parameters whose values are secrets in this request. */
  learnSecretNames(names: readonly string[]): void {
    for (const name of names) this.#secrets.learnName(name);
  }

  add(fact: TraceFact): void {
    if (fact.kind === "failure" || fact.kind === "refused") this.#hasFailed = true;
    if (this.#options.detail === "failures" && !kindsOfFailures.has(fact.kind)) return;
    // TypeScript can't follow the union of all kinds through their members.
    this.#facts.push(this.hasData ? (this.#masked(fact) as TraceFact) : fact);
    this.#times.push(this.#options.now());
  }

  /** What happened, with secrets masked, and without headers unless data are recorded. */
  get events(): readonly TraceEvent[] {
    return this.#facts.map((fact, index) => {
      const shown = this.hasData ? fact : this.#masked("headers" in fact ? { ...fact, headers: [] } : fact);
      return { ...(shown as TraceFact), atMs: this.#times[index]! };
    });
  }

  /**
   * What happened, as it was recorded. Masking every event costs more than all else that a log without data does, so whoever
   * writes a few texts of these masks them, by {@link maskText} and {@link maskUri}. With data they are masked already.
   */
  get recorded(): TraceRecord {
    return { facts: this.#facts, times: this.#times };
  }

  /** Returns a text of a recorded event without the request's secrets. */
  maskText(text: string): string {
    return this.hasData ? text : this.#secrets.mask(text);
  }

  /** Returns a URI, or a path, of a recorded event without the secrets in it. */
  maskUri(uri: string): string {
    return this.hasData ? uri : this.#secrets.maskUri(uri);
  }

  /** Records what a parameter mapping found. */
  addMapping(to: string, from: string, found: string | readonly string[] | undefined): void {
    if (!this.hasData) return;
    const value = found === undefined ? null : typeof found === "string" ? found : found.join(", ");
    const isSecret = [to, from].some((name) => isSecretName(name.slice(name.lastIndexOf(".") + 1)));
    const [, masked] = isSecret && value !== null ? this.#secrets.maskPairs(["secret", value]) : [];
    const source = isSecret && from.startsWith("'") ? "'…'" : from;
    this.add({ kind: "mapping", to, from: source, value: masked ?? value });
  }

  /** Records why the integration gave no answer, in lines of the execution log, and what is answered in its place. */
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

  /** Returns a body as it is recorded. `bytes` is its full length, if only its beginning was kept. */
  body(content: Buffer | string | undefined, bytes = content?.length ?? 0): TracedBody {
    if (!this.hasData || content === undefined || content.length === 0) return noBody;
    // So much more is read that a secret which the cut would halve is still recognised.
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

  /** Records the head of an answer whose body streams. */
  beginResponse(status: number, headers: Pairs): void {
    this.#response = { status, headers: [...headers] };
  }

  /** Records a whole answer. */
  respond(status: number, headers: Pairs, body: Buffer | string | undefined): void {
    if (!this.#hasFailed) this.add({ kind: "method-response", status, headers: [...headers], body: this.body(body) });
  }

  complete(status: number): void {
    const response = this.#response;
    if (response !== undefined && !this.#hasFailed) {
      const last = this.#facts.at(-1);
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

/** The kinds that describe a failure and the request that failed. */
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
    // It is a copy, because the chunk may be a view of a connection's far larger memory.
    const kept = Buffer.from(chunk.subarray(0, this.#bytesMax - this.#kept));
    this.#chunks.push(kept);
    this.#kept += kept.length;
  }

  get body(): TracedBody {
    return this.#trace.body(Buffer.concat(this.#chunks), this.#bytes);
  }
}

/** Decodes UTF-8 that may be cut within a character; returns undefined for bytes that are not text. */
function textOf(bytes: Buffer, isCut: boolean): string | undefined {
  for (let end = bytes.length; end >= bytes.length - (isCut ? 3 : 0); end--) {
    const whole = bytes.subarray(0, end);
    if (isUtf8(whole)) return whole.toString("utf8");
  }
  return undefined;
}
