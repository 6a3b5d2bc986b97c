import { bounds } from "../../base/bounds.ts";
import type { StageDirectory } from "./stage-call.ts";

/** What is sent when a connection has ended without a close by either side. */
export interface LastWill {
  /** The group that gets it; undefined for all connections of the stage. */
  readonly group: string | undefined;
  /** Text, which is valid UTF-8. */
  readonly data: Uint8Array;
}

/** The will of a connection that has ended. */
interface DueWill {
  readonly stageKey: string;
  readonly will: LastWill;
  /** Returns false if the stage is gone: another one may have its name. */
  readonly isServed: () => boolean;
  /** Called if not all gateway threads have sent it. */
  readonly onUnsent: () => void;
}

const bytesMax = bounds.lastWillsBytesMax.value;
/** What a will takes besides its message. */
const overhead = 256;

/**
 * Counts the last wills of a gateway thread's connections, and sends those that are due, one after another: when many connections
 * are lost at once, their wills don't keep other messages from being sent.
 */
export class LastWills {
  readonly #callAll: StageDirectory["callAll"];
  readonly #due: DueWill[] = [];
  #bytes = 0;
  #isSending = false;

  constructor(callAll: StageDirectory["callAll"]) {
    this.#callAll = callAll;
  }

  /** Makes room for a will in place of another one. Returns false if there is none: the other one stays. */
  replace(old: LastWill | undefined, will: LastWill | undefined): boolean {
    const bytes = this.#bytes - bytesOf(old) + bytesOf(will);
    if (will !== undefined && bytes > bytesMax) return false;
    this.#bytes = bytes;
    return true;
  }

  /** Sends a will that was counted. */
  send(due: DueWill): void {
    this.#due.push(due);
    if (!this.#isSending) this.#sendNext();
  }

  readonly #sendNext = (): void => {
    const due = this.#due.shift();
    this.#isSending = due !== undefined;
    if (due === undefined) return;
    const { stageKey, will, isServed, onUnsent } = due;
    if (!isServed()) {
      this.replace(will, undefined);
      setImmediate(this.#sendNext);
      return;
    }
    this.#callAll(stageKey, { kind: "send", except: [], ...will }, (outcomes) => {
      this.replace(will, undefined);
      if (outcomes.some(({ kind }) => kind === "busy" || kind === "late")) onUnsent();
      // The next one has its turn when others had theirs.
      setImmediate(this.#sendNext);
    });
  };
}

const bytesOf = (will: LastWill | undefined): number => (will === undefined ? 0 : overhead + will.data.byteLength);
