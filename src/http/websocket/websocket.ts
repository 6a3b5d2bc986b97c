import type { TextFrame } from "./frames.ts";

/**
 * How a request asks for a WebSocket: not at all, rightly, with the reason why it gets none, or rightly while there are as many as
 * the server may have.
 */
export type WebSocketWish = "none" | "asked" | "crowded" | { readonly problem: string };

export interface WebSocketLimits {
  /** The greatest payload of one frame that a client sends. */
  readonly frameBytesMax: number;
  /** The greatest message that a client sends, in however many frames. */
  readonly messageBytesMax: number;
  /** How long nothing may come or go. */
  readonly idleMs: number;
  readonly lifeMs: number;
  /** How much may wait for a client that reads slowly, before the next message. */
  readonly unsentBytesMax: number;
}

/** Who closed a WebSocket: `idle` if the server did because nothing came or went, `lost` if it ended without a closing. */
export type ClosedBy = "client" | "server" | "idle" | "lost";

/** What is counted of WebSockets: their beginnings and ends, and the text messages of clients and for them. */
export type WebSocketEvent = "opened" | "closed" | "received" | "sent";

/** Gets what happens to a WebSocket. An exception that it throws closes that WebSocket and no other. */
export interface WebSocketReceiver {
  /** Takes a whole text message, which is valid UTF-8. Returning false asks for nothing more until the peer's `resume`. */
  onText(message: Buffer): boolean;
  /**
   * Called once, whatever ended it. The code is the client's (1005 if it gave none), ours, or 1006 if the connection was lost;
   * the reason is the client's own, or ours.
   */
  onClose(code: number, reason: string, by: ClosedBy): void;
  /** Called when what waited was sent, after a `send` that returned false. */
  onDrain(): void;
}

/** The client's end of a WebSocket. Nothing here throws because of the client. */
export interface WebSocketPeer {
  /** Sends a text message; bytes that are not UTF-8 become U+FFFD. Returns false if it was not taken: too much waits already, or the WebSocket is not open. */
  send(text: Buffer | string): boolean;
  /** The same for a message that many clients are sent. */
  sendFrame(frame: TextFrame): boolean;
  /** Closes it with a code and a reason of at most 123 bytes. `onClose` is called before this returns. */
  close(code: number, reason: string): void;
  /** Goes on reading after an `onText` that returned false. */
  resume(): void;
  /** Bytes that were sent and that the system has not taken. */
  readonly unsentBytes: number;
  /** Milliseconds since 1970, coarse: when something last came or went. */
  readonly lastActiveMs: number;
  readonly isOpen: boolean;
}
