import type { IntegrationResponse, Method } from "@aws-sdk/client-api-gateway";
import {
  type ApiState,
  functionOf,
  headerParameter,
  integrationResponsesOf,
  isJsonBinary,
  isProxy,
  mappedHeader,
  type ResourceState,
  withHeader,
} from "./api-state.ts";

export interface CorsSettings {
  /** `*` or one origin, because an answer can't name more. */
  readonly origin: string;
  /** The allowed methods, instead of those that each resource has. */
  readonly methods: readonly string[] | undefined;
  readonly headers: readonly string[];
  readonly credentials: boolean;
  readonly maxAgeSeconds: number | undefined;
  /** The resources' paths; undefined for all that have methods. */
  readonly paths: readonly string[] | undefined;
  /** Errors also name the origin. AWS's console covers successes only. */
  readonly allAnswers: boolean;
}

/** The headers that AWS's console proposes. */
export const usualHeaders = ["Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token"];

/** One call of the management API. */
export interface CorsChange {
  /** `OPTIONS /pets`, or `gateway response DEFAULT_4XX`. */
  readonly of: string;
  /** The change in words; empty if another change says it. */
  readonly lines: readonly string[];
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface CorsPlan {
  readonly changes: readonly CorsChange[];
  /** Tasks that are left to the user. */
  readonly notes: readonly string[];
}

/**
 * Returns the changes that let pages of another origin call an API. Parts that are right are not touched, so a plan of
 * the planned state is empty.
 * AWS: API Gateway Developer Guide, "Enable CORS on a resource using the API Gateway console".
 */
export function planCors(api: ApiState, settings: CorsSettings): CorsPlan {
  const plan = new Planner(api, settings);
  for (const resource of api.resources) {
    if (settings.paths !== undefined && !settings.paths.includes(resource.path)) continue;
    plan.addPreflight(resource);
    for (const [verb, method] of resource.methods) if (verb !== "OPTIONS") plan.addAnswers(resource, verb, method);
  }
  plan.addGatewayResponses();
  return { changes: plan.changes, notes: plan.notes };
}

/** The verbs that AWS's console writes for `ANY`. */
const anyVerbs = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
const preflightStatus = "200";
const preflightTemplate = '{"statusCode": 200}';

class Planner {
  readonly changes: CorsChange[] = [];
  readonly notes: string[] = [];
  readonly #api: ApiState;
  readonly #settings: CorsSettings;

  constructor(api: ApiState, settings: CorsSettings) {
    this.#api = api;
    this.#settings = settings;
  }

  /** Adds OPTIONS: a MOCK that answers 200 with the allowed methods and headers. */
  addPreflight(resource: ResourceState): void {
    const headers = this.#preflightHeaders(resource);
    const method = resource.methods.get("OPTIONS");
    if (method === undefined || method.methodIntegration === undefined) {
      this.#addNewPreflight(resource, headers, method);
      return;
    }
    const of = `OPTIONS ${resource.path}`;
    if (method.methodIntegration.type !== "MOCK") {
      this.notes.push(`${of} is answered by ${describeBackend(method)}, and left as it is: it must answer preflights`);
      return;
    }
    this.#openPreflight(of, resource, method);
    const answers = integrationResponsesOf(method).filter(isSuccess);
    if (answers.length === 0) this.#addAnswer(of, resource, method, headers);
    for (const answer of answers) this.#setHeaders(of, resource, "OPTIONS", method, answer, headers);
  }

  #addNewPreflight(resource: ResourceState, headers: Headers, method: Method | undefined): void {
    const of = `OPTIONS ${resource.path}`;
    const target = this.#target(resource, "OPTIONS");
    if (!method) this.#add(of, ["a new method, for everybody"], "PutMethod", { ...target, authorizationType: "NONE" });
    else this.#openPreflight(of, resource, method);
    this.#add(of, ["a MOCK integration that answers 200"], "PutIntegration", {
      ...target,
      type: "MOCK",
      requestTemplates: { "application/json": preflightTemplate },
      // AWS: the page above recommends NEVER.
      passthroughBehavior: "NEVER",
      ...(isJsonBinary(this.#api.binaryMediaTypes) && { contentHandling: "CONVERT_TO_TEXT" }),
    });
    this.#addAnswer(of, resource, method, headers);
  }

