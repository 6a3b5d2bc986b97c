/**
 * An X-Ray sampling rule, as gateway threads know it. Texts are patterns with `*` and `?`. AWS: X-Ray API reference,
 * "SamplingRule".
 */
export interface SamplingRule {
  readonly name: string;
  /** Smaller numbers come first. */
  readonly priority: number;
  /** The share of requests that are sampled beyond the reservoir: 0 to 1. */
  readonly fixedRate: number;
  /** How many requests a second are sampled in any case. */
  readonly reservoirSize: number;
  readonly serviceName: string;
  readonly serviceType: string;
  readonly host: string;
  readonly httpMethod: string;
  readonly urlPath: string;
  readonly resourceArn: string;
  /** Headers with their values. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The rule that matches what no other rule does. AWS: X-Ray Developer Guide, "Configure sampling rules", default rule. */
export const defaultSamplingRule: SamplingRule = {
  name: "Default",
  priority: 10_000,
  fixedRate: 0.05,
  reservoirSize: 1,
  serviceName: "*",
  serviceType: "*",
  host: "*",
  httpMethod: "*",
  urlPath: "*",
  resourceArn: "*",
  attributes: {},
};

/** What was counted of a rule since the server started. */
export interface SamplingCounts {
  readonly requests: number;
  readonly sampled: number;
  /** Of these, by the reservoir. */
  readonly borrowed: number;
}

/** The slots of rules. Two rules that share one by chance share its reservoir as well, which costs traces and nothing else. */
const slots = 8_192;
/** Of a slot: the second that the reservoir is of, what is taken of it, and the counts. */
const [secondAt, takenAt, requestsAt, sampledAt, borrowedAt, slotLength] = [0, 1, 2, 3, 4, 5];

/** Allocates the memory of all rules' reservoirs and counts, which all threads share. */
export const allocateSampling = (): SharedArrayBuffer => new SharedArrayBuffer(slots * slotLength * 4);

/** The reservoirs of rules. Their sizes hold for the whole server and not for each thread. */
export class Reservoirs {
  readonly #values: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#values = new Int32Array(memory);
  }

  /** Returns the slot of a rule. */
  slotOf(account: string, region: string, ruleName: string): number {
    let hash = 0x811c9dc5;
    for (const char of Buffer.from(`${account}/${region}/${ruleName}`)) hash = Math.imul(hash ^ char, 0x01000193);
    return ((hash >>> 0) % slots) * slotLength;
  }

  /** Decides for one request that a rule matches. */
  sample(slot: number, { reservoirSize, fixedRate }: SamplingRule, nowMs: number): boolean {
    const values = this.#values;
    Atomics.add(values, slot + requestsAt, 1);
    if (reservoirSize > 0 && this.#take(slot, reservoirSize, Math.floor(nowMs / 1000) | 0)) {
      Atomics.add(values, slot + borrowedAt, 1);
      // tidy-allow: random – which requests are sampled is nobody's secret.
    } else if (Math.random() >= fixedRate) return false;
    Atomics.add(values, slot + sampledAt, 1);
    return true;
  }

  countsOf(slot: number): SamplingCounts {
    const values = this.#values;
    return {
      requests: Atomics.load(values, slot + requestsAt),
      sampled: Atomics.load(values, slot + sampledAt),
      borrowed: Atomics.load(values, slot + borrowedAt),
    };
  }

  #take(slot: number, size: number, second: number): boolean {
    const values = this.#values;
    const known = Atomics.load(values, slot + secondAt);
    // Only the thread that sees the new second first empties the reservoir.
    if (known !== second && Atomics.compareExchange(values, slot + secondAt, known, second) === known) {
      Atomics.store(values, slot + takenAt, 0);
    }
    if (Atomics.load(values, slot + takenAt) >= size) return false;
    return Atomics.add(values, slot + takenAt, 1) < size;
  }
}
