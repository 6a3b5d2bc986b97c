/** How the rest of Portico calls functions: the gateway's threads and the Invoke operation alike. */
export interface FunctionClient {
  /** What is known of a function now, without waiting: undefined if there is none. Accepts ARNs, qualified or not. */
  describe(functionArn: string): FunctionFacts | undefined;
  /** Runs a function once. Never rejects: what went wrong is in the outcome. */
  invoke(request: InvokeRequest): Promise<InvokeOutcome>;
  close(): Promise<void>;
}

export interface FunctionFacts {
  readonly functionArn: string;
  /** The resource policy (AddPermission) as JSON text; undefined if there is none. Changes with `policyRevision`. */
  readonly policy: string | undefined;
  readonly policyRevision: string;
  readonly timeoutMs: number;
}

export interface InvokeRequest {
  readonly functionArn: string;
  readonly payload: Buffer | string;
  /** Lambda's request id; made if absent. */
  readonly requestId?: string;
  /** The value of X-Amzn-Trace-Id, handed to the function as `_X_AMZN_TRACE_ID`. */
  readonly traceId?: string;
  /** base64 JSON, as the X-Amz-Client-Context header has it. */
  readonly clientContext?: string;
  /** Ask for the last 4 KB of the invocation's log. */
  readonly wantsLogTail?: boolean;
  /** Takes the answer as it comes: the outcome's `ok` then has no payload. Absent: a streamed answer is put together. */
  readonly sink?: AnswerSink;
}

/** Who takes a function's answer in pieces (`InvokeWithResponseStream`); one that is not streamed comes as one piece. */
export interface AnswerSink {
  /** False asks the function to wait until `resume`, which is the same one each time, is called. */
  data(chunk: Buffer, resume: () => void): boolean;
  /** A streamed answer is complete. The function may go on before the outcome comes, and even fail. */
  end(): void;
}

/** Asynchronous invocations (`InvocationType: Event`): accepted ones run at least once, whatever happens to the server. */
export interface EventClient {
  /** Never rejects: what went wrong is in the outcome. */
  accept(event: InvokeRequest): Promise<EventOutcome>;
}

export type EventOutcome =
  | { readonly kind: "accepted"; readonly requestId: string }
  | Extract<InvokeOutcome, { readonly kind: "service-error" }>;

export type InvokeOutcome =
  | { readonly kind: "ok"; readonly payload: Buffer; readonly requestId: string; readonly logTail?: Buffer }
  | {
      /** The function ran and failed (thrown, timed out, crashed): `payload` is `{"errorMessage":…}`. */
      readonly kind: "function-error";
      readonly payload: Buffer;
      readonly errorMessage: string;
      readonly requestId: string;
      readonly logTail?: Buffer;
    }
  | {
      /** Lambda itself refused: not found, throttled, too large, code that can't be started. */
      readonly kind: "service-error";
      /** An error name of the lambda model, such as `TooManyRequestsException`. */
      readonly code: string;
      readonly status: number;
      readonly message: string;
      readonly requestId: string;
    };
