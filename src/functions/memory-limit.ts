import { readFileSync } from "node:fs";
import { bounds } from "../base/bounds.ts";

export interface MemoryLimitOptions {
  readonly limitMb: number;
  /** Returns the memory in use, in MB, or undefined where the system does not tell. */
  readonly read: () => number | undefined;
  /** Requests a garbage collection, which {@link MemoryLimit.collected} answers; undefined for a runtime without. */
  readonly collect: (() => void) | undefined;
  readonly onOver: () => void;
}

const collectionsMax = bounds.functionCollectionsMax.value;
const looksMax = bounds.functionOverMemoryLooksMax.value;
const factorMax = bounds.functionOverMemoryFactorMax.value;

/**
 * Tells a process that needs more memory than it has from one whose garbage has not been collected yet: V8 lets garbage
 * grow by tens of MB, which in a function of 128 MB would pass the limit. Only what a collection leaves counts.
 */
export class MemoryLimit {
  readonly #options: MemoryLimitOptions;
  #looks = 0;
  #collections = 0;
  #isCollecting = false;

  constructor(options: MemoryLimitOptions) {
    this.#options = options;
  }

  /** Takes a reading. Calls `onOver` if the process is over its limit; it may do so again if it is called again. */
  check(): void {
    const { limitMb, collect, onOver } = this.#options;
    const usedMb = this.#readOver();
    if (usedMb === undefined) return;
    this.#looks++;
    if (!collect || usedMb > limitMb * factorMax || this.#looks > looksMax || this.#collections >= collectionsMax) {
      onOver();
    } else if (!this.#isCollecting) {
      this.#isCollecting = true;
      collect();
    }
  }

  /** The process has collected its garbage. What it gives back shows by the next reading: V8 frees buffers beside the program. */
  collected(): void {
    if (!this.#isCollecting) return;
    this.#isCollecting = false;
    this.#collections++;
  }

  /** Returns the memory in use if it is over the limit. Below it everything begins anew. */
  #readOver(): number | undefined {
    const usedMb = this.#options.read();
    if (usedMb !== undefined && usedMb > this.#options.limitMb) return usedMb;
    this.#looks = 0;
    this.#collections = 0;
    return undefined;
  }
}

/**
 * Returns a process's own memory in MB, on systems that tell it (Linux): without the pages of files, such as the
 * runtime's program, which all processes share and which the system can drop. It is what a control group would count.
 */
export function readPrivateMb(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const kilobytesOf = (name: string): number | undefined => {
      const digits = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1];
      return digits === undefined ? undefined : Number(digits);
    };
    const anonymous = kilobytesOf("RssAnon");
    // Some sandboxes (gVisor) only tell the sum.
    if (anonymous === undefined) return megabytes(kilobytesOf("VmRSS"));
    return megabytes(anonymous + (kilobytesOf("RssShmem") ?? 0) + (kilobytesOf("VmSwap") ?? 0));
  } catch {
    return undefined;
  }
}

const megabytes = (kilobytes: number | undefined): number | undefined =>
  kilobytes === undefined ? undefined : kilobytes / 1024;
