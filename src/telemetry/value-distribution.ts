import type { MetricAddress, MetricPoint } from "./metric-sink.ts";

/** Values within one step of e^(1/100) are one: that is 1 %. */
const stepsToE = 100;

/**
 * What a metric measured: how often which value came, rounded to 1 %. Adding allocates nothing, but for the first value of
 * a size. Zeros and ones, which most metrics have alone, are exact and cost one addition.
 */
export class ValueDistribution {
  #zeros = 0;
  #ones = 0;
  /** Of the other values. */
  #count = 0;
  #sum = 0;
  #minimum = Number.POSITIVE_INFINITY;
  #maximum = Number.NEGATIVE_INFINITY;
  #steps: Map<number, number> | undefined = undefined;

  /** Adds a value, which is not negative. */
  add(value: number): void {
    if (value === 0) this.#zeros++;
    else if (value === 1) this.#ones++;
    else {
      this.#count++;
      this.#sum += value;
      if (value < this.#minimum) this.#minimum = value;
      if (value > this.#maximum) this.#maximum = value;
      const step = Math.round(Math.log(value) * stepsToE);
      this.#steps ??= new Map();
      this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1);
    }
  }

  /** Returns what was added, and forgets it. */
  take(): Omit<MetricPoint, "metric" | "minute"> {
    const values: number[] = [];
    const counts: number[] = [];
    const addValue = (value: number, count: number): void => {
      if (count === 0) return;
      values.push(value);
      counts.push(count);
    };
    addValue(0, this.#zeros);
    addValue(1, this.#ones);
    for (const [step, count] of this.#steps ?? [])
      addValue(Math.min(this.#maximum, Math.max(this.#minimum, Math.exp(step / stepsToE))), count);
    const edge = [...(this.#zeros > 0 ? [0] : []), ...(this.#ones > 0 ? [1] : [])];
    const point = {
      sampleCount: this.#count + this.#zeros + this.#ones,
      sum: this.#sum + this.#ones,
      minimum: Math.min(this.#minimum, ...edge),
      maximum: Math.max(this.#maximum, ...edge),
      values: Float64Array.from(values),
      counts: Float64Array.from(counts),
    };
    this.#zeros = 0;
    this.#ones = 0;
    this.#count = 0;
    this.#sum = 0;
    this.#minimum = Number.POSITIVE_INFINITY;
    this.#maximum = Number.NEGATIVE_INFINITY;
    this.#steps?.clear();
    return point;
  }
}

/** Returns the points of a metric that is found under several addresses. They share their values. */
export function pointsOf(
  distribution: ValueDistribution,
  addresses: readonly MetricAddress[],
  minute: number,
): readonly MetricPoint[] {
  const taken = distribution.take();
  return taken.sampleCount === 0 ? [] : addresses.map((metric) => ({ metric, minute, ...taken }));
}
