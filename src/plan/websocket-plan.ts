import type { MethodPlan, StagePlan } from "./plan.ts";
import type { TextPlan } from "./values.ts";

/** The plan of a stage of a WebSocket API. */
export interface WebSocketPlan extends StagePlan {
  readonly kind: "websocket";
  /** Makes of a message the key of its route. */
  readonly routeSelection: TextPlan;
  /** The JSON Schemas, as text, of the models that messages are validated with, by name. */
  readonly models?: Readonly<Record<string, string>>;
  /** Indexes in `methods` by route key, `$connect`, `$disconnect` and `$default` among them. */
  readonly routes: Readonly<Record<string, number>>;
  /** The routes. */
  readonly methods: readonly WebSocketRoutePlan[];
}

export interface WebSocketRoutePlan extends MethodPlan {
  readonly routeId: string;
  /** What the integration answers is sent to the client. */
  readonly isTwoWay: boolean;
}

/** The keys of the routes that API Gateway itself calls. */
export const connectKey = "$connect";
export const disconnectKey = "$disconnect";
export const defaultKey = "$default";
