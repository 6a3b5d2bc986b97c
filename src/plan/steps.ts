import type { AuthorizerPlan } from "./authorizers.ts";
import type { RequestMappingsPlan, ResponseMappingsPlan } from "./parameter-mapping.ts";
import type { PayloadFormat } from "./payload-format.ts";
import type { TextPlan, UriPlan, ValuePlan } from "./values.ts";

/** The facts of each kind of step, which compiler, docs and `portico explain` read. The linkers are in `gateway/steps/`. */
export interface StepFacts {
  readonly synopsis: string;
  /** The parts of the request that the step reads. A step that reads the body makes the gateway buffer it. */
  readonly reads: readonly ("headers" | "query" | "path" | "body")[];
  /** The step decides whether the request may go on. Without it, somebody would get through who must not. */
  readonly isGate?: true;
}

export const steps = {
  closed: { synopsis: "refuses with 501: it asks for what can't be enforced yet", reads: [], isGate: true },
  misconfigured: { synopsis: "answers 500 as AWS does for an integration that can't work", reads: [] },
  "response-compression": {
    synopsis: "compresses the answer for callers who accept that, once it is long enough",
    reads: ["headers"],
  },
  "resource-policy": {
    synopsis: "refuses callers whom the API's resource policy denies or, where it decides alone, does not allow",
    reads: ["headers", "path"],
    isGate: true,
  },
  authorizer: {
    synopsis: "asks the stage's authorizer who the caller is, and refuses who may not call",
    reads: ["headers", "query", "path"],
    isGate: true,
  },
  "api-key": {
    synopsis:
      "finds the caller's API key in a usage plan of the stage, and refuses who has none or is too fast for the plan",
    reads: ["headers"],
    isGate: true,
  },
  quota: {
    synopsis: "counts the call of an API key, and refuses with 429 when the usage plan's quota is used up",
    reads: [],
    isGate: true,
  },
  throttle: {
    synopsis: "refuses with 429 when the throttle of the method or route, or of the account, has no token left",
    reads: [],
    isGate: true,
  },
  iam: {
    // It buffers the bodies of requests whose signature covers them, whatever comes after it.
    synopsis: "verifies the request's signature, and refuses callers whose policies do not allow the call",
    reads: ["headers", "query", "path"],
    isGate: true,
  },
  "request-validation": {
    // The body is buffered for it only if it is validated with models.
    synopsis: "refuses a request without its required parameters or with a body that violates its model",
    reads: ["headers", "query", "path"],
    isGate: true,
  },
  "response-cache": {
    // It buffers the body if a part of the key comes from it.
    synopsis: "answers from the stage's cache, or keeps the integration's answer there",
    reads: ["headers", "query", "path"],
  },
  // The steps below buffer the body if templates or mappings read it. Otherwise the body streams.
  mock: { synopsis: "answers by itself, as a MOCK integration", reads: ["headers"] },
  http: {
    synopsis: "calls an HTTP backend with mapped parameters and maps its answer",
    reads: ["headers", "query", "path"],
  },
  "http-proxy": {
    synopsis: "passes the request on to an HTTP backend and its answer back",
    reads: ["headers", "query", "path"],
  },
  aws: {
    synopsis: "calls an AWS service with a signed request and maps its answer",
    reads: ["headers", "query", "path", "body"],
  },
  lambda: {
    synopsis: "invokes a Lambda function with a body made by a template and maps its answer",
    reads: ["headers", "query", "path", "body"],
  },
  "lambda-proxy": {
    synopsis: "invokes a Lambda function with the proxy event",
    reads: ["headers", "query", "path", "body"],
  },
  "http-api-lambda": {
    synopsis: "invokes a Lambda function with the event of an HTTP API",
    reads: ["headers", "query", "path", "body"],
  },
  "http-api-proxy": {
    synopsis: "passes an HTTP API's request on to an HTTP backend and its answer back, with parameter mappings",
    reads: ["headers", "query", "path"],
  },
  "http-api-service": {
    synopsis: "calls an action of an AWS service with parameters of an HTTP API's request, and passes its answer back",
    reads: ["headers", "query", "path"],
  },
  "websocket-lambda": {
    synopsis: "invokes a Lambda function with the event of a WebSocket API",
    reads: ["headers", "query", "body"],
  },
  "websocket-accept": { synopsis: "lets a WebSocket connect that no integration is asked about", reads: [] },
  "authorizer-test": {
    synopsis: "asks an authorizer and answers what it says, for TestInvokeAuthorizer",
    reads: ["headers", "query", "path"],
  },
} as const satisfies Record<string, StepFacts>;

