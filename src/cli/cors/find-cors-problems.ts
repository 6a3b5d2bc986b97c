import type { IntegrationResponse, Method } from "@aws-sdk/client-api-gateway";
import {
  type ApiState,
  functionOf,
  integrationResponsesOf,
  isJsonBinary,
  isProxy,
  mappedHeader,
  type ResourceState,
  staticValue,
  withHeader,
} from "./api-state.ts";

export interface CorsProblem {
  /** The path; absent for a problem of the whole API. */
  readonly path?: string;
  /** A verb, or `ANY`. */
  readonly method?: string;
  readonly message: string;
}

/** Returns whether a function's code mentions the header; undefined if that is not known. */
export type NamesOrigin = (functionName: string) => boolean | undefined;

/**
 * Returns whether an API is meant for pages of other origins. Most APIs are not, so without a trace of CORS nothing is
 * reported.
 */
function isForBrowsers({ resources, gatewayResponses }: ApiState): boolean {
  return (
    resources.some(
      ({ methods }) =>
        methods.has("OPTIONS") ||
        [...methods.values()].some((method) => integrationResponsesOf(method).some(namesOrigin)),
    ) || gatewayResponses.some(({ responseParameters }) => originOfGatewayResponse(responseParameters) !== undefined)
  );
}

/**
 * Returns the routes whose calls from another origin's page fail in every browser, and why. It reports evident problems
 * only, because a backend's answers are not known here. Fetch Standard, "CORS protocol", "CORS-preflight fetch" and
 * "CORS check".
 */
export function findCorsProblems(api: ApiState, functionNamesOrigin: NamesOrigin): readonly CorsProblem[] {
  if (!isForBrowsers(api)) return [];
  const finder = new Finder(api, functionNamesOrigin);
  for (const resource of api.resources) finder.checkResource(resource);
  finder.checkGatewayResponses();
  return finder.finish();
}

/** Fetch Standard, "CORS-safelisted method": allowed without being named. */
const safeVerbs = ["GET", "HEAD", "POST"];
/** Fetch Standard, "CORS-safelisted request-header" and "forbidden request-header": sent without being asked for. */
const safeHeader =
  /^(accept|accept-language|content-language|range|accept-(charset|encoding)|access-control-request-.*|connection|content-length|cookie|date|dnt|expect|host|keep-alive|origin|referer|te|trailer|transfer-encoding|upgrade|via|user-agent|proxy-.*|sec-.*)$/i;
const allowOrigin = "Access-Control-Allow-Origin";
const routesNamed = 8;

class Finder {
  readonly #api: ApiState;
  readonly #functionNamesOrigin: NamesOrigin;
  readonly #problems: CorsProblem[] = [];
  /** Routes of resources where nothing is set up. One line names them all. */
  readonly #forgotten: { readonly path: string; readonly method: string }[] = [];

  constructor(api: ApiState, functionNamesOrigin: NamesOrigin) {
    this.#api = api;
    this.#functionNamesOrigin = functionNamesOrigin;
  }

