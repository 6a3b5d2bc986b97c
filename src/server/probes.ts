import { bounds } from "../base/bounds.ts";
import type { Probe, ProbeOutcome } from "../gateway/probe.ts";

/** Why a probe has no outcome. */
export type ProbeFailure =
  /** As many as there may be are under way. */
  | { readonly kind: "busy" }
  | { readonly kind: "late" }
  /** The thread that ran it ended. */
  | { readonly kind: "lost" };

interface Waiting {
  readonly worker: object;
  readonly settle: (outcome: ProbeOutcome | ProbeFailure) => void;
}

/** Control's side of probes: each runs in one gateway thread, in bounded time, and a few at once. */
export class Probes {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** Never rejects. `send` gives the probe to the thread; `cancel` tells it that nobody waits any more. */
  run(
    probe: Probe,
    thread: {
      readonly worker: object;
      send(id: number, probe: Probe): void;
      cancel(id: number): void;
    },
  ): Promise<ProbeOutcome | ProbeFailure> {
    if (this.#waiting.size >= bounds.probesMax.value) return Promise.resolve({ kind: "busy" });
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        thread.cancel(id);
        this.settle(id, { kind: "late" });
      }, bounds.probeMsMax.value);
      const { patienceMs } = probe;
      const impatience = patienceMs === undefined ? undefined : setTimeout(() => thread.cancel(id), patienceMs);
      const settle = (outcome: ProbeOutcome | ProbeFailure): void => {
        clearTimeout(timer);
        clearTimeout(impatience);
        resolve(outcome);
      };
      this.#waiting.set(id, { worker: thread.worker, settle });
      thread.send(id, probe);
    });
  }

  settle(id: number, outcome: ProbeOutcome | ProbeFailure): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.settle(outcome);
  }

  /** A thread ended: nobody will answer its probes. */
  bury(worker: object): void {
    for (const [id, waiting] of this.#waiting) if (waiting.worker === worker) this.settle(id, { kind: "lost" });
  }
}