export type StepKind = keyof typeof steps;

/** The kinds of the steps that are gates. test/gates/ proves of each one that it refuses. */
export type GateKind = {
  [Kind in StepKind]: (typeof steps)[Kind] extends { readonly isGate: true } ? Kind : never;
}[StepKind];

/** One step as data; the member `kind` says which. */
export type StepPlan =
  | ClosedPlan
  | MisconfiguredPlan
  | ResponseCompressionPlan
  | ResourcePolicyPlan
  | AuthorizerStepPlan
  | ApiKeyPlan
  | QuotaPlan
  | ThrottlePlan
  | IamPlan
  | RequestValidationPlan
  | ResponseCachePlan
  | MockPlan
  | HttpPlan
  | HttpProxyPlan
  | AwsPlan
  | LambdaPlan
  | LambdaProxyPlan
  | HttpApiLambdaPlan
  | HttpApiProxyPlan
  | HttpApiServicePlan
  | WebSocketLambdaPlan
  | WebSocketAcceptPlan
  | AuthorizerTestPlan;

/** The step of a kind. */
export type StepOf<Kind extends StepKind> = Extract<StepPlan, { readonly kind: Kind }>;

/** The step of TestInvokeAuthorizer. No served method has it. */
export interface AuthorizerTestPlan {
  readonly kind: "authorizer-test";
  readonly authorizer: AuthorizerPlan;
}

export interface ClosedPlan {
  readonly kind: "closed";
  /** The setting that can't be enforced, by its AWS name, such as `authorizer CUSTOM`. */
  readonly reason: string;
}

export interface MisconfiguredPlan {
  readonly kind: "misconfigured";
  /** The line of the execution log, in AWS's own words where they are known. */
  readonly detail: string;
  /** What helps, for `x-portico-hint` only. */
  readonly hint?: string;
  /** It is an integration that can't be reached now: HTTP APIs answer 503. */
  readonly isUnreachable?: true;
  /** There is nothing that the route leads to: WebSocket APIs answer as they do where there is no route. */
  readonly isUnroutable?: true;
  /** `$context.integrationErrorMessage`. */
  readonly integrationError?: string;
}

export interface ResponseCompressionPlan {
  readonly kind: "response-compression";
  /** `minimumCompressionSize`: shorter answers are sent as they are. */
  readonly bytesMin: number;
}

/** The policy itself is the stage's: `StagePlan.resourcePolicy`. */
export interface ResourcePolicyPlan {
  readonly kind: "resource-policy";
  /**
   * `allow`: the policy decides alone, and has to allow the call. `no-deny`: it must not deny the call, and a later step
   * asks it again together with what it found out of the caller.
   */
  readonly needs: "allow" | "no-deny";
}

export interface AuthorizerStepPlan {
  readonly kind: "authorizer";
  /** One of the plan's `authorizers`. */
  readonly authorizerId: string;
  /** For a user pool: an access token with one of these scopes is needed, in place of an ID token. */
  readonly scopes?: readonly string[];
}

/** Keys and usage plans are no part of a stage's plan: they change without a deployment. */
export interface ApiKeyPlan {
  readonly kind: "api-key";
  /** Where the key comes from: `X-API-Key`, or the authorizer's `usageIdentifierKey`. */
  readonly source: "HEADER" | "AUTHORIZER";
}

export interface QuotaPlan {
  readonly kind: "quota";
}