  #addAnswer(of: string, resource: ResourceState, method: Method | undefined, headers: Headers): void {
    const statusCode = preflightStatus;
    const target = { ...this.#target(resource, "OPTIONS"), statusCode };
    this.#declareHeaders(of, target, method, headers);
    this.#add(of, linesOf(headers, `${statusCode} `), "PutIntegrationResponse", {
      ...target,
      responseParameters: Object.fromEntries(
        sent(headers).map(([name, value]) => [headerParameter(name), `'${value}'`]),
      ),
      responseTemplates: { "application/json": "" },
    });
  }

  /** A browser sends a preflight without keys, tokens and cookies. */
  #openPreflight(of: string, resource: ResourceState, method: Method): void {
    const target = this.#target(resource, "OPTIONS");
    const patchOperations: object[] = [];
    if (method.authorizationType !== "NONE")
      patchOperations.push({ op: "replace", path: "/authorizationType", value: "NONE" });
    if (method.apiKeyRequired) patchOperations.push({ op: "replace", path: "/apiKeyRequired", value: "false" });
    if (patchOperations.length > 0)
      this.#add(of, ["without authorization and API key: preflights have neither"], "UpdateMethod", {
        ...target,
        patchOperations,
      });
    const { methodIntegration } = method;
    if (methodIntegration?.type !== "MOCK") return;
    if (isJsonBinary(this.#api.binaryMediaTypes) && methodIntegration.contentHandling !== "CONVERT_TO_TEXT")
      this.#add(of, ["contentHandling CONVERT_TO_TEXT: JSON is one of the binary media types"], "UpdateIntegration", {
        ...target,
        patchOperations: [{ op: "replace", path: "/contentHandling", value: "CONVERT_TO_TEXT" }],
      });
    if (!methodIntegration.requestTemplates?.["application/json"])
      this.#add(of, ["a request template that chooses 200"], "UpdateIntegration", {
        ...target,
        patchOperations: [{ op: "add", path: "/requestTemplates/application~1json", value: preflightTemplate }],
      });
  }

  /** Lets the answers of a method name the origin. A proxy integration's answers are the backend's alone. */
  addAnswers(resource: ResourceState, verb: string, method: Method): void {
    const of = `${verb} ${resource.path}`;
    const headers = this.#answerHeaders();
    const integration = method.methodIntegration;
    if (!integration) return;
    if (isProxy(method)) {
      this.notes.push(`${of}: ${describeBackend(method)} itself has to answer ${linesOf(headers).join(", ")}`);
      return;
    }
    const answers = integrationResponsesOf(method);
    const wanted = answers.filter((answer) => this.#settings.allAnswers || isSuccess(answer));
    for (const answer of wanted) this.#setHeaders(of, resource, verb, method, answer, headers);
    const left = answers.filter((answer) => !wanted.includes(answer) && !mappedHeader(answer, allowOrigin));
    if (left.length > 0)
      this.notes.push(
        `${of}: pages can't read its ${left.map(({ statusCode }) => statusCode).join(", ")}; --all-answers lets them`,
      );
    if (answers.length === 0) this.notes.push(`${of} has no integration response, so it answers 500`);
  }

  /**
   * Lets the gateway's own errors name the origin. A customised type has only its own headers, not those of the
   * defaults.
   */
  addGatewayResponses(): void {
    const headers = this.#answerHeaders();
    const customised = this.#api.gatewayResponses.map(({ responseType }) => String(responseType));
    for (const responseType of new Set(["DEFAULT_4XX", "DEFAULT_5XX", ...customised])) {
      const parameters = this.#api.gatewayResponses.find(
        (one) => one.responseType === responseType,
      )?.responseParameters;
      const { lines, patchOperations } = setHeaders(parameters, "gatewayresponse.header.", headers);
      if (patchOperations.length > 0)
        this.#add(`gateway response ${responseType}`, lines, "UpdateGatewayResponse", {
          restApiId: this.#api.restApiId,
          responseType,
          patchOperations,
        });
    }
  }

  #setHeaders(
    of: string,
    resource: ResourceState,
    verb: string,
    method: Method,
    answer: IntegrationResponse,
    headers: Headers,
  ): void {
    const statusCode = String(answer.statusCode);
    const target = { ...this.#target(resource, verb), statusCode };
    this.#declareHeaders(of, target, method, headers);
    const { lines, patchOperations } = setHeaders(answer.responseParameters, headerParameter(""), headers);
    if (patchOperations.length > 0)
      this.#add(
        of,
        lines.map((line) => `${statusCode} ${line}`),
        "UpdateIntegrationResponse",
        { ...target, patchOperations },
      );
  }

  /** Declares headers in a method response. A mapping to an undeclared header is refused. */
  #declareHeaders(
    of: string,
    target: { readonly statusCode: string },
    method: Method | undefined,
    headers: Headers,
  ): void {
    const response = method?.methodResponses?.[target.statusCode];
    const missing = sent(headers)
      .map(([name]) => headerParameter(name))
      .filter((parameter) => withHeader(response?.responseParameters, parameter) === undefined);
    if (!response) {
      const responseParameters = Object.fromEntries(missing.map((parameter) => [parameter, false]));
      this.#add(of, [], "PutMethodResponse", { ...target, responseParameters });
    } else if (missing.length > 0) {
      const patchOperations = missing.map((one) => ({ op: "add", path: `/responseParameters/${one}`, value: "false" }));
      this.#add(of, [], "UpdateMethodResponse", { ...target, patchOperations });
    }
  }

  #preflightHeaders({ methods }: ResourceState): Headers {
    const { headers, maxAgeSeconds } = this.#settings;
    const verbs = methods.has("ANY") ? anyVerbs : [...new Set([...methods.keys(), "OPTIONS"])].sort();
    return [
      ["Access-Control-Allow-Headers", headers.join(",")],
      ["Access-Control-Allow-Methods", (this.#settings.methods ?? verbs).join(",")],
      ...this.#answerHeaders(),
      ["Access-Control-Max-Age", maxAgeSeconds === undefined ? undefined : String(maxAgeSeconds)],
    ];
  }

  #answerHeaders(): Headers {
    const { origin, credentials } = this.#settings;
    return [
      [allowOrigin, origin],
      ["Access-Control-Allow-Credentials", credentials ? "true" : undefined],
    ];
  }

  #target({ resourceId }: ResourceState, httpMethod: string) {
    return { restApiId: this.#api.restApiId, resourceId, httpMethod };
  }

  #add(of: string, lines: readonly string[], operation: string, input: Readonly<Record<string, unknown>>): void {
    this.changes.push({ of, lines, operation, input });
  }
}

