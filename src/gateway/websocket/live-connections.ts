import { makeConnectionId } from "./connection-id.ts";
import type { MessageProgram } from "./message-program.ts";
import type { WebSocketSession } from "./websocket-session.ts";

/** The WebSockets of a gateway thread, and the programs that take their messages. */
export class LiveConnections {
  readonly #thread: number;
  readonly #sessions = new Map<string, WebSocketSession>();
  /** What a stage serves now, by its key. A connection outlives the deployment that it was made by. */
  readonly #programs = new Map<string, MessageProgram>();

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

  remove(session: WebSocketSession): void {
    this.#sessions.delete(session.id);
  }

  find(id: string): WebSocketSession | undefined {
    return this.#sessions.get(id);
  }

  /** Serves a stage's messages with this program from now on. Without one the stage is gone, and so are its connections. */
  serve(key: string, program: MessageProgram | undefined): void {
    if (program !== undefined) {
      this.#programs.set(key, program);
      return;
    }
    if (!this.#programs.has(key)) return;
    // The route $disconnect runs as it was.
    for (const session of [...this.#sessions.values()]) if (session.key === key) session.close(1001, "Going away");
    this.#programs.delete(key);
  }

  programOf(key: string): MessageProgram | undefined {
    return this.#programs.get(key);
  }
}
