import type { MessagePort } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import type { Clock } from "../base/clock.ts";
import type {
  LineFacts,
  LogBatch,
  LogDelivery,
  LoggedRequest,
  LogSink,
  LogStreamAddress,
  LogStreamWriter,
} from "./log-sink.ts";
import type { Metrics } from "./metrics.ts";

/** Lines that have waited this long are sent, however few they are. */
const flushMs = 100;
const flushChars = 262_144;
const waitingCharsMax = bounds.logLinesWaitingCharsMax.value;
/** The size of a line besides its text, since many empty lines are not free. */
const lineChars = 16;

/**
 * A thread's way to the embedded CloudWatch Logs. Lines are gathered and sent in batches, one batch at a time. A line
 * that finds no room is dropped and counted, so that no writer waits and memory does not grow, however fast lines come.
 */
export class LogSender implements LogSink {
  readonly #port: MessagePort;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  #filled: StreamBuffer[] = [];
  #chars = 0;
  #dropped = 0;
  #isUnderWay = false;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(port: MessagePort, clock: Clock, metrics: Metrics) {
    this.#port = port;
    this.#clock = clock;
    this.#metrics = metrics;
    port.on("message", () => this.#acknowledged());
    port.unref();
  }

  open(address: LogStreamAddress): LogStreamWriter {
    const buffer = new StreamBuffer(address);
    return {
      write: (message, ms = this.#clock.now(), facts = noFacts) => this.#add(buffer, message, ms, facts),
    };
  }

  /** Sends the waiting lines. The port delivers them although it is closed afterwards. */
  close(): void {
    this.#send();
    this.#port.close();
  }

  #add(buffer: StreamBuffer, message: string, ms: number, facts: LineFacts): void {
    const chars = message.length + lineChars;
    if (this.#chars + chars > waitingCharsMax) {
      this.#dropped++;
      this.#metrics.add("logLinesDropped");
      return;
    }
    this.#metrics.add("logLines");
    if (buffer.isEmpty) this.#filled.push(buffer);
    buffer.add(message, ms, facts);
    this.#chars += chars;
    if (this.#isUnderWay) return;
    if (this.#chars >= flushChars) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), flushMs).unref();
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#filled.length === 0 && this.#dropped === 0) return;
    const delivery: LogDelivery = { batches: this.#filled.map((buffer) => buffer.take()), dropped: this.#dropped };
    this.#filled = [];
    this.#chars = 0;
    this.#dropped = 0;
    this.#isUnderWay = true;
    this.#port.postMessage(delivery);
  }

  #acknowledged(): void {
    this.#isUnderWay = false;
    if (this.#chars >= flushChars) this.#send();
    else if (this.#filled.length > 0) this.#timer ??= setTimeout(() => this.#send(), flushMs).unref();
  }
}

const noFacts: LineFacts = {};

/** The waiting lines of one stream. */
class StreamBuffer {
  readonly #address: LogStreamAddress;
  #text = "";
  #times: number[] = [];
  #lengths: number[] = [];
  #errors: number[] = [];
  #requests: (LoggedRequest | undefined)[] | undefined = undefined;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = 0;
  #isInOrder = true;

  constructor(address: LogStreamAddress) {
    this.#address = address;
  }

  get isEmpty(): boolean {
    return this.#times.length === 0;
  }

  add(message: string, ms: number, { isError = false, request }: LineFacts): void {
    if (ms < this.#lastMs) this.#isInOrder = false;
    else this.#lastMs = ms;
    if (ms < this.#firstMs) this.#firstMs = ms;
    if (isError) this.#errors.push(this.#times.length);
    if (request !== undefined) this.#requests ??= this.#times.map(() => undefined);
    this.#requests?.push(request);
    this.#times.push(ms);
    this.#lengths.push(message.length);
    this.#text += message;
  }

  take(): LogBatch {
    const baseMs = this.#firstMs;
    const lines = new Uint32Array(this.#times.length * 2);
    for (let index = 0; index < this.#times.length; index++) {
      lines[index * 2] = (this.#times[index] as number) - baseMs;
      lines[index * 2 + 1] = this.#lengths[index] as number;
    }
    const batch: LogBatch = {
      address: this.#address,
      baseMs,
      text: this.#text,
      lines,
      ...(this.#isInOrder ? {} : { isUnsorted: true }),
      ...(this.#errors.length === 0 ? {} : { errors: this.#errors }),
      ...(this.#requests === undefined ? {} : { requests: this.#requests }),
    };
    this.#text = "";
    this.#times = [];
    this.#lengths = [];
    this.#errors = [];
    this.#requests = undefined;
    this.#firstMs = Number.POSITIVE_INFINITY;
    this.#lastMs = 0;
    this.#isInOrder = true;
    return batch;
  }
}