/** The account's throttle is a setting of the server, which each thread has. */
export interface ThrottlePlan {
  readonly kind: "throttle";
  /** The stage's setting for the method; absent if the account's throttle is the only one. */
  readonly method?: ThrottleLimitPlan;
  /** Of a method `ANY`: the settings for single verbs. */
  readonly verbs?: Readonly<Record<string, ThrottleLimitPlan>>;
}

/** What is absent is the account's. */
export interface ThrottleLimitPlan {
  readonly ratePerSecond?: number;
  readonly burst?: number;
}

/** `authorizationType` AWS_IAM. */
export interface IamPlan {
  readonly kind: "iam";
}

export interface RequestValidationPlan {
  readonly kind: "request-validation";
  /** The required parameters, in the order in which a refusal names them. */
  readonly parameters: readonly RequiredParameterPlan[];
  /** Names of the stage's models by media type; empty if bodies are not validated. */
  readonly models: Readonly<Record<string, string>>;
  /** Of a WebSocket API: yields the key of the message's model. A message of a key without one is refused. */
  readonly selection?: TextPlan;
}

export interface RequiredParameterPlan {
  readonly place: "path" | "querystring" | "header";
  readonly name: string;
}

/** The cache itself is the stage's: threads get its memory in messages of its own. */
export interface ResponseCachePlan {
  readonly kind: "response-cache";
  /** What every key begins with. Answers of another deployment, or from before a flush, have another beginning. */
  readonly keyStart: string;
  /** `cacheKeyParameters`, in the order of their names. */
  readonly key: readonly ParameterPlan[];
  /** By the verbs of requests whose answers are kept. */
  readonly verbs: Readonly<Record<string, CacheRulePlan>>;
  /** What the client accepts has a say in the form of the answer. */
  readonly variesByAccept?: true;
  /** The headers that the integration gets from elsewhere than the client's headers of that name. */
  readonly mappedHeaders?: readonly ParameterPlan[];
}

export interface CacheRulePlan {
  readonly ttlSeconds: number;
  readonly isEncrypted: boolean;
  /**
   * What becomes of a client's wish for a new answer: anybody has it, or who is not allowed `execute-api:InvalidateCache` is
   * treated as `unauthorizedCacheControlHeaderStrategy` says.
   */
  readonly invalidation:
    | "ANYBODY"
    | "FAIL_WITH_403"
    | "SUCCEED_WITH_RESPONSE_HEADER"
    | "SUCCEED_WITHOUT_RESPONSE_HEADER";
}

export interface MockPlan {
  readonly kind: "mock";
  readonly request: RequestTemplatesPlan;
  readonly responses: readonly IntegrationResponsePlan[];
}

export interface HttpProxyPlan {
  readonly kind: "http-proxy";
  readonly backend: BackendPlan;
  readonly stream?: StreamPlan;
  readonly contentHandling?: ContentHandlingPlan;
}

/** `HTTP_PROXY` of an HTTP API. */
export interface HttpApiProxyPlan {
  readonly kind: "http-api-proxy";
  readonly backend: BackendPlan;
  readonly requestMappings?: RequestMappingsPlan;
  readonly responseMappings?: ResponseMappingsPlan;
  /** The backend is told the host that the client called: nothing else names one. */
  readonly keepsHost?: true;
  /** The route's authorization reads a signature, which goes no further. */
  readonly dropsSignature?: true;
}

