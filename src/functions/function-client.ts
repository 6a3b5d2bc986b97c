/** How the rest of Portico calls functions: the gateway's threads and the Invoke operation. */
export interface FunctionClient {
  /**
   * Returns a function's facts without waiting; undefined if there is no such function. It accepts ARNs, qualified or
   * not.
   */
  describe(functionArn: string): FunctionFacts | undefined;
  /** Runs a function once. It never rejects: failures are in the outcome. */
  invoke(request: InvokeRequest): Promise<InvokeOutcome>;
  close(): Promise<void>;
}

export interface FunctionFacts {
  readonly functionArn: string;
  /** The resource policy (AddPermission) as JSON text; undefined if there is none. It changes with `policyRevision`. */
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
  /** The caller wants the last 4 KB of the invocation's log. */
  readonly wantsLogTail?: boolean;
  /** Takes the answer as it comes; the outcome's `ok` then has no payload. Without it a streamed answer is gathered. */
  readonly sink?: AnswerSink;
}

/**
 * Takes a function's answer in pieces (`InvokeWithResponseStream`). An answer that is not streamed comes as one piece.
 */
export interface AnswerSink {
  /**
   * Takes a piece. Returning false makes the function wait until `resume` is called; `resume` is the same function each
   * time.
   */
  data(chunk: Buffer, resume: () => void): boolean;
  /** Called when a streamed answer is complete. The function may still run before the outcome comes, and even fail. */
  end(): void;
}

/**
 * Accepts asynchronous invocations (`InvocationType: Event`), which then run at least once, whatever happens to the
 * server.
 */
export interface EventClient {
  /** Accepts an event. It never rejects: failures are in the outcome. */
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
      /** Lambda itself refused: the function was not found, throttled, too large, or its code can't be started. */
      readonly kind: "service-error";
      /** An error name of the lambda model, such as `TooManyRequestsException`. */
      readonly code: string;
      readonly status: number;
      readonly message: string;
      readonly requestId: string;
    };
