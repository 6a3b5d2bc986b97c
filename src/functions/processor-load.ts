import { readFileSync } from "node:fs";
import { cpus } from "node:os";

/** The time that the machine's processors have spent since its start, in any unit. */
export interface ProcessorTimes {
  readonly idle: number;
  readonly total: number;
}

/** Looking is not free, and the kernel counts in hundredths of a second. */
const windowMs = 100;
/** Of an older look the time since then says nothing about now. */
const staleMs = 1_000;
const idleShareMin = 0.1;

/** Tells whether the machine's processors have hardly a moment to spare. It looks at them when it is asked, and not too often. */
export class ProcessorLoad {
  readonly #read: () => ProcessorTimes;
  #times: ProcessorTimes = { idle: 0, total: 0 };
  #readAt = Number.NEGATIVE_INFINITY;
  #isBusy = false;

  constructor(read: () => ProcessorTimes = readProcessorTimes) {
    this.#read = read;
  }

  /** `nowMs` is of a clock that only goes on. Without a look of a moment ago to compare with the answer is false. */
  isBusy(nowMs: number): boolean {
    const sinceMs = nowMs - this.#readAt;
    if (sinceMs < windowMs) return this.#isBusy;
    const before = this.#times;
    this.#times = this.#read();
    this.#readAt = nowMs;
    const total = this.#times.total - before.total;
    this.#isBusy = sinceMs < staleMs && this.#times.idle - before.idle < total * idleShareMin;
    return this.#isBusy;
  }
}

/** Returns the sum over all processors. Node.js's own look costs some milliseconds where there are many; Linux has the sum in a line. */
export function readProcessorTimes(): ProcessorTimes {
  try {
    const stat = readFileSync("/proc/stat", "latin1");
    // user, nice, system, idle, iowait, irq, softirq, steal
    const times = stat.slice(0, stat.indexOf("\n")).trim().split(/\s+/).slice(1, 9).map(Number);
    return { idle: (times[3] ?? 0) + (times[4] ?? 0), total: times.reduce((sum, time) => sum + time, 0) };
  } catch {
    const all = cpus().map(({ times }) => times);
    const total = all.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
    return { idle: all.reduce((sum, { idle }) => sum + idle, 0), total };
  }
}
