import { connect, type Socket } from "node:net";
import { bounds } from "../base/bounds.ts";
import { readCopies } from "../base/lent-memory.ts";
import { exited, type Failure, functionError, timedOut, timedOutText, tooLarge } from "./failure.ts";
import { type Frame, FrameReader, frameKinds, writeFrame } from "./frames.ts";
import type { InvokeOutcome, InvokeRequest } from "./function-client.ts";
import { type Ending, type LogLines, LogTail, reportLines, startLine } from "./invocation-log.ts";
import type { ClientFacts, ToClient } from "./messages.ts";
import { StreamedAnswer } from "./streamed-answer.ts";

const payloadBytesMax = bounds.lambdaPayloadBytesMax.value;
const streamBytesMax = bounds.lambdaStreamBytesMax.value;
const frameBytesMax = payloadBytesMax + 65_536;
/**
 * How long a process that has closed its connection may take to end by itself, so that its exit status becomes known.
 */
const exitMsMax = bounds.functionExitMsMax.value;
/** How old a measurement of memory in a report may be. */
const memoryMs = 1_000;

const noPayload = Buffer.alloc(0);
const doNothing = (): void => {};

/** An invocation that has not been answered. */
export interface PendingInvocation {
  readonly request: InvokeRequest;
  readonly requestId: string;
  readonly since: number;
  readonly resolve: (outcome: InvokeOutcome) => void;
}

/** Returns null for a malformed head: a process runs user code and may write anything. */
function parseHead(text: string): AnswerHead | undefined | null {
  if (text === "") return undefined;
  try {
    const head: unknown = JSON.parse(text);
    if (typeof head !== "object" || head === null) return null;
    const { message, memory, isLast } = head as Record<string, unknown>;
    return {
      ...(typeof message === "string" ? { message } : {}),
      ...(typeof memory === "number" ? { memory } : {}),
      isLast: isLast === true,
    };
  } catch {
    return null;
  }
}

/** The head of a result or error frame. */
interface AnswerHead {
  readonly message?: string;
  /** Resident memory in MB. */
  readonly memory?: number;
  /** The environment ends after this answer. */
  readonly isLast?: boolean;
}

/** The client that holds a lease, as the lease calls it. */
interface LeaseOwner {
  readonly isInvocationLogged: boolean;
  /** The environment's log in CloudWatch Logs. */
  readonly lines: LogLines | undefined;
  facts(): ClientFacts;
  onOutcome(lease: Lease, pending: PendingInvocation, outcome: InvokeOutcome, durationMs: number): void;
  onCondemned(lease: Lease): void;
  onGone(lease: Lease): void;
  log(requestId: string, text: string, isPlatform: boolean): void;
}

/** The right to use an environment for a while, with the connection to its process. */
export class Lease {
  readonly id: number;
  readonly functionArn: string;
  readonly revisionId: string;
  idleSince = 0;
  isGone = false;
  /** It gets no further invocation, since its process is about to be ended. */
  isRetired = false;
  #initMs: number | undefined;
  #running: PendingInvocation | undefined = undefined;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #exitTimer: NodeJS.Timeout | undefined = undefined;
  #tail: LogTail | undefined = undefined;
  #streamed: StreamedAnswer | undefined = undefined;
  /** The most memory that the process has used, in MB, and when it was last asked. */
  #usedMb: number | undefined = undefined;
  #memoryAskedAt = Number.NEGATIVE_INFINITY;
  readonly #owner: LeaseOwner;
  readonly #socket: Socket;

