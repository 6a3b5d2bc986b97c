import { randomInt } from "node:crypto";

/** The seed that the caller names (PORTICO_FUZZ_SEED), else `otherwise`: for tests that are the same each time unless asked. */
export const seedOr = (otherwise: number): number => Number(process.env["PORTICO_FUZZ_SEED"] ?? otherwise);

/** The seed of this run's random tests. Whoever uses it prints `PORTICO_FUZZ_SEED=…`, so that a find can be replayed. */
export const seed = seedOr(randomInt(2 ** 31));

/** How long a fuzz or soak test goes on, in milliseconds, if it does not say itself: PORTICO_FUZZ_MS makes it longer. */
export const durationMsOr = (otherwise: number): number => Number(process.env["PORTICO_FUZZ_MS"] ?? otherwise);

/** Numbers from 0 to below 1, the same on every machine for one seed. */
export type Random = () => number;

/** Mulberry32: what makes a random test repeatable by the seed that it prints. */
export function makeRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 to below `limit`. */
export const below = (random: Random, limit: number): number => Math.floor(random() * limit);

export const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)] as T;

export const chance = (random: Random, probability: number): boolean => random() < probability;
