import type { Plan } from "../plan/kinds.ts";
import type { LinkedAuthorizers } from "./authorizers/linked-authorizers.ts";
import type { LinkedModels } from "./linked-models.ts";
import type { LinkedResourcePolicy } from "./resource-policy.ts";
import type { ThreadContext } from "./thread-context.ts";

/** What a step is linked with besides its own plan. */
export interface LinkContext {
  readonly stage: Plan;
  readonly method: Plan["methods"][number];
  readonly thread: ThreadContext;
  /** The stage's models. Each is linked once, when a method first asks for it. */
  readonly models: LinkedModels;
  /** The stage's resource policy, for all steps that decide who may call. It is linked when a method first asks it. */
  readonly resourcePolicy: LinkedResourcePolicy;
  /** The stage's authorizers. Each is linked once, when a method first asks for it. */
  readonly authorizers: LinkedAuthorizers;
  /** Called when the program is retired and no request is on it. */
  onRetire(release: () => void): void;
}
