import { MessageChannel } from "node:worker_threads";
import type { Clock } from "../../base/clock.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import { LogSender } from "../../telemetry/log-sender.ts";
import type { LogDelivery, LogSink } from "../../telemetry/log-sink.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Collector } from "../collector.ts";
import type { ThreadCall } from "../thread-messages.ts";
import { ThreadService } from "../thread-service.ts";
import type { LiveTailInput, TailUpdate } from "./live-tails.ts";
import { logsOperationNames, tailCalls } from "./operation-names.ts";

export interface LogsServiceOptions {
  /** The thread's program. */
  readonly entry: URL;
  readonly start: LogsStart;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** What the logs' thread is started with (`workerData`). */
export interface LogsStart {
  /** The file of the logs; undefined keeps them in memory. */
  readonly path: string | undefined;
  readonly bytesMax: number;
  /** The time by which tests have moved the clock, in shared memory. */
  readonly clock: SharedArrayBuffer;
  /** Who gets the lines of logs that are exported. */
  readonly collector: Collector | undefined;
}

/** AWS: StartLiveTail: "Every second, a LiveTailSessionUpdate object is sent." */
const tailMs = 1_000;

/** The `logs` service as control sees it. */
export class LogsService extends ThreadService<LogDelivery> {
  /** Takes control's own lines. */
  readonly sink: LogSink;
  readonly #sender: LogSender;
  readonly #wait: LogsServiceOptions["wait"];

  constructor({ entry, start, clock, metrics, logger, wait }: LogsServiceOptions) {
    super({ name: "logs", what: "log lines", entry, start, operationNames: logsOperationNames, clock, logger });
    const { port1, port2 } = new MessageChannel();
    this.connect(port1);
    this.#sender = new LogSender(port2, clock, metrics);
    this.sink = this.#sender;
    this.#wait = wait;
  }

  /** All operations of the service: those of its thread, and the stream of a live tail. */
  get allOperations(): Operations {
    return {
      ...this.operations,
      StartLiveTail: (input: LiveTailInput, call: CallContext) => this.#startLiveTail(input, call),
    };
  }

  /**
   * AWS: CloudWatch Logs API reference, "StartLiveTail". The thread gathers lines for the session, and each second control fetches
   * what there is; while the client does not read, nobody fetches.
   */
  async #startLiveTail(input: LiveTailInput, { account, region, requestId }: CallContext): Promise<object> {
    const scope = { account, region };
    const started = await this.call({ operation: tailCalls.start, input, ...scope });
    const session = { input: { sessionId: (started as { readonly sessionId: string }).sessionId }, ...scope };
    const sessionStart = {
      requestId,
      sessionId: session.input.sessionId,
      logGroupIdentifiers: input.logGroupIdentifiers,
      logStreamNames: input.logStreamNames ?? [],
      logStreamNamePrefixes: input.logStreamNamePrefixes ?? [],
      logEventFilterPattern: input.logEventFilterPattern ?? "",
    };
    return { responseStream: this.#tail(sessionStart, session) };
  }

  async *#tail(sessionStart: object, session: Omit<ThreadCall, "operation">): AsyncGenerator<object> {
    try {
      yield { sessionStart };
      for (;;) {
        await this.#wait(tailMs);
        const update = (await this.call({ operation: tailCalls.next, ...session })) as TailUpdate;
        if (update.kind === "gone") return;
        if (update.kind === "timeout") {
          yield { SessionTimeoutException: { message: "The session has timed out." } };
          return;
        }
        yield {
          sessionUpdate: { sessionMetadata: { sampled: update.isSampled }, sessionResults: update.events },
        };
      }
    } finally {
      // The thread forgets a session that it does not hear of any more.
      await this.call({ operation: tailCalls.end, ...session }).catch(() => undefined);
    }
  }

  /** Stores the lines that were sent, and ends the thread. Senders of other threads have to be closed before. */
  override close(): Promise<void> {
    this.#sender.close();
    return super.close();
  }
}
