import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { freePort, type RunningProgram, startPinned } from "../../measure.ts";

const handshakeTo = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nUser-Agent: bench/1.0\r\n\r\n";

/** The most connections that a process has files for, up to 20,000. */
export const connectionsMax = (): number => {
  const report = process.report.getReport() as unknown as { userLimits: { open_files: { soft: string | number } } };
  const { soft } = report.userLimits.open_files;
  return typeof soft === "number" || /^\d+$/.test(soft) ? Math.min(20_000, Number(soft) - 500) : 20_000;
};

/** Starts the server on core 0. */
export async function startServer(): Promise<RunningProgram & { readonly port: number }> {
  const port = await freePort();
  const file = fileURLToPath(new URL("./websocket-server.ts", import.meta.url));
  const program = await startPinned(0, process.execPath, [file, String(port)], { isReadyOnOutput: true });
  return { ...program, port, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** What the server says of itself. */
export interface ServerCost {
  readonly rss: number;
  readonly cpuMs: number;
  readonly peers: number;
}

export async function ask(port: number, path = "/cost"): Promise<ServerCost> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  return (await answer.json()) as ServerCost;
}

/** Opens one WebSocket; its answer has been read. */
export async function open(port: number, path = "/dev"): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  socket.write(handshakeTo(path));
  const [head] = (await once(socket, "data")) as [Buffer];
  if (!head.includes(" 101 ")) throw new Error(head.toString());
  socket.on("error", () => {});
  return socket;
}

/** Opens many, some at a time. */
export async function openMany(port: number, count: number, path?: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  const openNext = async (): Promise<void> => {
    while (sockets.length + pending < count) {
      pending++;
      const socket = await open(port, path);
      pending--;
      sockets.push(socket);
    }
  };
  let pending = 0;
  await Promise.all(Array.from({ length: 64 }, openNext));
  return sockets;
}

const mask = Buffer.from([1, 2, 3, 4]);

/** A client's text frame. */
export function maskedText(length: number): Buffer {
  const head =
    length < 126 ? Buffer.from([0x81, 0x80 | length]) : Buffer.from([0x81, 0xfe, length >> 8, length & 0xff]);
  const payload = Buffer.alloc(length, "x");
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)]);
}
