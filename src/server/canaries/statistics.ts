/** So many of so many. */
export interface Share {
  readonly count: number;
  readonly of: number;
}

/**
 * Fisher's exact test, one-sided: returns how probable it is that chance alone gives the first at least so great a share
 * of all that both have, if there is no difference between them.
 */
export function chanceOfShare(first: Share, second: Share): number {
  const { count, of: drawn } = first;
  const marked = count + second.count;
  const total = drawn + second.of;
  // Not above the other's share, so not below a half.
  if (count * second.of <= second.count * drawn) return 1;
  const others = total - marked;
  const last = Math.min(marked, drawn);
  let term = Math.exp(logChoose(marked, count) + logChoose(others, drawn - count) - logChoose(total, drawn));
  let sum = 0;
  for (let found = count; found <= last; found++) {
    sum += term;
    term *= ((marked - found) * (drawn - found)) / ((found + 1) * (others - drawn + found + 1));
    if (term < sum * 1e-12) break;
  }
  return Math.min(1, sum);
}

const logChoose = (total: number, chosen: number): number =>
  logFactorial(total) - logFactorial(chosen) - logFactorial(total - chosen);

/** Stirling's series; below 16, the product. */
function logFactorial(number: number): number {
  if (number < 16) {
    let product = 1;
    for (let factor = 2; factor <= number; factor++) product *= factor;
    return Math.log(product);
  }
  const inverse = 1 / number;
  return (
    (number + 0.5) * Math.log(number) -
    number +
    0.5 * Math.log(2 * Math.PI) +
    inverse * (1 / 12 - inverse * inverse * (1 / 360 - (inverse * inverse) / 1_260))
  );
}

/**
 * The rank-sum test of Mann and Whitney, one-sided: returns how probable it is that chance alone makes the first values so
 * great beside the second ones. It asks for no distribution. The normal approximation, with ties and continuity, is good
 * from about six values on each side.
 */
export function chanceOfRanks(first: readonly number[], second: readonly number[]): number {
  const all = [
    ...first.map((value) => ({ value, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ];
  all.sort((left, right) => left.value - right.value);
  let rankSum = 0;
  let ties = 0;
  for (let start = 0; start < all.length; ) {
    let end = start;
    while (end < all.length && all[end]!.value === all[start]!.value) end++;
    const size = end - start;
    ties += size ** 3 - size;
    const rank = (start + 1 + end) / 2;
    rankSum += rank * all.slice(start, end).filter(({ isFirst }) => isFirst).length;
    start = end;
  }
  const [n, m, total] = [first.length, second.length, all.length];
  const above = rankSum - (n * (n + 1)) / 2 - (n * m) / 2;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0)) return 1;
  return normalTail((above - 0.5) / Math.sqrt(variance));
}

/** Returns how probable it is that a normal value is beyond `z`, to about seven digits. */
function normalTail(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  // The rational approximation of erfc of "Numerical Recipes", §6.2.
  const series = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
    -1.26551223,
  ].reduce((sum, factor) => sum * t + factor, 0);
  const tail = (t * Math.exp(-x * x + series)) / 2;
  return z >= 0 ? tail : 1 - tail;
}

/** Returns how much greater the first share may be, at most, with 95 percent confidence: Newcombe's bound. */
export function greatestDifference(first: Share, second: Share): number {
  const one = wilson(first);
  const other = wilson(second);
  const difference = one.share - other.share;
  return Math.min(1, difference + Math.hypot(one.high - one.share, other.share - other.low));
}

function wilson({ count, of }: Share): { readonly share: number; readonly low: number; readonly high: number } {
  const z = 1.6449;
  const share = count / of;
  const middle = (share + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const reach = (z / (1 + (z * z) / of)) * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of));
  return { share, low: middle - reach, high: middle + reach };
}
