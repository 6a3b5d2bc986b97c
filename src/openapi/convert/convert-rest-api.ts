import type { HttpApiDefinition, HttpAuthorizer, HttpIntegration, Route } from "../../definition/http-api.ts";
import { checkRouteKey, routeLengths } from "../../definition/http-route-rules.ts";
import type { Authorizer, Method, RestApi, RestApiDefinition, Stage } from "../../definition/rest-api.ts";
import { checkLengths } from "../../definition/text-lengths.ts";
import type { ConversionLoss, Obstacle, PartConversion } from "./conversion-loss.ts";
import { convertAuthorizer } from "./convert-authorizer.ts";
import { type CorsConversion, convertCors } from "./convert-cors.ts";
import { convertIntegration } from "./convert-integration.ts";
import {
  haveRequestsInCommon,
  isFirstInHttpApi,
  isFirstInRestApi,
  isGreedy,
  type RoutePlace,
  segmentsOf,
} from "./route-order.ts";

export interface ConversionOptions {
  /** The ids of the app clients whose tokens the JWT authorizers take that stand for user pools. */
  readonly audiences: readonly string[];
  /** The stage that the definition is of, if it is deployed. */
  readonly stage?: Partial<Stage>;
}

export interface Conversion {
  readonly definition: HttpApiDefinition;
  readonly losses: readonly ConversionLoss[];
}

/**
 * Converts a REST API to an HTTP API that does the same for all that it has. What has no counterpart is in `losses`. A
 * method whose guards, integration or place have no counterpart is left out. If another route would take its requests, it
 * becomes a route without an integration, which answers 500. A guard of the whole API without a counterpart leaves out all
 * methods. It is a pure function.
 * AWS: API Gateway Developer Guide, "Choose between REST APIs and HTTP APIs".
 */
export const convertRestApi = (definition: RestApiDefinition, options: ConversionOptions): Conversion =>
  new ApiConversion(definition, options).run();

/** A method on its way. */
interface Draft extends RoutePlace {
  readonly path: string;
  readonly method: Method;
  readonly obstacles: Obstacle[];
  readonly changes: readonly Obstacle[];
  readonly integration: Omit<HttpIntegration, "IntegrationId"> | undefined;
  readonly authorizer: HttpAuthorizer | undefined;
}

const restVerbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] as const;

class ApiConversion {
  readonly #definition: RestApiDefinition;
  readonly #stage: Partial<Stage> | undefined;
  readonly #authorizers: ReadonlyMap<string, PartConversion<HttpAuthorizer>>;
  readonly #cors: CorsConversion;
  readonly #losses: ConversionLoss[] = [];

  constructor(definition: RestApiDefinition, { audiences, stage }: ConversionOptions) {
    this.#definition = definition;
    this.#stage = stage;
    this.#authorizers = new Map(definition.authorizers.map((one) => [one.id, convertAuthorizer(one, audiences)]));
    this.#cors = convertCors(definition.resources);
  }

  run(): Conversion {
    const guards = guardsOfApi(this.#definition.restApi, this.#stage);
    const drafts = this.#drafts();
    for (const { obstacles } of drafts) obstacles.push(...guards);
    leaveOutWhatIsRoutedOtherwise(drafts);
    this.#listApi(guards);
    const made = drafts.filter(({ obstacles }) => obstacles.length === 0);
    const closed = drafts.filter(
      (draft) => draft.obstacles.length > 0 && made.some((other) => isTakenBy(draft, other)),
    );
    for (const draft of drafts) this.#listMethod(draft, closed.includes(draft));
    return { definition: this.#write(made, closed), losses: this.#losses };
  }

  #drafts(): Draft[] {
    return this.#definition.resources.flatMap(({ path, resourceMethods = {} }) =>
      Object.entries(resourceMethods).flatMap(([verb, method]) => {
        const isPreflight = this.#cors.kind === "converted";
        if (isPreflight && verb === "OPTIONS") return [];
        // The gateway answers preflights that no route takes, and ANY would take them.
        const verbs = isPreflight && verb === "ANY" ? restVerbs.filter((one) => !(one in resourceMethods)) : [verb];
        return verbs.map((httpMethod) => this.#draft(httpMethod, path, method));
      }),
    );
  }

  #draft(httpMethod: string, path: string, method: Method): Draft {
    const variables = new Set([...path.matchAll(/\{([^{}+]+)\+?\}/g)].map(([, name]) => name!));
    const integration = convertIntegration(method.methodIntegration, variables);
    const authorizer = method.authorizerId === undefined ? undefined : this.#authorizers.get(method.authorizerId);
    const obstacles = [...guardsOf(method, this.#definition), ...obstaclesOf(integration)];
    if (authorizer !== undefined) obstacles.push(...obstaclesOf(authorizer));
    const flaw = checkRouteKey(`${httpMethod} ${path}`);
    if (flaw !== undefined) obstacles.push({ what: flaw, advice: "Give it another path" });
    return {
      httpMethod,
      path,
      segments: segmentsOf(path),
      method,
      obstacles,
      changes: integration.kind === "converted" ? integration.changes : [],
      integration: integration.kind === "converted" ? integration.value : undefined,
      authorizer: authorizer?.kind === "converted" ? authorizer.value : undefined,
    };
  }

  #list(where: string, effect: ConversionLoss["effect"], rows: readonly Obstacle[]): void {
    this.#losses.push(...rows.map((row) => ({ where, effect, ...row })));
  }

  #listMethod({ httpMethod, path, obstacles, changes }: Draft, isClosed: boolean): void {
    const where = `${httpMethod} ${path}`;
    if (obstacles.length > 0) this.#list(where, isClosed ? "closed" : "left out", obstacles);
    else this.#list(where, "changed", changes);
  }