  constructor(grant: Extract<ToClient, { kind: "grant" }>, owner: LeaseOwner) {
    this.id = grant.environment;
    this.functionArn = grant.functionArn;
    this.revisionId = grant.revisionId;
    this.#initMs = grant.initMs;
    this.#owner = owner;
    const reader = new FrameReader(frameBytesMax, (frame) => this.#onFrame(frame));
    this.#socket = connect({
      path: grant.socketPath,
      onread: readCopies((bytes) => {
        if (!reader.push(bytes)) this.#condemn("Runtime exited with error: invalid answer");
      }),
    });
    // The reason of the end is known when the process has been reaped, and comes by `ended`. If that does not come, we
    // end the lease.
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => {
      if (this.isGone) return;
      this.#exitTimer = setTimeout(() => this.#owner.onCondemned(this), exitMsMax);
    });
    this.#socket.unref();
  }

  /** False while the process is ending and has not been reaped yet. */
  get isUsable(): boolean {
    return !this.isGone && !this.isRetired && !this.#socket.destroyed;
  }

  run(pending: PendingInvocation): void {
    const { request, requestId } = pending;
    const { version, timeoutMs, platformLog } = this.#owner.facts();
    this.#running = pending;
    this.#startedAt = performance.now();
    if (request.wantsLogTail || this.#owner.isInvocationLogged) {
      this.#tail = new LogTail();
      this.#tail.add(Buffer.from(startLine(requestId, version, platformLog)));
    }
    this.#owner.lines?.addLine(startLine(requestId, version, platformLog));
    this.#socket.ref();
    this.#timer = setTimeout(() => this.#onTimeout(timeoutMs), timeoutMs);
    const head = {
      id: requestId,
      arn: request.invokedArn ?? request.functionArn,
      deadline: Date.now() + timeoutMs,
      trace: request.traceId,
      client: request.clientContext,
      memory: this.#asksMemory(),
    };
    writeFrame(this.#socket, frameKinds.invoke, JSON.stringify(head), request.payload);
  }

  /** Asking costs the process a system call, so a busy process is not asked each time. */
  #asksMemory(): boolean {
    if (this.#tail === undefined && this.#startedAt - this.#memoryAskedAt < memoryMs) return false;
    this.#memoryAskedAt = this.#startedAt;
    return true;
  }

  /** Ends the connection. The environment lives on. */
  close(): void {
    this.isGone = true;
    clearTimeout(this.#exitTimer);
    this.#socket.destroy();
  }

  /** Called when the environment's process has ended, with the reason. */
  end(reason: string): void {
    if (this.isGone) return;
    this.close();
    const pending = this.#running;
    if (pending) {
      this.#fail(exited(pending.requestId, reason), {
        logText: `RequestId: ${pending.requestId} Error: ${reason}\nRuntime.ExitError\n`,
        status: "error",
        errorType: "Runtime.ExitError",
      });
    }
    this.#owner.onGone(this);
  }

  #condemn(reason: string): void {
    this.#owner.onCondemned(this);
    this.end(reason);
  }

  #onTimeout(timeoutMs: number): void {
    const pending = this.#running;
    if (!pending) return;
    this.close();
    this.#owner.onCondemned(this);
    this.#fail(timedOut(pending.requestId, timeoutMs), {
      logText: `${new Date().toISOString()} ${pending.requestId} ${timedOutText(timeoutMs)}\n\n`,
      status: "timeout",
    });
    this.#owner.onGone(this);
  }

  #onFrame(frame: Frame): void {
    const pending = this.#running;
    if (!pending) return;
    if (frame.kind === frameKinds.log) {
      const text = frame.payload.toString();
      this.#tail?.add(frame.payload);
      this.#owner.lines?.add(text);
      this.#owner.log(pending.requestId, text, false);
      return;
    }
    if (frame.kind === frameKinds.chunk) {
      this.#onChunk(pending, frame.payload);
      return;
    }
    if (frame.kind === frameKinds.end) {
      pending.request.sink?.end();
      return;
    }
    const head = parseHead(frame.head);
    if (head === null) {
      this.#condemn("Runtime exited with error: invalid answer");
      return;
    }
    if (frame.kind === frameKinds.result) {
      // A small answer is a view of memory that was read from the socket, for this invocation alone.
      const payload = this.#wholeAnswer(pending, frame.payload);
      const logTail = this.#report(pending, { status: "success", memoryMb: head?.memory });
      const { requestId } = pending;
      this.#finish({ kind: "ok", payload, requestId, ...(logTail ? { logTail } : {}) });
      return;
    }
    // After an error that nobody caught, the process must not be used again.
    if (head?.isLast) {
      this.close();
      this.#owner.onCondemned(this);
    }
    this.#fail(
      { payload: frame.payload, errorMessage: head?.message ?? "" },
      { status: "failure", memoryMb: head?.memory },
    );
    if (head?.isLast) this.#owner.onGone(this);
  }

  #onChunk(pending: PendingInvocation, chunk: Buffer): void {
    const { sink } = pending.request;
    this.#streamed ??= new StreamedAnswer(sink, {
      bytesMax: sink === undefined ? payloadBytesMax : streamBytesMax,
      resume: () => {
        if (this.#running === pending) this.#socket.resume();
      },
    });
    const taken = this.#streamed.take(chunk);
    if (taken === "wait") this.#socket.pause();
    else if (taken === "too-large") this.#onTooLarge();
  }

  #onTooLarge(): void {
    const { bytesMax } = this.#streamed!;
    this.close();
    this.#owner.onCondemned(this);
    this.#fail(tooLarge(bytesMax), { status: "error" });
    this.#owner.onGone(this);
  }

  /** Returns the payload of the outcome: empty if a sink already has the answer. */
  #wholeAnswer({ request: { sink } }: PendingInvocation, payload: Buffer): Buffer {
    if (sink === undefined) return this.#streamed?.gathered ?? payload;
    if (payload.length > 0) sink.data(payload, doNothing);
    return noPayload;
  }

  #fail(why: Failure, ending: Ending): void {
    const pending = this.#running;
    if (!pending) return;
    const { logText } = ending;
    if (logText !== undefined) {
      this.#tail?.add(Buffer.from(logText));
      this.#owner.lines?.add(logText);
      this.#owner.log(pending.requestId, logText, false);
    }
    this.#finish(functionError(pending.requestId, why, this.#report(pending, ending)));
  }

  #finish(outcome: InvokeOutcome): void {
    const pending = this.#running!;
    this.#running = undefined;
    this.#tail = undefined;
    if (this.#streamed !== undefined) {
      this.#streamed = undefined;
      // The last frames may have come in one read, of which the sink took only a part.
      this.#socket.resume();
    }
    clearTimeout(this.#timer);
    this.#socket.unref();
    this.#owner.onOutcome(this, pending, outcome, performance.now() - this.#startedAt);
  }

  #report(pending: PendingInvocation, { memoryMb, status, errorType }: Ending): Buffer | undefined {
    const tail = this.#tail;
    const { lines: log } = this.#owner;
    if (memoryMb !== undefined) this.#usedMb = Math.max(this.#usedMb ?? 0, memoryMb);
    if (!tail && !log) return undefined;
    const { requestId } = pending;
    const { version, memoryMb: sizeMb, platformLog } = this.#owner.facts();
    const durationMs = performance.now() - this.#startedAt;
    const lines = reportLines(requestId, platformLog, {
      durationMs,
      initMs: this.#initMs,
      sizeMb,
      // The process's own measure has pages of files in it, which the limit has not.
      usedMb: Math.min(this.#usedMb ?? sizeMb, sizeMb),
      status,
      errorType,
      traceHeader: pending.request.traceId,
    });
    this.#initMs = undefined;
    log?.end();
    for (const line of lines) log?.addLine(line);
    tail?.add(Buffer.from(lines.join("")));
    if (this.#owner.isInvocationLogged) {
      this.#owner.log(requestId, startLine(requestId, version, platformLog) + lines.join(""), true);
    }
    return pending.request.wantsLogTail ? tail?.end() : undefined;
  }
}
