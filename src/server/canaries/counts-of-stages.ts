import { allocateCanaryCounts, CanaryCounts, type CanaryTally } from "../../telemetry/canary-counts.ts";
import type { CanaryCountsAllocator } from "../publications/canary-counts-source.ts";

/** What stages with canaries count, by the stages' keys. Control makes the memory, and reads what the threads have added. */
export class CountsOfStages implements CanaryCountsAllocator {
  readonly #counts = new Map<string, { readonly sides: string; readonly memory: SharedArrayBuffer }>();

  memoryOf(key: string, sides: string): SharedArrayBuffer {
    const known = this.#counts.get(key);
    if (known?.sides === sides) return known.memory;
    const memory = allocateCanaryCounts();
    this.#counts.set(key, { sides, memory });
    return memory;
  }

  release(key: string): void {
    this.#counts.delete(key);
  }

  /** Returns what a stage's requests have counted since both sides have their deployments, or the server runs. */
  read(key: string): CanaryTally | undefined {
    const found = this.#counts.get(key);
    return found && new CanaryCounts(found.memory).read();
  }
}
