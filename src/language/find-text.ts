/** Counts steps of some 30 ns. */
interface StepMeter {
  step(count: number): void;
}

/** Up to this product of both lengths, even the worst case of the engine's own search is cheap. */
const cheapProduct = 4_096;

/**
 * Returns where a text first contains another, from a place on, or -1. It works like `indexOf`, but in linear time for
 * all texts, and counted: V8 takes seconds to look for `aaa…b…aaa` in a million `a`.
 */
export function findText(text: string, sought: string, from: number, meter: StepMeter): number {
  const start = Math.min(Math.max(from, 0), text.length);
  const length = text.length - start;
  if (sought.length <= 1) {
    const found = text.indexOf(sought, start);
    meter.step(((found < 0 ? text.length : found) - start) >> 8);
    return found;
  }
  if (length * sought.length <= cheapProduct) {
    meter.step((length * sought.length) >> 5);
    return text.indexOf(sought, start);
  }
  let found = -1;
  search(text, sought, { start, meter }, (at) => {
    found = at;
    return true;
  });
  return found;
}

/** Works like `lastIndexOf`: returns the last place that is not behind `from`, or -1. */
export function findLastText(text: string, sought: string, from: number, meter: StepMeter): number {
  if (from < 0) return -1;
  if (text.length * sought.length <= cheapProduct) {
    meter.step((text.length * Math.max(1, sought.length)) >> 5);
    return text.lastIndexOf(sought, from);
  }
  if (sought === "") return Math.min(from, text.length);
  let found = -1;
  search(text, sought, { start: 0, meter }, (at) => {
    if (at <= from) found = at;
    return at > from;
  });
  return found;
}

/**
 * Knuth, Morris and Pratt's search. It calls back for each place, also for overlapping ones, until that returns true.
 */
function search(
  text: string,
  sought: string,
  { start, meter }: { readonly start: number; readonly meter: StepMeter },
  tell: (at: number) => boolean,
): void {
  const borders = bordersOf(sought, meter);
  let matched = 0;
  let at = start;
  let counted = start;
  for (; at < text.length; at++) {
    if (at - counted >= 0x10000) {
      meter.step((at - counted) >> 3);
      counted = at;
    }
    const code = text.charCodeAt(at);
    while (matched > 0 && code !== sought.charCodeAt(matched)) matched = borders[matched - 1]!;
    if (code === sought.charCodeAt(matched)) matched++;
    if (matched < sought.length) continue;
    if (tell(at - matched + 1)) break;
    matched = borders[matched - 1]!;
  }
  meter.step((at - counted) >> 3);
}

let lastText = "";
let lastBorders = new Int32Array(0);

/** Returns, for each beginning of a text, the length of its longest proper beginning that it also ends with. */
function bordersOf(text: string, meter: StepMeter): Int32Array {
  // A caller that looks for all places asks for the same text again and again.
  if (text === lastText) return lastBorders;
  meter.step(text.length >> 3);
  const borders = new Int32Array(text.length);
  let length = 0;
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    while (length > 0 && code !== text.charCodeAt(length)) length = borders[length - 1]!;
    if (code === text.charCodeAt(length)) length++;
    borders[at] = length;
  }
  lastText = text;
  lastBorders = borders;
  return borders;
}