  #listApi(guards: readonly Obstacle[]): void {
    const { authorizers } = this.#definition;
    this.#list("API", "left out", guards);
    this.#list("API", "changed", differencesOf(this.#definition));
    this.#list("API", "dropped", droppedOf(this.#definition));
    for (const { id } of authorizers) {
      const made = this.#authorizers.get(id);
      if (made?.kind === "converted") this.#list("API", "changed", made.changes);
    }
    if (this.#cors.kind === "impossible") {
      const what = `CORS: the OPTIONS methods of MOCK are no one configuration, since ${this.#cors.reason}`;
      const advice = "Set corsConfiguration by hand, if all routes may be called by the same pages";
      this.#list("API", "dropped", [{ what, advice }]);
    } else if (this.#cors.kind === "converted") {
      const what = "OPTIONS methods of MOCK become corsConfiguration";
      this.#list("API", "changed", [{ what, advice: "Its headers replace those that backends send" }]);
    }
    if (this.#stage !== undefined) {
      this.#list(`stage ${this.#stage.stageName}`, "set on the stage", settingsOfStage(this.#stage));
    }
  }

  #write(made: readonly Draft[], closed: readonly Draft[]): HttpApiDefinition {
    const { restApi } = this.#definition;
    const routes: Route[] = [];
    const integrations: HttpIntegration[] = [];
    const authorizers = new Map<string, HttpAuthorizer>();
    const isSlashTaken = made.some(isGreedy);
    const add = (key: string, rest: Partial<Route>): void => {
      routes.push({
        RouteId: `r${routes.length}`,
        RouteKey: key,
        ApiKeyRequired: false,
        AuthorizationType: "NONE",
        ...rest,
      });
    };
    for (const draft of made) {
      const { method, integration, authorizer } = draft;
      const IntegrationId = `i${integrations.length}`;
      if (integration !== undefined) integrations.push({ ...integration, IntegrationId });
      if (authorizer !== undefined) authorizers.set(authorizer.AuthorizerId, authorizer);
      const route = { ...authorizationOf(method, authorizer), Target: `integrations/${IntegrationId}` };
      const name = method.operationName;
      const isNamed = name !== undefined && checkLengths({ OperationName: name }, routeLengths) === undefined;
      for (const [index, key] of keysOf(draft, isSlashTaken).entries()) {
        add(key, { ...route, ...(isNamed && index === 0 && { OperationName: name }) });
      }
    }
    for (const draft of closed) for (const key of keysOf(draft, isSlashTaken)) add(key, {});
    return {
      api: {
        ApiId: restApi.id,
        Name: restApi.name,
        ProtocolType: "HTTP",
        RouteSelectionExpression: "$request.method $request.path",
        ApiKeySelectionExpression: "$request.header.x-api-key",
        DisableExecuteApiEndpoint: restApi.disableExecuteApiEndpoint,
        IpAddressType: restApi.endpointConfiguration.ipAddressType ?? "ipv4",
        CreatedDate: restApi.createdDate,
        ...(restApi.description !== undefined && { Description: restApi.description }),
        ...(restApi.version !== undefined && { Version: restApi.version }),
        ...(restApi.tags !== undefined && { Tags: restApi.tags }),
        ...(this.#cors.kind === "converted" && { CorsConfiguration: this.#cors.cors }),
      },
      routes,
      integrations,
      authorizers: [...authorizers.values()],
    };
  }
}

const obstaclesOf = (converted: PartConversion<unknown>): readonly Obstacle[] =>
  converted.kind === "impossible" ? converted.obstacles : [];

/**
 * Returns the route keys of a method. A REST API ignores one slash at a path's end. An HTTP API does not, and a greedy route
 * would take that path, so all methods before it have a second route.
 */