/** Headers with their values; a header without a value is removed. */
type Headers = readonly (readonly [name: string, value: string | undefined])[];

const allowOrigin = "Access-Control-Allow-Origin";

const isSuccess = ({ statusCode }: IntegrationResponse): boolean => String(statusCode).startsWith("2");

const sent = (headers: Headers): Headers => headers.filter(([, value]) => value !== undefined);

const linesOf = (headers: Headers, before = ""): string[] =>
  sent(headers).map(([name, value]) => `${before}${name}: ${value}`);

/** Returns the PATCH operations that set headers' mappings, with the spelling that each header already has. */
function setHeaders(
  map: Readonly<Record<string, string>> | undefined,
  prefix: string,
  headers: Headers,
): { readonly lines: readonly string[]; readonly patchOperations: readonly object[] } {
  const lines: string[] = [];
  const patchOperations: object[] = [];
  for (const [header, value] of headers) {
    const [name, current] = withHeader(map, `${prefix}${header}`) ?? [`${prefix}${header}`, undefined];
    const wanted = value === undefined ? undefined : `'${value}'`;
    if (wanted === current) continue;
    const op = wanted === undefined ? "remove" : current === undefined ? "add" : "replace";
    lines.push(wanted === undefined ? `no ${header}` : `${header}: ${value}`);
    patchOperations.push({ op, path: `/responseParameters/${name}`, ...(wanted !== undefined && { value: wanted }) });
  }
  return { lines, patchOperations };
}

function describeBackend(method: Method): string {
  const functionName = functionOf(method);
  const { type, uri } = method.methodIntegration ?? {};
  return functionName ? `the function ${functionName}` : `its backend (${type} ${uri})`;
}
