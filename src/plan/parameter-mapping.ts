import type { TextPlan } from "./values.ts";

/**
 * A parameter mapping of an HTTP API's integration.
 * AWS: API Gateway Developer Guide, "Transform API requests and responses for HTTP APIs in API Gateway".
 */
export interface ParameterMappingPlan {
  readonly action: "append" | "overwrite" | "remove";
  /** A request has header, querystring and path; a response has header and statuscode. */
  readonly place: "header" | "querystring" | "path" | "statuscode";
  /** Empty for path and statuscode. */
  readonly name: string;
  /** Empty for `remove`. Where the one source of a value is not there, what is to be overwritten goes all the same. */
  readonly value: TextPlan;
  /** The value as it is configured, for traces. */
  readonly source: string;
}

/** The mappings of requests. They read the request as it came, and not what other mappings make of it. */
export type RequestMappingsPlan = readonly ParameterMappingPlan[];

/** The mappings of responses by the integration's status. */
export type ResponseMappingsPlan = Readonly<Record<string, readonly ParameterMappingPlan[]>>;