/** An integration with a subtype, of an HTTP API. */
export interface HttpApiServicePlan extends Pick<AwsPlan, "service" | "roleArn" | "asCaller"> {
  readonly kind: "http-api-service";
  /** The backend without its origin, which the server's settings give. */
  readonly backend: Omit<BackendPlan, "origin">;
  readonly action: string;
  /** How the request is written: as JSON (alone, in a list, or with small first letters), as a form, or as a path. */
  readonly protocol: "json" | "json-entry" | "json-lower" | "query" | "configuration";
  /** `X-Amz-Target` and `Content-Type` of JSON. */
  readonly target?: UnsentHeadersPlan;
  readonly parameters: readonly ServiceParameterPlan[];
  /** The request names the region; that of `service` counts for one that names none. */
  readonly mappedRegion?: {
    readonly parameter: ServiceParameterPlan;
    /** The parts of the service's host before and behind the region. */
    readonly domain: readonly [label: string, below: string];
  };
  /** The request chooses what the action is called on, so the role, or the caller, is asked with each request. */
  readonly mappedAccess?: {
    readonly service: string;
    /** `service:Action` */
    readonly action: string;
    readonly place: { readonly partition: string; readonly region: string; readonly account: string };
    /** The role, with its policies as JSON; absent if the caller's own are asked, which threads know. */
    readonly role?: {
      readonly arn: string;
      readonly id: string;
      readonly tags: Readonly<Record<string, string>>;
      readonly trustPolicy: string;
      readonly policies: readonly string[];
      readonly permissionsBoundary?: string;
    };
  };
  readonly responseMappings?: ResponseMappingsPlan;
}

export interface ServiceParameterPlan {
  readonly name: string;
  readonly form: "text" | "number" | "time" | "bytes" | "list" | "attributes";
  readonly isRequired: boolean;
  readonly value: TextPlan;
  /** The value as it is configured. */
  readonly source: string;
}

export interface HttpPlan {
  readonly kind: "http";
  readonly backend: BackendPlan;
  readonly request: RequestTemplatesPlan;
  readonly responses: readonly IntegrationResponsePlan[];
}

export interface AwsPlan {
  readonly kind: "aws";
  readonly service: AwsServicePlan;
  /** Headers that name the action and that no mapping sends. Servers outside AWS may need them. */
  readonly unsent?: UnsentHeadersPlan;
  /** The role whose credentials sign the requests; absent if the caller's do. */
  readonly roleArn?: string;
  /** The caller's own credentials sign the requests. */
  readonly asCaller?: {
    /** What the caller has to be allowed; absent if only the service knows it. */
    readonly call?: AwsCallPlan;
  };
  /** The backend without its origin, which the server's settings give. */
  readonly backend: Omit<BackendPlan, "origin">;
  readonly request: RequestTemplatesPlan;
  readonly responses: readonly IntegrationResponsePlan[];
}

/** A call of a service, as IAM sees it. */
export interface AwsCallPlan {
  /** `service:Action` */
  readonly action: string;
  readonly resource: string;
  /** Only the beginning of the resource's ARN is known; it may be empty. */
  readonly isPrefix: boolean;
  /** The region that the call goes to. */
  readonly region: string;
}

/** The values of `X-Amz-Target` and `Content-Type`. */
export interface UnsentHeadersPlan {
  readonly target: string;
  readonly contentType: string;
}

export interface AwsServicePlan {
  /** The service's name in the URI, then its names in SDKs. Settings of endpoints may use any of them. */
  readonly names: readonly string[];
  /** Its address on AWS. */
  readonly host: string;
  /** The service in the credential scope. */
  readonly signingName: string;
  readonly signingRegion: string;
}

export interface LambdaPlan {
  readonly kind: "lambda";
  /** The function in the URI with stage variables filled in. It may be qualified. */
  readonly functionArn: string;
  /** The role that invokes the function. Its policies allow that, so the function's own policy is not evaluated. */
  readonly roleArn?: string;
  /** The caller's own identity invokes the function, and has to be allowed this call. */
  readonly asCaller?: AwsCallPlan;
  readonly timeoutMs: number;
  /** The mapped headers that Invoke knows, such as `X-Amz-Invocation-Type`. */
  readonly headers: readonly ParameterPlan[];
  readonly request: RequestTemplatesPlan;
  readonly responses: readonly IntegrationResponsePlan[];
}

export interface LambdaProxyPlan {
  readonly kind: "lambda-proxy";
  /** As the URI names it, stage variables filled in; may be qualified. */
  readonly functionArn: string;
  /** As {@link LambdaPlan.roleArn}. */
  readonly roleArn?: string;
  /** As {@link LambdaPlan.asCaller}. */
  readonly asCaller?: AwsCallPlan;
  readonly timeoutMs: number;
  readonly stream?: StreamPlan;
}

