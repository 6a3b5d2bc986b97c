import type { HttpAuthorizer } from "../../definition/http-api.ts";
import type { AuthorizerPlan } from "../../plan/authorizers.ts";
import type { RoleAsker } from "../compile-credentials.ts";

/** The authorizers of an API while its routes are compiled. Each is compiled once, and the used ones go into the plan. */
export class RouteAuthorizers {
  readonly #compiled = new Map<string, AuthorizerPlan>();

  constructor(_authorizers: readonly HttpAuthorizer[], _apiArn: string, _asker: Omit<RoleAsker, "methodArn">) {}

  /** The plans of all used authorizers, by id; undefined if none was used. */
  get used(): Readonly<Record<string, AuthorizerPlan>> | undefined {
    return this.#compiled.size === 0 ? undefined : Object.fromEntries(this.#compiled);
  }
}
