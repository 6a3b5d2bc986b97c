import type { StagePlan } from "../../plan/plan.ts";
import type { WebSocketSession } from "./websocket-session.ts";

/** What a stage of a WebSocket API does with what comes on its connections. */
export interface MessageProgram {
  readonly plan: Pick<StagePlan, "account">;
  /** Runs the route of a message, and calls `done` once, when it is answered. */
  receive(session: WebSocketSession, message: Buffer, done: () => void): void;
  /** Runs the route `$disconnect`, if there is one. */
  disconnect(session: WebSocketSession, code: number, reason: string): void;
}
