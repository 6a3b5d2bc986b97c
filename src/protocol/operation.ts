import type { Clock } from "../base/clock.ts";
import type { IdSource } from "../base/ids.ts";

/** What a handler knows of its call besides its input. */
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
  /** The role's session whose credentials the call has; undefined: it has an account's own. */
  readonly caller?: SessionCaller;
}

export interface SessionCaller {
  readonly arn: string;
  readonly userId: string;
  readonly roleArn: string;
}

/** Whose a session's token is. */
export type CallerDecision =
  /** None of ours: the access key alone says whose call it is. */
  | { readonly kind: "unknown" }
  | { readonly kind: "session"; readonly account: string; readonly caller: SessionCaller }
  | { readonly kind: "expired" }
  | { readonly kind: "invalid" };

/**
 * One operation: typed input (validated against the model: required, types, enums, ranges, patterns) → output members,
 * by the model's member names, both ways. Blobs are Buffers, timestamps are seconds since 1970 as numbers, event streams
 * are iterables of `{ EventName: members }`. A mistake of the caller is thrown as an `ApiError`. The status, headers and the wire form come from the model.
 */
export type Handler<Input = Record<string, unknown>, Output = unknown> = (
  input: Input,
  call: CallContext,
) => Promise<Output>;

/** Operation name → handler. Operations of the model that are not in it answer 501. */
// biome-ignore lint/suspicious/noExplicitAny: a table of handlers with different inputs; each is typed where it is made.
export type Operations = Readonly<Record<string, Handler<any, any>>>;

/** A service as the protocol layer serves it. */
export interface Service {
  /** The model's file name without `.json`: `apigateway`, `lambda`… */
  readonly model: string;
  /** Or what loads them with the first call: their code is memory that many a server never needs. */
  readonly operations: Operations | (() => Promise<Operations>);
  /** Shapes of the model whose enum the service's handlers check, since AWS answers otherwise (Lambda's `Runtime`). */
  readonly ownEnums?: readonly string[];
  /** Its own bound for request bodies, in place of the management API's. */
  readonly bodyBytesMax?: number;
}

/** A management request, whole, as the front door hands it over. */
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
  /** In place of a body: what comes as it comes. It is broken off, by `return`, when the caller goes. */
  readonly stream?: AsyncIterable<Buffer>;
}

/** What the management API is made with. */
export interface ManagementOptions {
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Larger request bodies answer 413, unless their service has a bound of its own. */
  readonly bodyBytesMax: number;
  readonly logger: ProtocolLog;
  /** Tells sessions by their tokens (`X-Amz-Security-Token`). */
  readonly identify?: (accessKeyId: string, token: string, nowMs: number) => CallerDecision;
  /** Told of an error that the operation does not declare in its model: tests fail on it. */
  readonly onUndeclaredError?: (operation: string, code: string) => void;
}

/** Where the protocol layer tells of what went wrong on our side; a `telemetry/` Logger is one. */
export interface ProtocolLog {
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}
