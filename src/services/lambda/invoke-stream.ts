import { bounds } from "../../base/bounds.ts";
import type { AnswerSink, InvokeOutcome, VersionedFunctionClient } from "../../functions/function-client.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { FunctionReference } from "./function-name.ts";
import { checkClientContext, checkPayload, chooseVersion, serviceError } from "./invoke.ts";
import type { LambdaInput } from "./lambda-families.ts";

/** How much may wait for a caller that reads slowly. Beyond it the function waits as well. */
const queuedBytesMax = bounds.functionStreamQueuedBytesMax.value;

/** Runs a function that exists. AWS: Lambda API reference, "InvokeWithResponseStream". */
export async function invokeFunctionStreaming(
  input: LambdaInput<"InvokeWithResponseStream">,
  call: CallContext,
  { reference, functions }: { readonly reference: FunctionReference; readonly functions: VersionedFunctionClient },
): Promise<object> {
  const { functionArn, version: ExecutedVersion } = chooseVersion({ reference, functions });
  if (input.InvocationType === "DryRun") return { StatusCode: 204, ExecutedVersion };
  const payload = checkPayload(input.Payload ?? Buffer.alloc(0), "RequestResponse");
  const { clientContext } = checkClientContext(input.ClientContext);
  const chunks = new ChunkQueue();
  const outcome = functions.invoke({
    functionArn,
    invokedArn: reference.qualifiedArn,
    payload,
    requestId: call.requestId,
    wantsLogTail: input.LogType === "Tail",
    sink: chunks,
    ...(clientContext === undefined ? {} : { clientContext }),
  });
  outcome.finally(() => chunks.close());
  // A refusal has a status of its own only until the function has answered something.
  await chunks.hasMore();
  if (chunks.isEmpty) {
    const first = await outcome;
    if (first.kind === "service-error") throw serviceError(first);
  }
  return { StatusCode: 200, ExecutedVersion, EventStream: eventsOf(chunks, outcome) };
}

async function* eventsOf(chunks: ChunkQueue, outcome: Promise<InvokeOutcome>): AsyncGenerator<object> {
  try {
    while (await chunks.hasMore()) yield { PayloadChunk: { Payload: chunks.take() } };
    yield { InvokeComplete: completionOf(await outcome) };
  } finally {
    chunks.abandon();
  }
}

function completionOf(outcome: InvokeOutcome): object {
  const LogResult = outcome.kind === "service-error" ? undefined : outcome.logTail?.toString("base64");
  if (outcome.kind === "ok") return { LogResult };
  if (outcome.kind === "service-error") return { ErrorCode: outcome.code, ErrorDetails: outcome.message };
  // Unconfirmed: what the two hold on AWS; see docs/compatibility.md, "InvokeWithResponseStream".
  return { ErrorCode: "Unhandled", ErrorDetails: outcome.payload.toString(), LogResult };
}

/** The bytes that a function has written and its caller has not taken yet. */
class ChunkQueue implements AnswerSink {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;
  #isAbandoned = false;
  #wake: (() => void) | undefined = undefined;
  #resume: (() => void) | undefined = undefined;

  data(chunk: Buffer, resume: () => void): boolean {
    if (this.#isAbandoned) return true;
    this.#resume = resume;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake?.();
    return this.#bytes < queuedBytesMax;
  }

  /** Nothing to do: the invocation's log comes after the function is done. */
  end(): void {}

  /** Ends the queue after the invocation. */
  close(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Waits for the next piece. Returns false if there is none. */
  async hasMore(): Promise<boolean> {
    while (this.isEmpty && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return !this.isEmpty;
  }

  /** Returns all waiting bytes as one piece. */
  take(): Buffer {
    const taken = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#bytes = 0;
    this.#resume?.();
    return taken;
  }

  /** Throws the rest away when nobody reads any more. The function goes on. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#chunks = [];
    this.#resume?.();
  }
}