function keysOf(draft: Draft, isSlashTaken: boolean): string[] {
  const key = `${draft.httpMethod} ${draft.path}`;
  return isSlashTaken && draft.segments.length > 0 && !isGreedy(draft) ? [key, `${key}/`] : [key];
}

/** Returns whether another route would take requests of a method that is left out. */
const isTakenBy = (draft: Draft, other: Draft): boolean =>
  other !== draft && haveRequestsInCommon(draft, other) && isFirstInRestApi(draft, other);

/** Leaves out methods to which an HTTP API would give requests that the REST API gives to another method. */
function leaveOutWhatIsRoutedOtherwise(drafts: readonly Draft[]): void {
  for (const draft of drafts) {
    const robbed = drafts.find((other) => isTakenBy(other, draft) && isFirstInHttpApi(draft, other));
    // Nothing can stand in the way of a route if the method that it robs has no route key.
    const unkeyed = drafts.find((other) => isTakenBy(other, draft) && checkRouteKey(`ANY ${other.path}`) !== undefined);
    const loser = robbed ?? unkeyed;
    if (loser === undefined) continue;
    draft.obstacles.push({
      what: `an HTTP API would give it requests of ${loser.httpMethod} ${loser.path}`,
      advice: "Routes without a greedy variable go first there: choose paths that do not overlap",
    });
  }
}

function authorizationOf(
  { authorizationType, authorizationScopes = [] }: Method,
  authorizer: HttpAuthorizer | undefined,
): Pick<Route, "AuthorizationType" | "AuthorizerId" | "AuthorizationScopes"> {
  if (authorizer === undefined) return { AuthorizationType: authorizationType };
  const isJwt = authorizer.AuthorizerType === "JWT";
  return {
    AuthorizationType: isJwt ? "JWT" : "CUSTOM",
    AuthorizerId: authorizer.AuthorizerId,
    ...(isJwt && authorizationScopes.length > 0 && { AuthorizationScopes: authorizationScopes }),
  };
}

/** Returns a method's guards that HTTP APIs lack. */
function guardsOf(method: Method, { requestValidators, authorizers }: RestApiDefinition): Obstacle[] {
  const guards: Obstacle[] = [];
  const { authorizationType, authorizerId, requestParameters = {}, requestModels = {} } = method;
  if (method.apiKeyRequired) {
    guards.push({ what: "API key", advice: "Check callers with an authorizer, or keep the method in a REST API" });
  }
  if (
    !isKnownAuthorization(
      authorizationType,
      authorizers.find(({ id }) => id === authorizerId),
    )
  ) {
    guards.push({ what: `authorization ${authorizationType} without its authorizer`, advice: "Give it an authorizer" });
  }
  const validator = requestValidators.find(({ id }) => id === method.requestValidatorId);
  if (method.requestValidatorId !== undefined && validator === undefined) {
    guards.push({ what: "a request validator that is not there", advice: "Remove it, or define it" });
  }
  const required = Object.entries(requestParameters).flatMap(([name, isRequired]) => (isRequired ? [name] : []));
  if (validator?.validateRequestParameters === true && required.length > 0) {
    const what = `validation of ${required.join(", ")}`;
    guards.push({ what, advice: "Let the backend refuse requests without them, and remove the validator" });
  }
  if (validator?.validateRequestBody === true && Object.keys(requestModels).length > 0) {
    const what = `validation of the body by ${Object.values(requestModels).join(", ")}`;
    guards.push({ what, advice: "Let the backend validate the body, and remove the validator" });
  }
  return guards;
}

const isKnownAuthorization = (type: string, authorizer: Authorizer | undefined): boolean =>
  type === "NONE" || type === "AWS_IAM"
    ? authorizer === undefined
    : (type === "CUSTOM" || type === "COGNITO_USER_POOLS") && authorizer !== undefined;

/** Security policies of which HTTP APIs have the like. AWS: HTTP APIs support TLS 1.2 and later. */
const coveredTls: ReadonlySet<string> = new Set(["TLS_1_0", "TLS_1_2"]);

