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
