/**
 * Buffer's own latin1 methods, which cost a third of the documented `toString` and `write` for short texts, because
 * those look up the encoding first. They have been part of Node since 0.x, and are only missing in the type
 * definitions.
 */
interface Latin1Methods {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number): number;
}

export const latin1Slice = (bytes: Buffer, start: number, end: number): string =>
  (bytes as unknown as Latin1Methods).latin1Slice(start, end);

export const latin1Write = (bytes: Buffer, text: string, offset: number): number =>
  (bytes as unknown as Latin1Methods).latin1Write(text, offset);
