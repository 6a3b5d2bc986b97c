import type { TextFrame } from "../../http/websocket/frames.ts";
import type { WebSocketPeer, WebSocketReceiver } from "../../http/websocket/websocket.ts";
import type { Trace } from "../../telemetry/trace.ts";
import type { Exchange } from "../exchange.ts";
import { beginTrace } from "../run-traced.ts";

/**
 * Stands in for a client whose connection is explained: it connects, sends one message or none, waits for that to be answered,
 * and goes. What it is sent is recorded.
 */
export class ExplainedClient implements WebSocketPeer {
  isOpen = true;
  readonly unsentBytes = 0;
  readonly lastActiveMs = 0;
  readonly #message: Buffer | undefined;
  readonly #trace: Trace;
  readonly #receiver: WebSocketReceiver;
  readonly #onGone: () => void;

  constructor(
    receiver: WebSocketReceiver,
    options: { readonly message: Uint8Array | undefined; readonly trace: Trace; readonly onGone: () => void },
  ) {
    this.#receiver = receiver;
    this.#message = options.message === undefined ? undefined : Buffer.from(options.message);
    this.#trace = options.trace;
    this.#onGone = options.onGone;
    // The connection begins once its handshake is answered.
    queueMicrotask(() => {
      if (this.#message === undefined) this.leave();
      else if (this.isOpen) this.#receiver.onText(this.#message);
    });
  }

  /** Records what becomes of the message. */
  watch(exchange: Exchange): void {
    beginTrace(exchange, this.#trace.next());
  }

  /** The message is answered, or nothing is to be. */
  answered(): void {
    // The exchange is complete once the code that answers has returned.
    queueMicrotask(() => this.leave());
  }

  send(text: Buffer | string): boolean {
    if (!this.isOpen) return false;
    const trace = this.#trace.last;
    trace.add({ kind: "sent", body: trace.body(text) });
    return true;
  }

  sendFrame({ text }: TextFrame): boolean {
    return this.send(text);
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#trace.last.add({ kind: "closed", code, reason });
    this.#end(code, reason, "server");
  }

  /** Goes, as far as it has not been closed. The route `$disconnect` runs. */
  leave(): void {
    if (this.isOpen) this.#end(1000, "", "client");
  }

  resume(): void {}

  #end(code: number, reason: string, by: "client" | "server"): void {
    this.isOpen = false;
    this.#receiver.onClose(code, reason, by);
    this.#onGone();
  }
}
