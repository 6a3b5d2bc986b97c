import type { InvokeOutcome } from "./function-client.ts";

/**
 * The answer for a function that could not give one itself, in AWS's words.
 * AWS: Lambda Developer Guide, "Troubleshoot execution issues in Lambda".
 */
export interface Failure {
  readonly payload: Buffer;
  readonly errorMessage: string;
}

export function failure(errorType: string, errorMessage: string): Failure {
  return { payload: Buffer.from(JSON.stringify({ errorType, errorMessage })), errorMessage };
}

export const timedOut = (requestId: string, timeoutMs: number): Failure =>
  failure("Sandbox.Timedout", `RequestId: ${requestId} Error: ${timedOutText(timeoutMs)}`);

export const timedOutText = (timeoutMs: number): string =>
  `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;

export const exited = (requestId: string, reason: string): Failure =>
  failure("Runtime.ExitError", `RequestId: ${requestId} Error: ${reason}`);

export const tooLarge = (bytesMax: number): Failure =>
  failure(
    "Function.ResponseSizeTooLarge",
    `Response payload size exceeded maximum allowed payload size (${bytesMax} bytes).`,
  );

/** The names of signals in Go's os/exec, which Lambda's messages have. */
const signalNames: Readonly<Record<string, string>> = {
  SIGABRT: "aborted",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGHUP: "hangup",
  SIGILL: "illegal instruction",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
  SIGTRAP: "trace/breakpoint trap",
};

export function exitReason(code: number | null, signal: string | null): string {
  if (signal) return `Runtime exited with error: signal: ${signalNames[signal] ?? signal}`;
  return code ? `Runtime exited with error: exit status ${code}` : "Runtime exited without providing a reason";
}

export function functionError(requestId: string, why: Failure, logTail: Buffer | undefined): InvokeOutcome {
  return {
    kind: "function-error",
    payload: why.payload,
    errorMessage: why.errorMessage,
    requestId,
    ...(logTail ? { logTail } : {}),
  };
}
