import { makeConnectionId } from "./connection-id.ts";
import type { MessageProgram } from "./message-program.ts";
import type { WebSocketSession } from "./websocket-session.ts";

/** A stage from where it is first served to where it is removed, over all of its deployments. */
interface LiveStage {
  program: MessageProgram;
}

/** The WebSockets of a gateway thread, and the programs that take their messages. */
export class LiveConnections {
  readonly #thread: number;
  readonly #sessions = new Map<string, WebSocketSession>();
  /** By the stage's key. A connection outlives the deployment that it was made by, but not the stage. */
  readonly #stages = new Map<string, LiveStage>();

  /** `thread` is the number of the thread, which ids name. */
  constructor(thread: number) {
    this.#thread = thread;
  }

  makeId(): string {
    return makeConnectionId(this.#thread);
  }

  add(session: WebSocketSession): void {
    this.#sessions.set(session.id, session);
  }

  /** Returns false if it was not among them. */
  remove(session: WebSocketSession): boolean {
    return this.#sessions.delete(session.id);
  }

  find(id: string): WebSocketSession | undefined {
    return this.#sessions.get(id);
  }

  /** Serves a stage's messages with this program from now on. Without one the stage is gone, and so are its connections. */
  serve(key: string, program: MessageProgram | undefined): void {
    const stage = this.#stages.get(key);
    if (program !== undefined) {
      if (stage === undefined) this.#stages.set(key, { program });
      else stage.program = program;
      return;
    }
    if (stage === undefined) return;
    // The route $disconnect runs as it was.
    for (const session of [...this.#sessions.values()]) if (session.key === key) session.close(1001, "Going away");
    this.#stages.delete(key);
  }

  /** Identifies the stage that is served now: one that is removed and made again is another, even with the same key. */
  stageOf(key: string): object | undefined {
    return this.#stages.get(key);
  }

  programOf(key: string): MessageProgram | undefined {
    return this.#stages.get(key)?.program;
  }
}
