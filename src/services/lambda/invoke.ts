import { bounds } from "../../base/bounds.ts";
import type { ChosenVersion, InvokeOutcome, VersionedFunctionClient } from "../../functions/function-client.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { EventQueue } from "./event-queue.ts";
import { type FunctionReference, functionNotFound } from "./function-name.ts";
import type { LambdaInput } from "./lambda-families.ts";

/** AWS: Lambda quotas, "Invocation payload (request and response)". */
const payloadBytesMax = { RequestResponse: 6_291_456, Event: bounds.lambdaEventBytesMax.value } as const;

/** Runs a function that exists. AWS: Lambda API reference, "Invoke". */
export async function invokeFunction(
  input: LambdaInput<"Invoke">,
  call: CallContext,
  to: {
    readonly reference: FunctionReference;
    readonly functions: VersionedFunctionClient;
    readonly events: EventQueue;
  },
): Promise<object> {
  const type = input.InvocationType ?? "RequestResponse";
  const { qualifiedArn } = to.reference;
  const { functionArn, version } = chooseVersion(to);
  if (type === "DryRun") return { StatusCode: 204, ExecutedVersion: version };
  const payload = checkPayload(input.Payload ?? Buffer.alloc(0), type);
  const { clientContext } = checkClientContext(input.ClientContext);
  if (type === "Event") {
    const { requestId } = call;
    // An alias chooses when the event runs, and again when it is tried again.
    await to.events.accept({ functionArn: qualifiedArn, payload, requestId, traceId: undefined, clientContext });
    return { StatusCode: 202, Payload: Buffer.alloc(0) };
  }
  const wantsLogTail = input.LogType === "Tail";
  const outcome = await to.functions.invoke({
    functionArn,
    invokedArn: qualifiedArn,
    payload,
    requestId: call.requestId,
    wantsLogTail,
    ...(clientContext === undefined ? {} : { clientContext }),
  });
  return toAnswer(outcome, version);
}

/** Chooses the version that an invocation runs: of an alias, by its weights. */
export function chooseVersion(of: {
  readonly reference: FunctionReference;
  readonly functions: VersionedFunctionClient;
}): ChosenVersion {
  const { qualifiedArn } = of.reference;
  const chosen = of.functions.choose(qualifiedArn);
  // It was there a moment ago.
  if (chosen === undefined) throw functionNotFound(qualifiedArn);
  return chosen;
}

function toAnswer(outcome: InvokeOutcome, version: string): object {
  if (outcome.kind === "service-error") throw serviceError(outcome);
  return {
    StatusCode: 200,
    ...(outcome.kind === "function-error" ? { FunctionError: "Unhandled" } : {}),
    ...(outcome.logTail ? { LogResult: outcome.logTail.toString("base64") } : {}),
    Payload: outcome.payload,
    ExecutedVersion: version,
  };
}

/** Returns the error for a refusal by Lambda itself. */
export function serviceError(outcome: Extract<InvokeOutcome, { readonly kind: "service-error" }>): ApiError {
  const isThrottled = outcome.code === "TooManyRequestsException";
  return new ApiError(outcome.code, outcome.message, {
    status: outcome.status,
    ...(isThrottled ? { members: { Reason: "ConcurrentInvocationLimitExceeded" } } : {}),
  });
}

/** Throws unless the payload is JSON and short enough. */
export function checkPayload(payload: Buffer, type: "Event" | "RequestResponse"): Buffer {
  const max = payloadBytesMax[type];
  if (payload.length > max) {
    throw new ApiError(
      "RequestTooLargeException",
      `${payload.length} byte payload is too large for the ${type} invocation type (limit ${max} bytes)`,
    );
  }
  if (payload.length === 0) return payload;
  try {
    JSON.parse(payload.toString("utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ApiError(
      "InvalidRequestContentException",
      `Could not parse request body into json: Could not parse payload into json: ${reason}`,
    );
  }
  return payload;
}

/** AWS: up to 3,583 bytes of base64-encoded JSON. */
export function checkClientContext(text: string | undefined): { readonly clientContext: string | undefined } {
  if (text === undefined || text === "") return { clientContext: undefined };
  if (text.length > 3_583) {
    throw new ApiError("InvalidRequestContentException", "Client context must be no longer than 3583 bytes");
  }
  try {
    JSON.parse(Buffer.from(text, "base64").toString("utf8"));
  } catch {
    throw new ApiError("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.");
  }
  return { clientContext: text };
}
