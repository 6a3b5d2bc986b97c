import type { Socket } from "node:net";
import { Scratch } from "../base/scratch.ts";

/**
 * What goes over the Unix socket between whoever holds the lease on an environment and its process.
 *
 *     u32 LE   length of all that follows
 *     u8       kind
 *     u32 LE   length of the head
 *     head     JSON or nothing; small
 *     payload  bytes: the event, the answer, or printed text
 *
 *     → invoke  head {id, arn, deadline, trace?, client?, memory?}   payload: the event, as the caller wrote it
 *     ← log     payload: what the function printed, any number of times
 *     ← chunk                                                        payload: a piece of a streamed answer, any number of times
 *     ← end                                                          the streamed answer is complete; the function may go on
 *     ← result  head {memory?}                                       payload: the answer's JSON, or nothing after a streamed one
 *     ← error   head {message, memory?, isLast?}                     payload: `{"errorType":…,"errorMessage":…}`
 *
 * One invocation at a time: no frame names the one it belongs to. Payloads pass through unread. Whoever reads slower than
 * the function writes stops reading the socket, and the function's stream waits.
 */
export const frameKinds = { invoke: 1, log: 2, result: 3, error: 4, chunk: 5, end: 6 } as const;

export const frameHeaderBytes = 9;

const scratchBytes = 32_768;
const scratch = new Scratch(scratchBytes);

/** Writes one frame: copied into one buffer if it is small, as two writes in one system call if it is not. */
export function writeFrame(socket: Socket, kind: number, head: string, payload: Buffer | string): void {
  // A character of a text has up to three bytes, so that a short text's need not be counted.
  const bytesMax = frameHeaderBytes + 3 * head.length + (typeof payload === "string" ? 3 : 1) * payload.length;
  if (bytesMax <= scratchBytes) writeSmallFrame(socket, { kind, head, payload, bytesMax });
  else writeLargeFrame(socket, kind, head, payload);
}

function writeSmallFrame(
  socket: Socket,
  {
    kind,
    head,
    payload,
    bytesMax,
  }: {
    readonly kind: number;
    readonly head: string;
    readonly payload: Buffer | string;
    readonly bytesMax: number;
  },
): void {
  const frame = scratch.memoryFor(socket, bytesMax);
  const headEnd = frameHeaderBytes + frame.write(head, frameHeaderBytes);
  const end = headEnd + (typeof payload === "string" ? frame.write(payload, headEnd) : payload.copy(frame, headEnd));
  frame.writeUInt32LE(end - 4, 0);
  frame[4] = kind;
  frame.writeUInt32LE(headEnd - frameHeaderBytes, 5);
  scratch.send(socket, frame, end);
}

function writeLargeFrame(socket: Socket, kind: number, head: string, payload: Buffer | string): void {
  const headBytes = Buffer.byteLength(head);
  const payloadBytes = typeof payload === "string" ? Buffer.byteLength(payload) : payload.length;
  const isSmall = typeof payload === "string" || payloadBytes <= 32_768;
  const frame = Buffer.allocUnsafe(frameHeaderBytes + headBytes + (isSmall ? payloadBytes : 0));
  frame.writeUInt32LE(frameHeaderBytes - 4 + headBytes + payloadBytes, 0);
  frame[4] = kind;
  frame.writeUInt32LE(headBytes, 5);
  frame.write(head, frameHeaderBytes);
  if (typeof payload === "string") frame.write(payload, frameHeaderBytes + headBytes);
  else if (isSmall) payload.copy(frame, frameHeaderBytes + headBytes);
  else {
    socket.cork();
    socket.write(frame);
    socket.write(payload);
    socket.uncork();
    return;
  }
  socket.write(frame);
}

export interface Frame {
  readonly kind: number;
  readonly head: string;
  /** The payload. In small frames it is a view of the received memory; large ones have a buffer of their own. */
  readonly payload: Buffer;
}

/** Assembles frames from chunks. A large frame is copied once, into a buffer of its size. */
export class FrameReader {
  readonly #bytesMax: number;
  readonly #onFrame: (frame: Frame) => void;
  #whole: Buffer | undefined = undefined;
  #filled = 0;
  #rest: Buffer | undefined = undefined;

  constructor(bytesMax: number, onFrame: (frame: Frame) => void) {
    this.#bytesMax = bytesMax;
    this.#onFrame = onFrame;
  }

  /** Takes a chunk. Returns false if the far end breaks the protocol, and the connection has to be closed. */
  push(chunk: Buffer): boolean {
    let data = chunk;
    while (data.length > 0) {
      if (this.#whole) {
        const taken = data.copy(this.#whole, this.#filled);
        this.#filled += taken;
        if (this.#filled < this.#whole.length) return true;
        const whole = this.#whole;
        this.#whole = undefined;
        data = data.subarray(taken);
        if (!this.#take(whole)) return false;
        continue;
      }
      if (this.#rest) {
        data = Buffer.concat([this.#rest, data]);
        this.#rest = undefined;
      }
      if (data.length < frameHeaderBytes) {
        this.#rest = data;
        return true;
      }
      const length = data.readUInt32LE(0) + 4;
      if (length < frameHeaderBytes || length > this.#bytesMax) return false;
      if (data.length < length) {
        this.#whole = Buffer.allocUnsafe(length);
        this.#filled = data.copy(this.#whole);
        return true;
      }
      if (!this.#take(data.subarray(0, length))) return false;
      data = data.subarray(length);
    }
    return true;
  }

  #take(frame: Buffer): boolean {
    const headEnd = frameHeaderBytes + frame.readUInt32LE(5);
    if (headEnd > frame.length) return false;
    this.#onFrame({
      kind: frame[4]!,
      head: headEnd === frameHeaderBytes ? "" : frame.toString("utf8", frameHeaderBytes, headEnd),
      payload: frame.subarray(headEnd),
    });
    return true;
  }
}