/** Returns what guards all methods, and HTTP APIs lack. */
function guardsOfApi(
  { policy, endpointConfiguration, securityPolicy, endpointAccessMode }: RestApi,
  stage: Partial<Stage> | undefined,
): Obstacle[] {
  const guards: Obstacle[] = [];
  if (policy !== undefined) {
    guards.push({
      what: "resource policy",
      advice: "Use authorizers or AWS_IAM, and remove the policy from the document",
    });
  }
  if (endpointConfiguration.types.includes("PRIVATE") || (endpointConfiguration.vpcEndpointIds ?? []).length > 0) {
    guards.push({ what: "private endpoint", advice: "HTTP APIs are public: keep it a REST API" });
  }
  if (securityPolicy !== undefined && !coveredTls.has(securityPolicy)) {
    guards.push({ what: `security policy ${securityPolicy}`, advice: "Set one on a custom domain name" });
  }
  if (endpointAccessMode !== undefined && endpointAccessMode !== "BASIC") {
    guards.push({
      what: `endpoint access mode ${endpointAccessMode}`,
      advice: "HTTP APIs have none: keep it a REST API",
    });
  }
  if (stage?.webAclArn !== undefined) {
    guards.push({ what: "web ACL", advice: "HTTP APIs take none: put a distribution with a web ACL before them" });
  }
  return guards;
}

/** Returns what is another way in every HTTP API, for the kinds of methods that this one has. */
function differencesOf({ resources, restApi }: RestApiDefinition): Obstacle[] {
  const methods = resources.flatMap(({ resourceMethods = {} }) => Object.values(resourceMethods));
  const differences: Obstacle[] = [];
  if (methods.some(({ methodIntegration }) => methodIntegration?.type === "AWS_PROXY")) {
    differences.push({
      what: "functions get events of format 1.0",
      advice:
        "It has REST's members but for some of requestContext; path parameters are decoded, and bodies other than text and JSON are in base64. Permit the new API's ARN with lambda add-permission",
    });
  }
  if (methods.some(({ authorizationType }) => authorizationType !== "NONE")) {
    differences.push({
      what: "refusals are worded as HTTP APIs word them",
      advice: 'Clients should read the status: 401 {"message":"Unauthorized"}, 403 {"message":"Forbidden"}',
    });
  }
  if (restApi.endpointConfiguration.types.includes("EDGE")) {
    differences.push({
      what: "edge-optimized endpoint",
      advice: "HTTP APIs are regional: put a distribution before it",
    });
  }
  if ((restApi.binaryMediaTypes ?? []).length > 0) {
    differences.push({
      what: `binary media types ${restApi.binaryMediaTypes!.join(", ")}`,
      advice: "HTTP APIs need none: a body is binary by its own content type, and answers by isBase64Encoded",
    });
  }
  return differences;
}

function droppedOf({ restApi, models, gatewayResponses }: RestApiDefinition): Obstacle[] {
  const dropped: Obstacle[] = [];
  if (gatewayResponses.length > 0) {
    const what = `gateway responses ${gatewayResponses.map(({ responseType }) => responseType).join(", ")}`;
    dropped.push({ what, advice: "The errors of HTTP APIs can't be worded" });
  }
  if (models.length > 0) {
    dropped.push({ what: `models ${models.map(({ name }) => name).join(", ")}`, advice: "HTTP APIs have none" });
  }
  if (restApi.minimumCompressionSize !== undefined) {
    dropped.push({ what: "compression", advice: "Let the backend compress" });
  }
  return dropped;
}

/** Returns what a stage has beside its deployment. Throttles guard, so each of them is listed. */
function settingsOfStage(stage: Partial<Stage>): Obstacle[] {
  const rows: Obstacle[] = [];
  for (const [path, setting] of Object.entries(stage.methodSettings ?? {})) {
    const { throttlingRateLimit: rate, throttlingBurstLimit: burst, cachingEnabled } = setting;
    const isAll = path === "*/*";
    if (rate !== undefined && rate >= 0) {
      rows.push({
        what: `throttle of ${isAll ? "all methods" : path.replaceAll("~1", "/")}: ${rate} a second, ${burst} at once`,
        advice: `update-stage --${isAll ? "default-route-settings" : "route-settings"} with ThrottlingRateLimit=${rate},ThrottlingBurstLimit=${burst}`,
      });
    }
    if (cachingEnabled) rows.push({ what: `cache of ${path.replaceAll("~1", "/")}`, advice: "HTTP APIs have none" });
  }
  const { variables = {}, canarySettings, accessLogSettings, clientCertificateId, tracingEnabled } = stage;
  const names = Object.keys(variables);
  if (names.length > 0) {
    rows.push({ what: `stage variables ${names.join(", ")}`, advice: "update-stage --stage-variables with the same" });
  }
  if (canarySettings !== undefined) rows.push({ what: "canary", advice: "HTTP APIs have none: use two stages" });
  if (accessLogSettings?.destinationArn !== undefined) {
    rows.push({
      what: "access log",
      advice: "update-stage --access-log-settings; its format has variables of its own",
    });
  }
  if (clientCertificateId !== undefined) {
    rows.push({
      what: "client certificate for backends",
      advice: "HTTP APIs send none: backends that want one refuse",
    });
  }
  if (tracingEnabled === true) rows.push({ what: "tracing", advice: "HTTP APIs have none" });
  return rows;
}