  checkResource(resource: ResourceState): void {
    const { path, methods } = resource;
    const preflight = methods.get("OPTIONS");
    const found: CorsProblem[] = preflight ? this.#checkPreflight(path, preflight) : [];
    for (const [verb, method] of methods) {
      if (verb === "OPTIONS") continue;
      const messages = [...this.#checkPreflightOf(verb, method, methods), ...this.#checkAnswers(method)];
      found.push(...messages.map((message) => ({ path, method: verb, message })));
    }
    const hasTrace = preflight !== undefined || [...methods.values()].some((method) => this.#isSetUp(method));
    if (hasTrace) this.#problems.push(...found);
    else
      for (const method of new Set(found.map((one) => one.method)))
        if (method !== undefined) this.#forgotten.push({ path, method });
  }

  /** Checks the errors that the gateway makes itself. */
  checkGatewayResponses(): void {
    const bare = (type: string): boolean => {
      const response = this.#api.gatewayResponses.find(({ responseType }) => responseType === type);
      return originOfGatewayResponse(response?.responseParameters) === undefined;
    };
    const types = new Set(["DEFAULT_4XX", "DEFAULT_5XX"]);
    // A customised type has only its own headers.
    for (const { responseType } of this.#api.gatewayResponses) types.add(String(responseType));
    const lacking = [...types].filter(bare);
    if (lacking.length > 0)
      this.#problems.push({
        message: `The gateway's own errors (gateway responses ${lacking.join(", ")}) have no ${allowOrigin}: pages of other origins see a network error, and neither status nor message`,
      });
    for (const { responseType, responseParameters } of this.#api.gatewayResponses)
      for (const message of checkOrigin(
        originOfGatewayResponse(responseParameters),
        withHeader(responseParameters, "gatewayresponse.header.Access-Control-Allow-Credentials")?.[1],
      ))
        this.#problems.push({ message: `Gateway response ${responseType}: ${message}` });
  }

  finish(): readonly CorsProblem[] {
    const [first] = this.#forgotten;
    if (!first) return this.#problems;
    const routes = this.#forgotten.map(({ method, path }) => `${method} ${path}`);
    const more = routes.length > routesNamed ? ` and ${routes.length - routesNamed} more` : "";
    const message = `Pages of other origins can't call ${routes.slice(0, routesNamed).join(", ")}${more}: other resources are set up for them (CORS), these are not`;
    return [...this.#problems, { ...first, message }];
  }

  #isSetUp(method: Method): boolean {
    if (integrationResponsesOf(method).some(namesOrigin)) return true;
    const functionName = isProxy(method) ? functionOf(method) : undefined;
    return functionName !== undefined && this.#functionNamesOrigin(functionName) === true;
  }

  /** Checks what an OPTIONS method itself answers. */
  #checkPreflight(path: string, method: Method): CorsProblem[] {
    const messages: string[] = [];
    if (isGuarded(method))
      messages.push("Preflights have neither key nor token, so they are refused here: OPTIONS must be for everybody");
    if (method.methodIntegration?.type === "MOCK") {
      if (method.methodIntegration.requestTemplates?.["application/json"] === undefined)
        messages.push(
          'Preflights are refused: the MOCK has no request template for application/json that says {"statusCode": 200}',
        );
      if (isJsonBinary(this.#api.binaryMediaTypes) && method.methodIntegration.contentHandling !== "CONVERT_TO_TEXT")
        messages.push(
          "Preflights are answered 500: JSON is one of the binary media types, and a MOCK reads no bytes. contentHandling: CONVERT_TO_TEXT on the integration helps",
        );
    }
    messages.push(...this.#checkAnswers(method));
    return messages.map((message) => ({ path, method: "OPTIONS", message }));
  }

  /** Checks whether the resource's preflight allows calling the route. */
  #checkPreflightOf(verb: string, method: Method, methods: ReadonlyMap<string, Method>): string[] {
    const verbs = verb === "ANY" || safeVerbs.includes(verb) ? [] : [verb];
    const headers = this.#headersOf(verb, method);
    const preflight = methods.get("OPTIONS");
    if (!preflight) {
      const any = methods.get("ANY");
      if (any)
        return verb === "ANY" && isGuarded(any) ? ["A preflight goes to ANY, which is guarded: it is refused"] : [];
      if (verbs.length + headers.length === 0) return [];
      const why = headers.length > 0 ? `it needs the header ${headers.join(", ")}` : `of the verb ${verb}`;
      return [
        `Browsers ask with OPTIONS before they send this, because ${why}; here is no OPTIONS method, so they get 403`,
      ];
    }
    const answers = integrationResponsesOf(preflight).filter(isSuccess);
    const [answer] = answers;
    if (!answer || isProxy(preflight) || overrides(answer)) return [];
    return [
      ...missingNames(mappedHeader(answer, "Access-Control-Allow-Methods"), verbs, "Access-Control-Allow-Methods"),
      ...missingNames(mappedHeader(answer, "Access-Control-Allow-Headers"), headers, "Access-Control-Allow-Headers"),
    ];
  }

  /** Returns the headers that the method requires and that browsers ask for before they send them. */
  #headersOf(verb: string, method: Method): string[] {
    const headers = new Map<string, string>();
    const add = (name: string): void => {
      if (!safeHeader.test(name)) headers.set(name.toLowerCase(), name);
    };
    if (method.apiKeyRequired) add("X-Api-Key");
    if (method.authorizationType === "AWS_IAM") for (const name of ["Authorization", "X-Amz-Date"]) add(name);
    for (const name of this.#api.authorizerHeaders.get(method.authorizerId ?? "") ?? []) add(name);
    const takesJson =
      ["POST", "PUT", "PATCH"].includes(verb) && method.requestModels?.["application/json"] !== undefined;
    if (takesJson) add("Content-Type");
    for (const [parameter, isRequired] of Object.entries(method.requestParameters ?? {})) {
      const name = /^method\.request\.header\.(.+)$/.exec(parameter)?.[1];
      // A browser asks for Content-Type only if it is not a form's.
      if (name && isRequired && name.toLowerCase() !== "content-type") add(name);
    }
    return [...headers.values()];
  }

  /** Checks whether a page can read the method's answers. */
  #checkAnswers(method: Method): string[] {
    if (isProxy(method)) return this.#checkFunction(method);
    const answers = integrationResponsesOf(method);
    const bare = answers.filter((answer) => !namesOrigin(answer)).map(({ statusCode }) => String(statusCode));
    return [
      ...(bare.length > 0
        ? [`What it answers with ${bare.sort().join(", ")} has no ${allowOrigin}: pages of other origins can't read it`]
        : []),
      ...new Set(
        answers.flatMap((answer) =>
          checkOrigin(mappedHeader(answer, allowOrigin), mappedHeader(answer, "Access-Control-Allow-Credentials")),
        ),
      ),
    ];
  }

  /** Checks a function behind a proxy integration, which has no headers but the function's. */
  #checkFunction(method: Method): string[] {
    const name = functionOf(method);
    if (name === undefined || this.#functionNamesOrigin(name) !== false) return [];
    return [
      `Only the function ${name} can set ${allowOrigin} here (AWS_PROXY), and its code does not: headers: {"${allowOrigin}": "*"}`,
    ];
  }
}

const isSuccess = ({ statusCode }: IntegrationResponse): boolean => String(statusCode).startsWith("2");

const isGuarded = ({ authorizationType, apiKeyRequired }: Method): boolean =>
  (authorizationType ?? "NONE") !== "NONE" || apiKeyRequired === true;

/** A template may set any header. */
const overrides = ({ responseTemplates }: IntegrationResponse): boolean =>
  Object.values(responseTemplates ?? {}).some((template) => /responseOverride/.test(template ?? ""));

const namesOrigin = (answer: IntegrationResponse): boolean =>
  mappedHeader(answer, allowOrigin) !== undefined || overrides(answer);

const originOfGatewayResponse = (parameters: Readonly<Record<string, string>> | undefined): string | undefined =>
  withHeader(parameters, `gatewayresponse.header.${allowOrigin}`)?.[1];

/**
 * Returns the names that a static list lacks. `*` stands for all names but Authorization. The content of a mapped list
 * is not known.
 */
function missingNames(mapping: string | undefined, wanted: readonly string[], header: string): string[] {
  const list = mapping === undefined ? "" : staticValue(mapping);
  if (list === undefined) return [];
  const listed = list.split(",").map((name) => name.trim().toLowerCase());
  const isAllowed = (name: string): boolean =>
    listed.includes(name.toLowerCase()) || (listed.includes("*") && name.toLowerCase() !== "authorization");
  const missing = wanted.filter((name) => !isAllowed(name));
  return missing.length > 0 ? [`Browsers won't send this: ${header} of OPTIONS lacks ${missing.join(", ")}`] : [];
}

/** Returns what is wrong with an origin that no browser accepts. */
function checkOrigin(originMapping: string | undefined, credentialsMapping: string | undefined): string[] {
  const origin = staticValue(originMapping);
  if (origin === undefined || origin === "null") return [];
  if (origin === "*")
    return staticValue(credentialsMapping) === "true"
      ? [`${allowOrigin} is *, which browsers refuse together with Access-Control-Allow-Credentials: name the origin`]
      : [];
  if (/[,\s]/.test(origin)) return [`${allowOrigin} names several origins, and browsers take one: ${origin}`];
  return URL.canParse(origin) && new URL(origin).origin === origin
    ? []
    : [`${allowOrigin}: ${origin} equals no origin, which is scheme, host and port without anything behind`];
}
