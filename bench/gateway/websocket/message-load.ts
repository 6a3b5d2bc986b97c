// Loads a WebSocket route from a process of its own: each connection has some messages under way, and sends the next one
// when an answer comes. It counts frames by itself, because a client library would be what is measured.
//   node message-load.ts URL CONNECTIONS UNDER_WAY SECONDS MESSAGE [PER_SECOND]
// With PER_SECOND, so many messages are sent in a second, one after another on all connections, and each answer is waited for.
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

const [address = "", connections = "", underWay = "", seconds = "", message = "", paced = "0"] = process.argv.slice(2);
const perSecond = Number(paced);
const url = new URL(address);

/** A client's frames; one mask serves all. RFC 6455 §5.3. */
function framesOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const frames: Buffer[] = [];
  for (let from = 0; from === 0 || from < payload.length; from += 32_768) {
    const part = payload.subarray(from, from + 32_768);
    const first = (from === 0 ? 1 : 0) | (from + part.length === payload.length ? 0x80 : 0);
    const head = part.length < 126 ? [part.length] : [126, part.length >> 8, part.length & 255];
    head[0]! |= 0x80;
    frames.push(Buffer.from([first, ...head]), mask, Buffer.from(part.map((byte, index) => byte ^ mask[index % 4]!)));
  }
  return Buffer.concat(frames);
}

/** A message as text, or `unit*BYTES` for so many bytes of a list of `unit`. */
const listed = /^(.*)\*(\d+)$/s.exec(message);
const frame = framesOf(
  listed === null ? message : `[${`${listed[1]},`.repeat(Number(listed[2]) / (listed[1]!.length + 1)).slice(0, -1)}]`,
);
let answers = 0;
/** Milliseconds from a connection's message to its answer, where one is under way. */
const waits: number[] = [];

/** What the gateway tells of its own failures, which are no answers. */
const failure = Buffer.from('{"message": "');

/** Reads a server's frames, which are neither masked nor, here, of 64 KB. */
class Frames {
  #rest: Buffer = Buffer.alloc(0);
  count(chunk: Buffer): number {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    let found = 0;
    for (;;) {
      if (bytes.length < at + 4) break;
      if (bytes[at] !== 0x81) throw new Error(`a frame begins with ${bytes[at]}: ${bytes.subarray(at, at + 80)}`);
      const short = bytes[at + 1]!;
      const end = short < 126 ? at + 2 + short : at + 4 + bytes.readUInt16BE(at + 2);
      if (bytes.length < end) break;
      const text = bytes.subarray(short < 126 ? at + 2 : at + 4, end);
      if (text.indexOf(failure) === 0) throw new Error(String(text));
      at = end;
      found++;
    }
    this.#rest = bytes.subarray(at);
    return found;
  }
}

const batches = Array.from({ length: Number(underWay) + 1 }, (_, count) =>
  Buffer.concat(Array.from({ length: count }, () => frame)),
);

async function open(): Promise<Socket> {
  const socket = connect({ port: Number(url.port), host: url.hostname, noDelay: true });
  const key = randomBytes(16).toString("base64");
  socket.write(
    `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  let head = "";
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", read);
      if (head.startsWith("HTTP/1.1 101")) resolve();
      else reject(new Error(head));
    };
    socket.on("data", read);
    socket.on("error", reject);
  });
  return socket;
}

const sockets = await Promise.all(Array.from({ length: Number(connections) }, open));
const isAlone = underWay === "1";
if (perSecond > 0) sendEvenly();
else for (const socket of sockets) keepUnderWay(socket);
await new Promise((resolve) => setTimeout(resolve, 1_000));
const [from, at] = [answers, performance.now()];
waits.length = 0;
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
const rate = ((answers - from) * 1_000) / (performance.now() - at);
waits.sort((left, right) => left - right);
const p = (share: number): number | null => waits[Math.floor(waits.length * share)] ?? null;
console.log(JSON.stringify({ rate, count: answers, p50: p(0.5), p99: p(0.99), max: waits.at(-1) ?? null }));
process.exit(0);

/** Keeps some messages of a connection under way. */
function keepUnderWay(socket: Socket): void {
  const frames = new Frames();
  let sentAt = performance.now();
  socket.on("data", (chunk: Buffer) => {
    const found = frames.count(chunk);
    answers += found;
    if (found === 0) return;
    if (isAlone) {
      const now = performance.now();
      waits.push(now - sentAt);
      sentAt = now;
    }
    socket.write(batches[found] ?? Buffer.concat(Array.from({ length: found }, () => frame)));
  });
  socket.write(batches[Number(underWay)]!);
}

/** Sends messages at an even rate, each of which waits from when it was due. Answers of a connection come in any order. */
function sendEvenly(): void {
  const due = sockets.map((): number[] => []);
  for (const [index, socket] of sockets.entries()) {
    const frames = new Frames();
    socket.on("data", (chunk: Buffer) => {
      const now = performance.now();
      for (let found = frames.count(chunk); found > 0; found--) {
        answers++;
        waits.push(now - due[index]!.shift()!);
      }
    });
  }
  const begunAt = performance.now();
  let sent = 0;
  const send = (): void => {
    const now = performance.now();
    for (; sent < ((now - begunAt) / 1_000) * perSecond; sent++) {
      due[sent % sockets.length]!.push(begunAt + (sent / perSecond) * 1_000);
      sockets[sent % sockets.length]!.write(frame);
    }
    // Not at once: the backend may share the core.
    setTimeout(send, 1);
  };
  send();
}
