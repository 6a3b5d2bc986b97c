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
import type { StageCall, StageDirectory, StageOutcome } from "../gateway/websocket/stage-call.ts";

/** Messages between gateway threads. An outcome repeats the bytes of its call. */
type BetweenThreads =
  | ({ readonly kind: "call"; readonly target: ConnectionTarget; readonly call: ConnectionCall } & CallWeight)
  | ({ readonly kind: "outcome"; readonly outcome: ConnectionOutcome } & CallWeight)
  | ({ readonly kind: "stage-call"; readonly stageKey: string; readonly call: StageCall } & CallWeight)
  | ({ readonly kind: "stage-outcome"; readonly outcome: StageOutcome } & CallWeight);

/** What a call and its outcome have in common. */
interface CallWeight {
  readonly id: number;
  readonly bytes: number;
}

const callsMax = bounds.connectionCallsMax.value;
const callsBytesMax = bounds.connectionCallsBytesMax.value;

export interface ConnectionMeshOptions {
  /** The number of this thread. */
  readonly thread: number;
  /** Makes a call of a connection of this thread. */
  readonly callHere: (target: ConnectionTarget, call: ConnectionCall) => ConnectionOutcome;
  /** Makes a call of a stage's connections in this thread, and tells `done` once what became of it. */
  readonly callStageHere: (stageKey: string, call: StageCall, done: (outcome: StageOutcome) => void) => void;
  /** How long another thread may take, in milliseconds. */
  readonly callMsMax: number;
}

/** Another thread. */
interface Peer {
  readonly port: MessagePort;
  /** The calls that it has not answered, and their bytes, whether somebody still waits or not. */
  calls: number;
  bytes: number;
}

/**
 * Makes calls of connections in whichever thread they are: each two gateway threads have a channel. What is on its way is
 * bounded, and so is the time that it takes; the connections of a thread that ends are gone.
 */
export class ConnectionMesh implements ConnectionDirectory, StageDirectory {
  readonly #options: ConnectionMeshOptions;
  readonly #peers = new Map<number, Peer>();
  readonly #calls = new PendingAnswers<ConnectionOutcome>();
  readonly #stageCalls = new PendingAnswers<StageOutcome>();

  constructor(options: ConnectionMeshOptions) {
    this.#options = options;
  }

  /** Takes the channel to another thread, in the place of one that ended. */
  meet(thread: number, port: MessagePort): void {
    this.#peers.get(thread)?.port.close();
    const peer: Peer = { port, calls: 0, bytes: 0 };
    this.#peers.set(thread, peer);
    const tell = (message: BetweenThreads): void => port.postMessage(message);
    const settled = (bytes: number): void => {
      peer.calls--;
      peer.bytes -= bytes;
    };
    const handlers: Handlers<BetweenThreads> = {
      call: ({ id, bytes, target, call }) =>
        tell({ kind: "outcome", id, bytes, outcome: this.#options.callHere(target, call) }),
      outcome: ({ id, bytes, outcome }) => {
        settled(bytes);
        this.#calls.settle(id, outcome);
      },
      "stage-call": ({ id, bytes, stageKey, call }) =>
        this.#options.callStageHere(stageKey, call, (outcome) => tell({ kind: "stage-outcome", id, bytes, outcome })),
      "stage-outcome": ({ id, bytes, outcome }) => {
        settled(bytes);
        this.#stageCalls.settle(id, outcome);
      },
    };
    port.on("message", (message: BetweenThreads) => dispatch(handlers, message));
    port.on("close", () => {
      this.#calls.bury(peer);
      this.#stageCalls.bury(peer);
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
    const bytes = bytesOf(call);
    if (!hasRoom(peer, bytes)) return { kind: "busy" };
    const send = (id: number): void =>
      post(peer, bytes, (sent) => ({ kind: "call", id, bytes, target, call: sent }), call);
    const outcome = await this.#calls.ask({ peer, send, withinMs: this.#options.callMsMax });
    return answerOf(outcome);
  }

  callAll(
    stageKey: string,
    call: StageCall,
    done: (outcomes: readonly StageOutcome[]) => void,
    onEach: (outcome: StageOutcome) => void = () => undefined,
  ): void {
    const bytes = bytesOf(call);
    const peers = [...this.#peers.values()];
    if (peers.some((peer) => !hasRoom(peer, bytes))) {
      done([{ kind: "busy" }]);
      return;
    }
    const here = new Promise<StageOutcome>((resolve) => this.#options.callStageHere(stageKey, call, resolve));
    const there = peers.map(async (peer) => {
      const send = (id: number): void =>
        post(peer, bytes, (sent) => ({ kind: "stage-call", id, bytes, stageKey, call: sent }), call);
      return answerOf(await this.#stageCalls.ask({ peer, send, withinMs: this.#options.callMsMax }));
    });
    const answers = [here, ...there].map(async (answer) => {
      const outcome = await answer;
      onEach(outcome);
      return outcome;
    });
    void Promise.all(answers).then(done);
  }
}

function bytesOf(call: ConnectionCall | StageCall): number {
  if ("data" in call) return call.data.byteLength;
  return call.kind === "will" ? (call.will?.data.byteLength ?? 0) : 0;
}

/** What a thread that hangs has not read is still in memory, also when nobody waits any more. */
const hasRoom = ({ calls, bytes }: Peer, more: number): boolean => calls < callsMax && bytes + more <= callsBytesMax;

function post<Call extends ConnectionCall | StageCall>(
  peer: Peer,
  bytes: number,
  messageOf: (call: Call) => BetweenThreads,
  call: Call,
): void {
  peer.calls++;
  peer.bytes += bytes;
  if (!("data" in call)) peer.port.postMessage(messageOf(call));
  else {
    // Of a piece of a larger buffer, all of it would be sent.
    const data = new Uint8Array(call.data);
    peer.port.postMessage(messageOf({ ...call, data }), [data.buffer]);
  }
}

function answerOf<Answer>(outcome: AnswerOutcome<Answer>): Answer | { readonly kind: "gone" | "busy" | "late" } {
  if (outcome.kind === "answer") return outcome.answer;
  return outcome.kind === "lost" ? { kind: "gone" } : outcome;
}
