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

/** Says by name what an ARN names and is not there: the function, or its version or alias. */
export function describeMissing(functionArn: string, functions: Pick<FunctionClient, "describe">): string {
  const parts = functionArn.split(":");
  const [name = "", qualifier] = parts.slice(6);
  const unqualified = parts.slice(0, 7).join(":");
  if (qualifier === undefined || functions.describe(unqualified) === undefined) {
    return `there is no function ${functionArn}`;
  }
  if (/^\d+$/.test(qualifier)) return `the function ${name} has no version ${qualifier}: ${functionArn}`;
  return (
    `the function ${name} has no alias ${qualifier}: ${functionArn}. Make it with: ` +
    `aws lambda create-alias --function-name ${name} --name ${qualifier} --function-version '$LATEST'`
  );
}

/** A client that also says which version it would run. */
export interface VersionedFunctionClient extends FunctionClient {
  /**
   * Chooses the version for one invocation: of an alias, by its weights. Undefined if there is no such function, version
   * or alias.
   */
  choose(functionArn: string): ChosenVersion | undefined;
}

/** The version that one invocation runs. */
export interface ChosenVersion {
  /** What to invoke: the version's ARN; unqualified for `$LATEST`. */
  readonly functionArn: string;
  /** `$LATEST`, or a number. */
  readonly version: string;
}

/** What is known of a function, one of its versions, or an alias. */
export interface FunctionFacts {
  /** As `describe` was asked, without `$LATEST`. */
  readonly functionArn: string;
  /** The function's, version's or alias's own resource policy (AddPermission) as JSON text; undefined if there is none. It changes with `policyRevision`. */
  readonly policy: string | undefined;
  readonly policyRevision: string;
}

export interface InvokeRequest {
  /** The function, a version of it, or an alias, which chooses the version. */
  readonly functionArn: string;
  /** The ARN that the function sees in its context, where it is another than `functionArn`. */
  readonly invokedArn?: string;
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
