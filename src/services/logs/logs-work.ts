import type { Clock } from "../../base/clock.ts";
import type { LogDelivery } from "../../telemetry/log-sink.ts";
import { OtlpExporter } from "../../telemetry/otlp-exporter.ts";
import { type ExportedLine, exportedLines, otlpLogs } from "../../telemetry/otlp-logs.ts";
import { type Collector, collectorName } from "../collector.ts";
import type { FromServiceThread, ThreadCall } from "../thread-messages.ts";
import type { ThreadWork } from "../thread-worker.ts";
import type { ExecutionLogPrinter } from "./execution-log-printer.ts";
import { LiveTails } from "./live-tails.ts";
import { sortBatch } from "./log-chunk.ts";
import type { LogsCall } from "./log-groups.ts";
import { LogQueries } from "./log-queries.ts";
import type { LogStore } from "./log-store.ts";
import { tailCalls } from "./operation-names.ts";
import { logsOperations } from "./operations.ts";

interface LogsWorkOptions {
  readonly store: LogStore;
  readonly clock: Clock;
  /** Prints the lines of execution logs. */
  readonly printer: Pick<ExecutionLogPrinter, "print" | "close">;
  readonly post: (message: FromServiceThread) => void;
  /** The OpenTelemetry collector that gets lines, too. */
  readonly collector: Collector | undefined;
}

/** The work of the logs' thread: it stores lines, and answers the operations of the `logs` service. */
export class LogsWork implements ThreadWork<LogDelivery> {
  readonly #store: LogStore;
  readonly #clock: Clock;
  readonly #tails: LiveTails;
  readonly #queries: LogQueries;
  readonly #printer: Pick<ExecutionLogPrinter, "print" | "close">;
  readonly #collector: OtlpExporter<ExportedLine> | undefined;

  constructor({ store, clock, printer, post, collector }: LogsWorkOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#printer = printer;
    this.#tails = new LiveTails(store);
    this.#queries = new LogQueries(
      store,
      () => clock.now(),
      (message) => post({ kind: "trouble", message }),
    );
    this.#collector = collector && this.#export(collector, post);
    store.onAppended = (appended) => this.#tails.offer(appended);
    if (store.damagedPath === undefined) return;
    const message = `The logs' file was damaged and is now ${store.damagedPath}; a new one is begun.`;
    post({ kind: "trouble", message });
  }

  #export({ target, version }: Collector, post: LogsWorkOptions["post"]): OtlpExporter<ExportedLine> {
    return new OtlpExporter<ExportedLine>({
      target,
      path: "/v1/logs",
      envelope: (lines) => otlpLogs(lines, { version, observedMs: this.#clock.now() }),
      charsOf: ({ message }) => message.length,
      onLoss: (count, why) => post({ kind: "dropped", count, why, notBy: collectorName }),
    });
  }

  deliver({ batches }: LogDelivery): void {
    const sorted = batches.map(sortBatch);
    for (const batch of sorted) {
      if (batch.address.isExecutionLog === true) this.#printer.print(batch);
      if (this.#collector !== undefined) for (const line of exportedLines(batch)) this.#collector.add(line);
    }
    const stored = sorted.filter(({ address }) => address.exported?.isOnlyExported !== true);
    if (stored.length > 0) this.#store.deliver(stored, this.#clock.now());
  }

  operate({ operation, input, account, region }: ThreadCall): object {
    const context = { account, region, nowMs: this.#clock.now() };
    if (Object.hasOwn(this.#sessions, operation)) return this.#sessions[operation]!(input, context);
    return logsOperations[operation as keyof typeof logsOperations](this.#store, input, context);
  }

  /** The operations that need more than the store. */
  // biome-ignore lint/suspicious/noExplicitAny: a table of operations with different inputs; each is typed where it is made.
  readonly #sessions: Readonly<Record<string, (input: any, call: LogsCall) => object>> = {
    [tailCalls.start]: (input, call) => this.#tails.start(input, call),
    [tailCalls.next]: (input, call) => this.#tails.next(input, call),
    [tailCalls.end]: (input) => this.#tails.end(input),
    StartQuery: (input, call) => this.#queries.start(input, call),
    GetQueryResults: (input, call) => this.#queries.results(input, call),
    StopQuery: (input, call) => this.#queries.stop(input, call),
    DescribeQueries: (input, call) => this.#queries.describe(input, call),
  };

  reset(): void {
    this.#tails.reset();
    this.#queries.reset();
    this.#store.reset();
  }

  sweep(): void {
    this.#store.sweep(this.#clock.now());
  }

  async close(): Promise<void> {
    await this.#collector?.close();
    this.#printer.close();
    this.#store.close();
  }
}
