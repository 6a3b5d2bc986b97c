import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Far above what a busy machine needs. */
const waitMsMax = 20_000;

/** A client that sends bytes as they are and shows what comes back, for requests that no HTTP client would send. */
export class RawClient {
  readonly socket: Socket;
  /** Everything received so far, a character a byte. */
  received = "";
  isClosed = false;
  readonly #wakers = new Set<() => void>();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.received += text;
      this.#wake();
    });
    // Being reset is one of the answers that are waited for.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** Connects, from another address of this machine if one is given (Linux has all of 127.0.0.0/8). */
  static async open(port: number, localAddress?: string): Promise<RawClient> {
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true, ...from });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  send(bytes: string | Buffer): void {
    if (!this.isClosed) this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Waits until what was received satisfies the condition; fails when the connection closes, or time is up, before. */
  async until(isMet: (received: string) => boolean, msMax = waitMsMax): Promise<string> {
    await this.#wait(() => isMet(this.received) || this.isClosed, msMax);
    if (!isMet(this.received)) throw new Error(`The connection closed after ${JSON.stringify(this.received)}`);
    return this.received;
  }

  /** Everything that was received when the server has ended the connection. */
  async closed(msMax = waitMsMax): Promise<string> {
    this.socket.once("end", () => this.socket.end());
    if (this.socket.readableEnded) this.socket.end();
    await this.#wait(() => this.isClosed, msMax);
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }

  async #wait(isMet: () => boolean, msMax: number): Promise<void> {
    const until = performance.now() + msMax;
    while (!isMet()) {
      const left = until - performance.now();
      if (left <= 0)
        throw new Error(`Waited ${msMax} ms in vain; received ${JSON.stringify(this.received.slice(0, 500))}`);
      await new Promise<void>((resolve) => {
        const waker = (): void => {
          clearTimeout(timer);
          this.#wakers.delete(waker);
          resolve();
        };
        const timer = setTimeout(waker, left);
        this.#wakers.add(waker);
      });
    }
  }

  #wake(): void {
    for (const waker of [...this.#wakers]) waker();
  }
}

/** Sends everything on a connection of its own and waits for its end. */
export async function talk(port: number, bytes: string | Buffer): Promise<string> {
  const client = await RawClient.open(port);
  client.send(bytes);
  return client.closed();
}

/** The status of the first answer in what was received; 0 if there is none. */
export const statusOf = (received: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0);
