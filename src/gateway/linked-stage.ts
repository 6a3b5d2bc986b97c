import type { Plan } from "../plan/kinds.ts";
import { linkAuthorizer } from "./authorizers/link-authorizer.ts";
import { LinkedAuthorizers } from "./authorizers/linked-authorizers.ts";
import { LinkedMethods } from "./linked-methods.ts";
import { LinkedModels } from "./linked-models.ts";
import type { ProgramLife } from "./program-life.ts";
import { LinkedResourcePolicy } from "./resource-policy.ts";
import type { ThreadContext } from "./thread-context.ts";

/** What the programs of all kinds of API are made of. */
export interface LinkedStage {
  readonly thread: ThreadContext;
  readonly life: ProgramLife;
  readonly methods: LinkedMethods;
}

/** Links what a plan has of every kind of API: its methods, with the authorizers, models and the policy that they share. */
export function linkStage(plan: Plan, thread: ThreadContext, life: ProgramLife): LinkedStage {
  const onRetire = (release: () => void): void => life.onRetire(release);
  const authorizers = new LinkedAuthorizers(plan.authorizers ?? {}, (authorizer) =>
    linkAuthorizer(authorizer, { stage: plan, thread, onRetire }),
  );
  const models = new LinkedModels(("models" in plan ? plan.models : undefined) ?? {});
  const resourcePolicy = new LinkedResourcePolicy(plan);
  const context = { stage: plan, thread, models, authorizers, resourcePolicy, onRetire };
  return { thread, life, methods: new LinkedMethods(plan.methods, context) };
}
