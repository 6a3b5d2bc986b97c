import { bounds } from "../base/bounds.ts";
import { isObject } from "../base/json-object.ts";
import { readText } from "../base/read-bytes.ts";

/** Where telemetry goes by OTLP. */
export interface OtlpTarget {
  /** The collector's base address (`http://localhost:4318`); each signal has a path below it. */
  readonly url: string;
  /** Further headers, such as a key. They are never logged. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface OtlpExporterOptions<Item> {
  readonly target: OtlpTarget;
  /** The signal's path: `/v1/traces`, `/v1/logs`. */
  readonly path: string;
  /** Makes the request's body of a batch. */
  readonly envelope: (items: readonly Item[]) => object;
  /** Returns the length of an item's texts, if it may be long. */
  readonly charsOf?: (item: Item) => number;
  /** Told of items that were lost, and why. It is called once for each lost batch. */
  readonly onLoss: (count: number, why: string) => void;
}

/** Statuses after which the same request may be sent again. OpenTelemetry: "OTLP Specification", Retryable Response Codes. */
const retryable: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const firstPauseMs = 500;

/**
 * Sends one signal to an OpenTelemetry collector, by OTLP/HTTP in JSON. OpenTelemetry: "OTLP Specification". Batches go
 * one at a time; what comes faster than the collector takes it, or can't be delivered in time, is dropped and told of.
 */
export class OtlpExporter<Item> {
  readonly #options: OtlpExporterOptions<Item>;
  readonly #address: string;
  readonly #waiting: Item[] = [];
  #waitingChars = 0;
  /** The items of the batch that is being sent. */
  #underWay = 0;
  #unreported = 0;
  #timer: NodeJS.Timeout | undefined = undefined;
  #sending: Promise<void> | undefined = undefined;
  #isClosing = false;
  /** Breaks off the request under way. */
  readonly #end = new AbortController();
  #wake: () => void = () => undefined;

  constructor(options: OtlpExporterOptions<Item>) {
    this.#options = options;
    this.#address = `${options.target.url.replace(/\/+$/, "")}${options.path}`;
  }

  add(item: Item): void {
    const chars = this.#charsOf(item);
    if (
      this.#waiting.length >= bounds.otlpItemsWaitingMax.value ||
      this.#waitingChars + chars > bounds.otlpCharsWaitingMax.value
    ) {
      this.#unreported++;
      return;
    }
    this.#waiting.push(item);
    this.#waitingChars += chars;
    if (this.#sending !== undefined) return;
    if (
      this.#waiting.length >= bounds.otlpBatchItemsMax.value ||
      this.#waitingChars >= bounds.otlpBatchCharsMax.value
    ) {
      this.#send();
    } else this.#timer ??= setTimeout(() => this.#send(), bounds.otlpFlushMs.value).unref();
  }

  /** Sends what waits, within bounded time, and ends. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    this.#send();
    const late = new Promise<void>((resolve) => setTimeout(resolve, bounds.otlpCloseMsMax.value).unref());
    await Promise.race([this.#sending, late]);
    const left = this.#waiting.splice(0).length + this.#unreported + this.#underWay;
    // A request that is answered too late must not keep its thread alive.
    this.#end.abort();
    if (left > 0) this.#lose(left, "the server stops");
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0 && !this.#isClosing) this.#send();
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      this.#underWay = batch.length;
      await this.#deliver(batch);
      if (this.#end.signal.aborted) return;
      this.#underWay = 0;
    }
    const lost = this.#unreported;
    this.#unreported = 0;
    if (lost > 0) this.#lose(lost, "they came faster than the collector takes them");
  }

  #charsOf(item: Item): number {
    return this.#options.charsOf?.(item) ?? 0;
  }

  /** Takes the next items: as many as go in one request, and at least one. */
  #takeBatch(): Item[] {
    let count = 0;
    let chars = 0;
    for (const item of this.#waiting) {
      const more = this.#charsOf(item);
      if (count === bounds.otlpBatchItemsMax.value || (count > 0 && chars + more > bounds.otlpBatchCharsMax.value))
        break;
      count++;
      chars += more;
    }
    this.#waitingChars -= chars;
    return this.#waiting.splice(0, count);
  }

  async #deliver(batch: readonly Item[]): Promise<void> {
    const body = JSON.stringify(this.#options.envelope(batch));
    let pauseMs = firstPauseMs;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#post(body);
      if (outcome === undefined || this.#end.signal.aborted) return;
      if (!outcome.isRetryable || attempt >= bounds.otlpAttemptsMax.value || this.#isClosing) {
        this.#lose(outcome.lost ?? batch.length, outcome.why);
        return;
      }
      await this.#pause(Math.min(outcome.afterMs ?? pauseMs, bounds.otlpPauseMsMax.value));
      pauseMs *= 2;
    }
  }

  /** Waits, but not longer than until the exporter closes. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Returns undefined if everything was taken. */
  async #post(body: string): Promise<Failure | undefined> {
    try {
      const response = await fetch(this.#address, {
        method: "POST",
        headers: { ...this.#options.target.headers, "content-type": "application/json" },
        body,
        redirect: "error",
        signal: AbortSignal.any([AbortSignal.timeout(bounds.otlpRequestMsMax.value), this.#end.signal]),
      });
      // An answer that is too long to read says nothing of the items.
      const answer = await readText(response, bounds.otlpAnswerBytesMax.value).catch(() => "");
      if (response.ok) return readRejected(answer);
      const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
      return {
        isRetryable: retryable.has(response.status),
        why: `the collector answered ${response.status}`,
        ...(seconds >= 0 && { afterMs: seconds * 1000 }),
      };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { isRetryable: true, why: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  #lose(count: number, why: string): void {
    this.#options.onLoss(count, why);
  }
}

interface Failure {
  readonly isRetryable: boolean;
  readonly why: string;
  readonly afterMs?: number;
  /** How many items were lost, if not the whole batch. */
  readonly lost?: number;
}

/** Reads how many items of an accepted batch the collector refused. A collector that says nothing took all. */
function readRejected(answer: string): Failure | undefined {
  try {
    const { partialSuccess } = JSON.parse(answer) as { readonly partialSuccess?: unknown };
    if (!isObject(partialSuccess)) return undefined;
    const lost = Number(partialSuccess.rejectedSpans ?? partialSuccess.rejectedLogRecords ?? 0);
    if (!(lost > 0)) return undefined;
    return {
      isRetryable: false,
      lost,
      why: `the collector refused them: ${String(partialSuccess.errorMessage).slice(0, 200)}`,
    };
  } catch {
    return undefined;
  }
}
