import type { StagePlan } from "../../plan/plan.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { ProgramLife } from "../program-life.ts";
import type { WebSocketSession } from "./websocket-session.ts";

/** What a stage of a WebSocket API does with what comes on its connections. */
export interface MessageProgram {
  readonly plan: Pick<StagePlan, "account">;
  readonly life: Pick<ProgramLife, "countSent" | "hold">;
  readonly logger: Logger;
  /** Runs the route of a message, and tells the session once when it is answered. */
  receive(session: WebSocketSession, message: Buffer): void;
  /** Runs the route `$disconnect`, if there is one. */
  disconnect(session: WebSocketSession, code: number, reason: string): void;
}
