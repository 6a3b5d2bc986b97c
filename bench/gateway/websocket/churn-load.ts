// Connects, talks and goes, again and again, from a process of its own: with a close frame, with the end of the socket, by a reset, or
// in the middle of a message. Prints how many connections and answers there were.
//   node churn-load.ts URL CLIENTS SECONDS
import { randomBytes } from "node:crypto";
import { connect } from "node:net";

const [address = "", clients = "", seconds = ""] = process.argv.slice(2);
const url = new URL(address);
const until = performance.now() + Number(seconds) * 1_000;
let connections = 0;
let answers = 0;
let lost = 0;

function frame(first: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const { length } = payload;
  const head = length < 126 ? [0x80 | length] : [0xfe, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([first, ...head]), mask, payload.map((byte, at) => byte ^ mask[at % 4]!)]);
}

const small = frame(0x81, Buffer.from('{"action":"hello"}'));
const large = frame(0x81, Buffer.from(`{"action":"hello","text":"${"x".repeat(20_000)}"}`));
const begun = frame(0x01, Buffer.alloc(10_000, "x"));
const close = frame(0x88, Buffer.from([3, 232]));

/** One connection, from its handshake to its end; `way` is how it ends. */
const live = (way: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ port: Number(url.port), host: url.hostname, noDelay: true });
    let isOpen = false;
    let left = 4;
    const leave = (): void => {
      if (way === 0) socket.write(close);
      else if (way === 1) socket.end();
      else if (way === 2) socket.resetAndDestroy();
      else socket.write(begun, () => socket.resetAndDestroy());
    };
    socket.on("connect", () =>
      socket.write(
        `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
      ),
    );
    socket.on("data", () => {
      if (isOpen) answers++;
      else connections++;
      isOpen = true;
      if (left-- === 0) leave();
      else if (left >= 0) socket.write(left === 2 ? large : small);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (!isOpen) lost++;
      resolve();
    });
  });

await Promise.all(
  Array.from({ length: Number(clients) }, async (_, index) => {
    for (let round = index; performance.now() < until; round++) await live(round % 4);
  }),
);
console.log(JSON.stringify({ connections, answers, lost }));
process.exit(0);
