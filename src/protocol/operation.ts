import type { Principal } from "../access/principal.ts";
import type { CredentialScope } from "../access/sigv4-scope.ts";
import type { Clock } from "../base/clock.ts";
import type { IdSource } from "../base/ids.ts";
import type { RunJob } from "../base/job.ts";
import type { ApiError } from "./errors.ts";
import type { ModelName } from "./model.ts";

/** The facts of a call that a handler gets besides its input. */
export interface CallContext {
  readonly account: string;
  readonly region: string;
  readonly requestId: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** The caller's `Host` with its port. Returned URLs follow it: docs/internals/architecture.md, "Addresses". */
  readonly host: string;
  readonly accessKeyId: string | undefined;
  readonly userAgent: string | undefined;
  /** The client's IP address; undefined if no listener has said it. */
  readonly sourceAddress?: string | undefined;
  /** The user, root or session whose credentials the call has; undefined for a key that is an account's number. */
  readonly caller?: Principal;
  /** With `--auth enforce`: asks for more than the operation's own permission. */
  readonly authority?: CallAuthority;
}

/** Says whether a call's caller may do what only the operation knows of, such as pass a role. */
export interface CallAuthority {
  /** Throws AWS's AccessDenied unless the caller may. */
  require(demand: AccessDemand): void;
}

/** One action on one resource. */
export interface AccessDemand {
  /** `apigateway:GET`, `iam:PassRole`… */
  readonly action: string;
  readonly resource: string;
  /** Only the beginning of the resource's ARN is known, since the rest is chosen later. */
  readonly isResourcePrefix?: boolean;
  /** The values of condition keys of this action, by their names in lower case; null: the call has no such key. */
  readonly keys?: Readonly<Record<string, string | readonly string[] | null>>;
  /** A resource's own policy, as JSON, which may allow the call, too. */
  readonly policy?: () => Promise<string | undefined>;
}

/** What a call asks for, once its input is read. */
export interface AccessQuestion {
  readonly service: ModelName;
  readonly operation: string;
  readonly httpMethod: string;
  /** The operation's path with its labels in it, percent-encoded. */
  readonly path: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Whose a call is, once its signature is verified. */
export type Admission =
  | { readonly kind: "refused"; readonly error: ApiError }
  /** The call is not signed: only what needs no credentials is done. */
  | { readonly kind: "unsigned" }
  | { readonly kind: "caller"; readonly caller: Principal };

/** What `--auth enforce` puts before every operation. */
export interface Enforcement {
  /** Throws unless the operation may be called by whom the call is admitted for, at all. */
  admit(service: ModelName, operation: string, admission: Admission): void;
  /** Throws AWS's AccessDenied unless the caller may do this. Returns what decides about the rest. */
  authorize(question: AccessQuestion, admission: Admission, call: CallContext): Promise<CallAuthority | undefined>;
}

/** Whose a call is, by its access key and its session token. */
export type CallerDecision =
  /** Neither was made here, so the access key's form says which account it is. */
  | { readonly kind: "unknown" }
  | { readonly kind: "known"; readonly caller: Principal }
  | { readonly kind: "expired" }
  /** The token is forged, the key is inactive, or their owner does not exist any more. */
  | { readonly kind: "invalid" };

/**
 * Runs one operation. Its input is typed and validated against the model (required members, types, enums, ranges,
 * patterns); it returns output members. Both use the model's member names. Blobs are Buffers, timestamps are seconds
 * since 1970 as numbers, event streams are iterables of `{ EventName: members }`. It throws a caller's mistake as an
 * `ApiError`. Status, headers and wire form come from the model.
 */
export type Handler<Input = Record<string, unknown>, Output = unknown> = (
  input: Input,
  call: CallContext,
) => Promise<Output>;

/** Handlers by operation name. Operations of the model without a handler answer 501. */
// biome-ignore lint/suspicious/noExplicitAny: a table of handlers with different inputs; each is typed where it is made.
export type Operations = Readonly<Record<string, Handler<any, any>>>;

/** A service for the protocol layer. */
export interface Service {
  /** The model's file name without `.json`: `apigateway`, `lambda`… */
  readonly model: string;
  /** The handlers, or a function that loads them with the first call, since many servers never need their code. */
  readonly operations: Operations | (() => Promise<Operations>);
  /**
   * Shapes of the model whose values the service's handlers check, since AWS's answer differs (Lambda's `Runtime`) or the
   * operator may raise the limit.
   */
  readonly ownChecks?: readonly string[];
  /** The service's own bound for request bodies, in place of the management API's. */
  readonly bodyBytesMax?: number;
}

/** A whole management request, as the front door hands it over. */
export interface ManagementRequest {
  readonly method: string;
  /** Raw request target: path and query as received. */
  readonly target: string;
  /** Lower-cased names; repeated headers joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ManagementResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
  /**
   * The pieces of an answer that streams, in place of a body. It is broken off, by `return`, when the caller goes away.
   */
  readonly stream?: AsyncIterable<Buffer>;
}

/** The parts that the management API is made of. */
export interface ManagementOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Larger request bodies are answered with 413, unless their service has a bound of its own. */
  readonly bodyBytesMax: number;
  readonly logger: ProtocolLog;
  /** Parses large bodies elsewhere; absent: they are parsed here. */
  readonly runJob?: RunJob;
  /** Verified callers only; each call then comes with its `Admission`. */
  readonly enforcement?: Enforcement;
  /** Identifies callers by their access keys, and sessions by their tokens (`X-Amz-Security-Token`). */
  readonly identify?: (scope: CredentialScope, token: string | undefined, nowMs: number) => Promise<CallerDecision>;
  /** Called for an error that the operation does not declare in its model. Tests fail on it. */
  readonly onUndeclaredError?: (operation: string, code: string) => void;
}

/** Takes the protocol layer's reports of our own faults. A `telemetry/` Logger is one. */
export interface ProtocolLog {
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}
