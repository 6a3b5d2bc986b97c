import { bounds } from "../../base/bounds.ts";
import type { LogBatch } from "../../telemetry/log-sink.ts";

/** A line with its time, in milliseconds since 1970. */
export interface LogLine {
  readonly ms: number;
  readonly message: string;
}

/** Lines of one stream as they are stored: in the order of their times, and close together in time. */
export interface LogChunk {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
  /** The size as AWS counts it: the messages in UTF-8, and 26 bytes for each. */
  readonly bytes: number;
  /** Two numbers for each line: its time after `firstMs`, and its length in UTF-16 units of the text. */
  readonly lines: Uint32Array;
  /** All messages, in UTF-8. */
  readonly text: Buffer;
}

/** AWS: PutLogEvents: "the sum of all event messages in UTF-8, plus 26 bytes for each log event". */
export const lineOverheadBytes = 26;

/**
 * The longest time that a chunk spans. Readers find the chunks of a moment in an index: none that begins earlier than
 * this before the moment has a line at it.
 */
export const chunkSpanMs = 5_000;
const chunkChars = bounds.logChunkCharsMax.value;

/** Returns a batch with its lines in the order of their times; those of one time stay as they came. */
export function sortBatch(batch: LogBatch): LogBatch {
  if (batch.isUnsorted !== true) return batch;
  const { isUnsorted: _, lines, text, errors, requests, ...rest } = batch;
  const count = lines.length / 2;
  const starts = new Uint32Array(count);
  for (let index = 1; index < count; index++) starts[index] = starts[index - 1]! + lines[index * 2 - 1]!;
  const order = new Uint32Array(count).map((_each, index) => index);
  order.sort((left, right) => lines[left * 2]! - lines[right * 2]! || left - right);
  const sorted = new Uint32Array(lines.length);
  let sortedText = "";
  for (let index = 0; index < count; index++) {
    const from = order[index]!;
    const length = lines[from * 2 + 1]!;
    sorted[index * 2] = lines[from * 2]!;
    sorted[index * 2 + 1] = length;
    sortedText += text.slice(starts[from]!, starts[from]! + length);
  }
  const wrong = new Set(errors);
  return {
    ...rest,
    lines: sorted,
    text: sortedText,
    ...(errors !== undefined && { errors: [...order].flatMap((from, index) => (wrong.has(from) ? [index] : [])) }),
    ...(requests !== undefined && { requests: Array.from(order, (from) => requests[from]) }),
  };
}

/** Cuts lines, which are sorted by time, into chunks. `lines` and `text` have the form of a chunk's. */
export function* makeChunks(baseMs: number, lines: Uint32Array, text: string): Generator<LogChunk> {
  let from = 0;
  let textFrom = 0;
  while (from < lines.length) {
    const first = lines[from] as number;
    let to = from;
    let textTo = textFrom;
    while (to < lines.length && (lines[to] as number) - first < chunkSpanMs) {
      const length = lines[to + 1] as number;
      if (to > from && textTo + length - textFrom > chunkChars) break;
      textTo += length;
      to += 2;
    }
    const own = lines.slice(from, to);
    for (let at = 0; at < own.length; at += 2) own[at] = (own[at] as number) - first;
    const encoded = Buffer.from(from === 0 && to === lines.length ? text : text.slice(textFrom, textTo), "utf8");
    const count = own.length / 2;
    yield {
      firstMs: baseMs + first,
      lastMs: baseMs + first + (own[own.length - 2] as number),
      count,
      bytes: encoded.length + count * lineOverheadBytes,
      lines: own,
      text: encoded,
    };
    from = to;
    textFrom = textTo;
  }
}

/** Yields the lines of a chunk. */
export function readChunk({ firstMs, lines, text }: Pick<LogChunk, "firstMs" | "lines" | "text">): LogLine[] {
  return linesOfText(firstMs, lines, text.toString("utf8"));
}

/** Returns the lines of a text, each with two numbers: its time after `baseMs`, and its length. */
export function linesOfText(baseMs: number, lines: Uint32Array, text: string): LogLine[] {
  const read: LogLine[] = [];
  let from = 0;
  for (let at = 0; at < lines.length; at += 2) {
    const to = from + (lines[at + 1] as number);
    read.push({ ms: baseMs + (lines[at] as number), message: text.slice(from, to) });
    from = to;
  }
  return read;
}
