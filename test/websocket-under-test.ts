import type { Socket } from "node:net";
import type { WebSocketLimits, WebSocketReceiver } from "../src/http/websocket/websocket.ts";
import { WebSocketConnection } from "../src/http/websocket/websocket-connection.ts";

/** AWS: API Gateway Developer Guide, "Quotas for configuring and running a WebSocket API in API Gateway". */
export const awsLimits: WebSocketLimits = {
  frameBytesMax: 32_768,
  messageBytesMax: 131_072,
  idleMs: 600_000,
  lifeMs: 7_200_000,
  unsentBytesMax: 65_536,
};

const mask = [0x37, 0xfa, 0x21, 0x3d];

/** A client's frame: `first` is FIN, the reserved bits and the opcode; `length` is what its head says. */
export function clientFrame(first: number, payload: Buffer | string, length = Buffer.byteLength(payload)): Buffer {
  const masked = Buffer.from(payload);
  for (let at = 0; at < masked.length; at++) masked[at]! ^= mask[at & 3]!;
  const head =
    length < 126
      ? [0x80 | length]
      : length < 65_536
        ? [0xfe, length >> 8, length & 0xff]
        : [0xff, 0, 0, 0, 0, ...new Uint8Array(new Uint32Array([length]).buffer).reverse()];
  return Buffer.concat([Buffer.from([first, ...head, ...mask]), masked]);
}

/** Reads a server's frames: `text:…`, `pong:…`, `close:CODE`. */
function readFrames(bytes: Buffer): string[] {
  const names: Readonly<Record<number, string>> = { 129: "text", 136: "close", 138: "pong" };
  const frames: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const name = names[bytes[at]!] ?? `frame ${bytes[at]}`;
    const short = bytes[at + 1]!;
    const headBytes = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    const payload = bytes.subarray(at + headBytes, at + headBytes + length);
    if (name === "close") frames.push(`close:${length === 0 ? "" : payload.readUInt16BE(0)}`);
    else frames.push(`${name}:${payload.toString(name === "text" ? "utf8" : "latin1")}`);
    at += headBytes + length;
  }
  return frames;
}

/** A socket without a network: what is written is at once on its way, unless the client is said not to read. */
class SocketWithoutNetwork {
  readonly written: Buffer[] = [];
  writableLength = 0;
  isClientReading = true;
  isEnded = false;
  isDestroyed = false;
  get writableNeedDrain(): boolean {
    return this.writableLength >= 65_536;
  }
  write(chunk: Buffer | string): void {
    if (this.isEnded) throw new Error("written after its end");
    this.written.push(Buffer.from(chunk as string));
    if (!this.isClientReading) this.writableLength += chunk.length;
  }
  end(): void {
    this.isEnded = true;
  }
  destroy(): void {
    this.isDestroyed = true;
  }
  cork(): void {}
  uncork(): void {}
  pause(): void {}
  resume(): void {}
  setKeepAlive(): void {}
}

/** A WebSocket without a network, which echoes. What it does is `seen`: frames in order, `closed:CODE by` at its end. */
export class WebSocketUnderTest {
  readonly socket = new SocketWithoutNetwork();
  readonly messages: Buffer[] = [];
  readonly closes: string[] = [];
  readonly connection: WebSocketConnection;
  readonly host: { tick: number; nowMs: number };
  reservedBytes = 0;
  reservedBytesMax = Number.POSITIVE_INFINITY;
  /** What `onText` answers. */
  isTaking = true;

  constructor(limits: WebSocketLimits = awsLimits) {
    const receiver: WebSocketReceiver = {
      onText: (message) => {
        this.messages.push(message);
        this.connection.send(message);
        return this.isTaking;
      },
      onClose: (code, _reason, by) => void this.closes.push(`${code} by ${by}`),
      onDrain: () => undefined,
    };
    const host = {
      tick: 0,
      nowMs: 0,
      reserve: (bytes: number) => {
        if (this.reservedBytes + bytes > this.reservedBytesMax) return false;
        this.reservedBytes += bytes;
        return true;
      },
      release: (bytes: number) => {
        this.reservedBytes -= bytes;
      },
      ticks: { send: 60, linger: 5, bodyBytesPerTick: 100 },
      onError: (error: unknown) => {
        throw error;
      },
      forget: () => undefined,
      count: () => undefined,
    };
    this.host = host;
    this.connection = new WebSocketConnection(this.socket as unknown as Socket, Buffer.alloc(0), {
      host,
      limits,
      receiver,
    });
  }

  receive(bytes: Buffer): void {
    // A copy, since what a socket receives is the codec's to unmask in place.
    if (!this.socket.isDestroyed) this.connection.receive(Buffer.from(bytes));
  }

  get texts(): string[] {
    return this.messages.map((message) => message.toString());
  }

  get frames(): string[] {
    return readFrames(Buffer.concat(this.socket.written));
  }
}
