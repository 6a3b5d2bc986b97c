/**
 * What makes parts of a REST API valid, with AWS's words. Each check answers undefined, or the message that AWS gives.
 * The operations of the management API and the OpenAPI import use the same checks; the import puts
 * `Unable to create resource at path '/x': ` and the like before them.
 */
import type { Integration, IntegrationResponse, Method, MethodResponse } from "./rest-api.ts";

/** A resource's path part: `[a-zA-Z0-9._\-:]`, `{name}` or `{name+}`. */
export function checkPathPart(_pathPart: string): string | undefined {
  throw new Error("written by the owner of definition/");
}

/** A new child beside its siblings' path parts, below a parent with `parentPathPart`. */
export function checkSiblings(
  _pathPart: string,
  _siblings: readonly string[],
  _parentPathPart: string | undefined,
): string | undefined {
  throw new Error("written by the owner of definition/");
}

/** What a method refers to exists: authorizer, validator, models. */
export interface References {
  hasAuthorizer(id: string): boolean;
  hasRequestValidator(id: string): boolean;
  hasModel(name: string): boolean;
}

export function checkMethod(_method: Method, _references: References): string | undefined {
  throw new Error("written by the owner of definition/");
}

export function checkMethodResponse(_response: MethodResponse, _references: References): string | undefined {
  throw new Error("written by the owner of definition/");
}

/** An integration on its method, whose `requestParameters` the mappings may use. */
export function checkIntegration(_method: Method, _integration: Integration): string | undefined {
  throw new Error("written by the owner of definition/");
}

export function checkIntegrationResponse(_method: Method, _response: IntegrationResponse): string | undefined {
  throw new Error("written by the owner of definition/");
}

/** A model's name and JSON Schema (text). */
export function checkModel(_name: string, _schema: string | undefined): string | undefined {
  throw new Error("written by the owner of definition/");
}

/** An integration with AWS's defaults filled in (passthroughBehavior, timeoutInMillis, cacheNamespace, cacheKeyParameters…). */
export function completeIntegration(_integration: Integration, _resourceId: string): Integration {
  throw new Error("written by the owner of definition/");
}
