import type { AuthorizerPlan } from "../plan/authorizers.ts";
import { closed, Refusal } from "./refusal.ts";

/** A kind of API's authorizers: how one is told apart, and compiled. */
export interface AuthorizerSource<Authorizer> {
  /** The authorizers by their ids. */
  readonly byId: ReadonlyMap<string, Authorizer>;
  readonly typeOf: (authorizer: Authorizer) => string;
  /** Throws a refusal for an authorizer that can't be run. */
  readonly compile: (authorizer: Authorizer) => AuthorizerPlan;
}

/** The authorizers of an API while its methods are compiled. Each is compiled once, and the used ones go into the plan. */
export class AuthorizerSet<Authorizer> {
  readonly #source: AuthorizerSource<Authorizer>;
  /** The plan, or why there is none. */
  readonly #compiled = new Map<string, AuthorizerPlan | Refusal>();

  constructor(source: AuthorizerSource<Authorizer>) {
    this.#source = source;
  }

  /**
   * Adds a method's authorizer to the plan and returns its id. Throws a refusal if it is not there, is of no type that
   * `authorizationType` allows, or can't be run.
   */
  use(
    {
      authorizationType,
      authorizerId,
    }: { readonly authorizationType: string; readonly authorizerId?: string | undefined },
    types: readonly string[],
  ): string {
    const { byId, typeOf, compile } = this.#source;
    const authorizer = authorizerId === undefined ? undefined : byId.get(authorizerId);
    if (authorizerId === undefined || authorizer === undefined) {
      throw closed(`authorizationType ${authorizationType} (its authorizer ${authorizerId ?? ""} is not there)`);
    }
    const type = typeOf(authorizer);
    if (!types.includes(type)) {
      throw closed(`authorizationType ${authorizationType} (its authorizer ${authorizerId} is a ${type})`);
    }
    let compiled = this.#compiled.get(authorizerId);
    if (compiled === undefined) {
      compiled = attempt(() => compile(authorizer));
      this.#compiled.set(authorizerId, compiled);
    }
    if (compiled instanceof Refusal) throw compiled;
    return authorizerId;
  }

  /** The plans of all used authorizers, by id; undefined if none was used. */
  get used(): Readonly<Record<string, AuthorizerPlan>> | undefined {
    const plans = [...this.#compiled.values()].flatMap((compiled) => (compiled instanceof Refusal ? [] : [compiled]));
    if (plans.length === 0) return undefined;
    return Object.fromEntries(plans.sort(byPlanId).map((plan) => [plan.id, plan]));
  }
}

const byPlanId = (left: AuthorizerPlan, right: AuthorizerPlan): number => (left.id < right.id ? -1 : 1);

function attempt(compile: () => AuthorizerPlan): AuthorizerPlan | Refusal {
  try {
    return compile();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
