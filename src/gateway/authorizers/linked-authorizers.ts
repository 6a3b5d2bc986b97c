import type { AuthorizerPlan } from "../../plan/authorizers.ts";
import type { LinkedAuthorizer } from "./link-authorizer.ts";

/** A stage's authorizers. Each is linked once, however many methods it guards. */
export class LinkedAuthorizers {
  readonly #plans: Readonly<Record<string, AuthorizerPlan>>;
  readonly #link: (plan: AuthorizerPlan) => LinkedAuthorizer;
  readonly #linked = new Map<string, LinkedAuthorizer>();

  constructor(plans: Readonly<Record<string, AuthorizerPlan>>, link: (plan: AuthorizerPlan) => LinkedAuthorizer) {
    this.#plans = plans;
    this.#link = link;
  }

  /** Returns an authorizer. Throws for one that the plan lacks, which is a bug: the stage is then closed. */
  get(id: string): LinkedAuthorizer {
    let linked = this.#linked.get(id);
    if (linked === undefined) {
      const plan = Object.hasOwn(this.#plans, id) ? this.#plans[id] : undefined;
      if (plan === undefined) throw new Error(`the plan has no authorizer ${id}`);
      linked = this.#link(plan);
      this.#linked.set(id, linked);
    }
    return linked;
  }
}
