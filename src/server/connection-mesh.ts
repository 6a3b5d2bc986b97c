import type { MessagePort } from "node:worker_threads";
import { bounds } from "../base/bounds.ts";
import { dispatch, type Handlers } from "../base/dispatch.ts";
import { type AnswerOutcome, PendingAnswers } from "../base/pending-answers.ts";
import type {
  ConnectionCall,
  ConnectionDirectory,
  ConnectionOutcome,
  ConnectionTarget,
} from "../gateway/websocket/connection-call.ts";
import { threadOf } from "../gateway/websocket/connection-id.ts";

/** Messages between gateway threads. */
type BetweenThreads =
  | { readonly kind: "call"; readonly id: number; readonly target: ConnectionTarget; readonly call: ConnectionCall }
  | { readonly kind: "outcome"; readonly id: number; readonly outcome: ConnectionOutcome };

const callsMax = bounds.connectionCallsMax.value;
const callsBytesMax = bounds.connectionCallsBytesMax.value;

export interface ConnectionMeshOptions {
  /** The number of this thread. */
  readonly thread: number;
  /** Makes a call of a connection of this thread. */
  readonly callHere: (target: ConnectionTarget, call: ConnectionCall) => ConnectionOutcome;
  /** How long another thread may take, in milliseconds. */
  readonly callMsMax: number;
}

/** Another thread. */
interface Peer {
  readonly port: MessagePort;
  /** The bytes of each call that it has not answered, whether somebody still waits or not. */
  readonly calls: Map<number, number>;
  bytes: number;
}

/**
 * Makes calls of connections in whichever thread they are: each two gateway threads have a channel. What is on its way is
 * bounded, and so is the time that it takes; the connections of a thread that ends are gone.
 */
export class ConnectionMesh implements ConnectionDirectory {
  readonly #options: ConnectionMeshOptions;
  readonly #peers = new Map<number, Peer>();
  readonly #calls = new PendingAnswers<ConnectionOutcome>();

  constructor(options: ConnectionMeshOptions) {
    this.#options = options;
  }

  /** Takes the channel to another thread, in the place of one that ended. */
  meet(thread: number, port: MessagePort): void {
    this.#peers.get(thread)?.port.close();
    const peer: Peer = { port, calls: new Map(), bytes: 0 };
    this.#peers.set(thread, peer);
    const handlers: Handlers<BetweenThreads> = {
      call: ({ id, target, call }) => {
        const outcome = this.#options.callHere(target, call);
        port.postMessage({ kind: "outcome", id, outcome } satisfies BetweenThreads);
      },
      outcome: ({ id, outcome }) => {
        peer.bytes -= peer.calls.get(id) ?? 0;
        peer.calls.delete(id);
        this.#calls.settle(id, outcome);
      },
    };
    port.on("message", (message: BetweenThreads) => dispatch(handlers, message));
    port.on("close", () => {
      this.#calls.bury(peer);
      if (this.#peers.get(thread) === peer) this.#peers.delete(thread);
    });
  }

  call(target: ConnectionTarget, call: ConnectionCall, done: (outcome: ConnectionOutcome) => void): void {
    const thread = threadOf(target.connectionId);
    if (thread === this.#options.thread) {
      done(this.#options.callHere(target, call));
      return;
    }
    const peer = thread === undefined ? undefined : this.#peers.get(thread);
    if (peer === undefined) done({ kind: "gone" });
    else void this.#ask(peer, target, call).then(done);
  }

  close(): void {
    for (const { port } of this.#peers.values()) port.close();
  }

  async #ask(peer: Peer, target: ConnectionTarget, call: ConnectionCall): Promise<ConnectionOutcome> {
    const bytes = call.kind === "post" ? call.data.byteLength : 0;
    // What a thread that hangs has not read is still in memory, also when nobody waits any more.
    if (peer.calls.size >= callsMax || peer.bytes + bytes > callsBytesMax) return { kind: "busy" };
    const outcome = await this.#calls.ask({
      peer,
      send: (id) => {
        peer.calls.set(id, bytes);
        peer.bytes += bytes;
        if (call.kind !== "post") peer.port.postMessage({ kind: "call", id, target, call } satisfies BetweenThreads);
        else {
          // Of a piece of a larger buffer, all of it would be sent.
          const data = new Uint8Array(call.data);
          const message: BetweenThreads = { kind: "call", id, target, call: { kind: "post", data } };
          peer.port.postMessage(message, [data.buffer]);
        }
      },
      withinMs: this.#options.callMsMax,
    });
    return outcomeOf(outcome);
  }
}

function outcomeOf(outcome: AnswerOutcome<ConnectionOutcome>): ConnectionOutcome {
  if (outcome.kind === "answer") return outcome.answer;
  return outcome.kind === "lost" ? { kind: "gone" } : outcome;
}
