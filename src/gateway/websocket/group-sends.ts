import { bounds } from "../../base/bounds.ts";
import { makeTextFrame, type TextFrame } from "../../http/websocket/frames.ts";
import type { Delivery, SendCounts } from "./stage-call.ts";

/** Who is sent a message of many. */
export interface Recipient {
  /** Whether messages reach it, or are kept for it. */
  readonly isReachable: boolean;
  deliver(frame: TextFrame): Delivery;
}

interface Send {
  readonly frame: TextFrame;
  readonly recipients: readonly Recipient[];
  /** How many were sent to, or tried. */
  at: number;
  readonly counts: { sent: number; kept: number; gone: number; tooSlow: number };
  readonly done: (counts: SendCounts) => void;
}

const nothing = makeTextFrame("");
const sendsMax = bounds.connectionSendsMax.value;
const turn = bounds.connectionSendTurn.value;

const counterOf = { sent: "sent", kept: "kept", full: "tooSlow" } as const satisfies Record<Delivery, keyof SendCounts>;

/**
 * Sends messages to many connections of a gateway thread, one message after another, so that all get them in one order. Other
 * work has its turn in between.
 */
export class GroupSends {
  readonly #sends: Send[] = [];
  readonly #later: (run: () => void) => void;

  /** `later` runs a function when other work had its turn. */
  constructor(later: (run: () => void) => void = setImmediate) {
    this.#later = later;
  }

  /** Sends a message, and calls `done` when all were tried. Returns false if too many messages wait already. */
  send(message: Buffer, recipients: readonly Recipient[], done: (counts: SendCounts) => void): boolean {
    if (this.#sends.length >= sendsMax) return false;
    const counts = { sent: 0, kept: 0, gone: 0, tooSlow: 0 };
    this.#sends.push({ frame: makeTextFrame(message), recipients, at: 0, counts, done });
    if (this.#sends.length === 1) this.#run();
    return true;
  }

  /** Calls `done` when all messages that wait now were tried. */
  afterThose(done: () => void): void {
    if (this.#sends.length === 0) done();
    else {
      const counts = { sent: 0, kept: 0, gone: 0, tooSlow: 0 };
      this.#sends.push({ frame: nothing, recipients: [], at: 0, counts, done });
    }
  }

  readonly #run = (): void => {
    const send = this.#sends[0]!;
    const { frame, recipients, counts } = send;
    const end = Math.min(recipients.length, send.at + turn);
    for (; send.at < end; send.at++) {
      const recipient = recipients[send.at]!;
      counts[recipient.isReachable ? counterOf[recipient.deliver(frame)] : "gone"]++;
    }
    if (end < recipients.length) {
      this.#later(this.#run);
      return;
    }
    this.#sends.shift();
    if (this.#sends.length > 0) this.#later(this.#run);
    send.done(counts);
  };
}