/** A Lambda integration of an HTTP API. */
export interface HttpApiLambdaPlan {
  readonly kind: "http-api-lambda";
  /** As {@link LambdaProxyPlan.functionArn}. */
  readonly functionArn: string;
  readonly payloadFormat: PayloadFormat;
  /** As {@link LambdaPlan.roleArn}. */
  readonly roleArn?: string;
  /** As {@link LambdaPlan.asCaller}. */
  readonly asCaller?: AwsCallPlan;
  readonly timeoutMs: number;
  readonly requestMappings?: RequestMappingsPlan;
  readonly responseMappings?: ResponseMappingsPlan;
}

/** A Lambda integration of a WebSocket API. */
export interface WebSocketLambdaPlan extends Omit<LambdaProxyPlan, "kind" | "stream"> {
  readonly kind: "websocket-lambda";
}

/** Of a route `$connect` without an integration. */
export interface WebSocketAcceptPlan {
  readonly kind: "websocket-accept";
}

/** `responseTransferMode` STREAM: the answer is passed on as it comes, beyond the payload limit, within `timeoutMs`. */
export interface StreamPlan {
  /** The answer is cut after so many milliseconds without a byte of it. */
  readonly idleMs: number;
}

/** A backend's address, and the request to it. */
export interface BackendPlan {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  /** For a private integration: connections go there, and not to the origin's host. */
  readonly vpcLink?: VpcLinkPlan;
  /** The certificate that is shown to the backend. Its key is not here: threads get it in messages of its own. */
  readonly clientCertificateId?: string;
  /** Path and query, which follow the origin. */
  readonly path: UriPlan;
  /** The verb; absent for the request's own. */
  readonly httpMethod?: string;
  readonly timeoutMs: number;
  /** `tlsConfig.insecureSkipVerification`. */
  readonly isTlsUnverified: boolean;
  /** `requestParameters` with the targets header and querystring; those with the target path are in `path`. */
  readonly headers: readonly ParameterPlan[];
  readonly query: readonly ParameterPlan[];
}

export interface VpcLinkPlan {
  readonly id: string;
  /** Addresses as `host:port`, used in turn. */
  readonly addresses: readonly string[];
}

export interface ParameterPlan {
  readonly name: string;
  readonly value: ValuePlan;
}

/** A mapping template: text that is its own result, Velocity, or null, which passes the body unchanged. */
export type TemplatePlan = string | VelocityPlan | null;

export interface VelocityPlan {
  readonly velocity: string;
  /** Why the template can't be parsed. Rendering it is AWS's 500. */
  readonly problem?: string;
}

/** The conversion of a body. It is absent if no media type is binary and nothing would be converted. */
export type ContentHandlingPlan = "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";

/** Request templates by media type. */
export interface RequestTemplatesPlan {
  readonly contentHandling?: ContentHandlingPlan;
  readonly passthrough: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
  readonly templates: Readonly<Record<string, TemplatePlan>>;
  /** Of a WebSocket API: makes the key of the template, in place of the content type. `$default` is for all other keys. */
  readonly selection?: TextPlan;
}

export interface IntegrationResponsePlan {
  /** Absent for the integration's own. */
  readonly statusCode?: number;
  /** A regular expression that the whole status must match; absent for the default response. */
  readonly selectionPattern?: string;
  /** False if the method has no response of this status, which AWS answers with 500. */
  readonly isDeclared: boolean;
  readonly contentHandling?: ContentHandlingPlan;
  readonly headers: readonly ParameterPlan[];
  /** The templates by media type, in the definition's order. */
  readonly templates: Readonly<Record<string, TemplatePlan>>;
  /** As {@link RequestTemplatesPlan.selection}. */
  readonly selection?: TextPlan;
}

/** An API's customised gateway response. Members that it lacks are inherited as on AWS. */
export interface GatewayResponsePlan {
  readonly statusCode?: number;
  readonly headers: readonly ParameterPlan[];
  /** The templates by media type. */
  readonly templates: Readonly<Record<string, TextPlan>>;
}
