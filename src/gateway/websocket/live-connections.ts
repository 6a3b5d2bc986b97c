import { bounds } from "../../base/bounds.ts";
import { makeConnectionId } from "./connection-id.ts";
import { LargeMessages } from "./large-messages.ts";
import type { MessageProgram } from "./message-program.ts";
import type { WebSocketSession } from "./websocket-session.ts";

const messageBytesMax = bounds.webSocketMessagesBytesMax.value;

/** A stage that is served, by whatever deployment. */
interface LiveStage {
  program: MessageProgram;
  readonly sessions: Set<WebSocketSession>;
}

/** The WebSockets of a gateway thread, and the programs that take their messages. */
export class LiveConnections {
  readonly #thread: number;
  readonly #sessions = new Map<string, WebSocketSession>();
  /** By the stage's key. A connection outlives the deployment that it was made by, but not the stage. */
  readonly #stages = new Map<string, LiveStage>();

  readonly large = new LargeMessages();
  /** The bytes of all messages that are under way. */
  #messageBytes = 0;

  /** `thread` is the number of the thread, which ids name. */
  constructor(thread: number) {
    this.#thread = thread;
  }

  /** Returns a place for connections of a stage that is not served, which nobody else finds. */
  apart(): LiveConnections {
    return new LiveConnections(this.#thread);
  }

  /** Counts a message that is under way, or returns false if there is no room for it. */
  begin(message: Buffer): boolean {
    if (this.#messageBytes + message.length > messageBytesMax) return false;
    this.#messageBytes += message.length;
    return true;
  }

  end(message: Buffer): void {
    this.#messageBytes -= message.length;
  }

  makeId(): string {
    return makeConnectionId(this.#thread);
  }

  add(session: WebSocketSession): void {
    this.#sessions.set(session.id, session);
    this.#stages.get(session.key)?.sessions.add(session);
  }

  /** Returns false if it was not among them. */
  remove(session: WebSocketSession): boolean {
    this.#stages.get(session.key)?.sessions.delete(session);
    return this.#sessions.delete(session.id);
  }

  find(id: string): WebSocketSession | undefined {
    return this.#sessions.get(id);
  }

  /**
   * Serves a stage's messages with this program from now on. Without one the stage is gone or closed, and so are its
   * connections. Those of another account's API, which had the same id before, end as well.
   */
  serve(key: string, program: MessageProgram | undefined): void {
    const stage = this.#stages.get(key);
    if (stage !== undefined && program?.plan.account === stage.program.plan.account) {
      stage.program = program;
      return;
    }
    // The route $disconnect runs as it was.
    for (const session of [...(stage?.sessions ?? [])]) session.close(1001, "Going away");
    if (program === undefined) this.#stages.delete(key);
    else this.#stages.set(key, { program, sessions: new Set() });
  }

  /** Identifies the stage that is served now: one that is removed and made again is another, even with the same key. */
  stageOf(key: string): object | undefined {
    return this.#stages.get(key);
  }

  /** Returns what takes the messages of a stage's connections. */
  programOf({ key, account }: Pick<WebSocketSession, "key" | "account">): MessageProgram | undefined {
    const program = this.#stages.get(key)?.program;
    return program?.plan.account === account ? program : undefined;
  }
}
