import type { AuthorizerPlan } from "./authorizers.ts";
import type { TextPlan, UriPlan, ValuePlan } from "./values.ts";

/** The facts of each kind of step, which compiler, docs and `portico explain` read. The linkers are in `gateway/steps/`. */
export interface StepFacts {
  readonly synopsis: string;
  /** What of the request it reads; a step that reads the body makes the gateway buffer it. */
  readonly reads: readonly ("headers" | "query" | "path" | "body")[];
}

export const steps = {
  closed: { synopsis: "refuses with 501: the method asks for what can't be enforced yet", reads: [] },
  misconfigured: { synopsis: "answers 500 as AWS does for an integration that can't work", reads: [] },
  "response-compression": {
    synopsis: "compresses the answer for callers who accept that, once it is long enough",
    reads: ["headers"],
  },
  "request-validation": {
    // A body is buffered for it only if models are to be validated.
    synopsis: "refuses a request without its required parameters or with a body that violates its model",
    reads: ["headers", "query", "path"],
  },
  // Templates and mappings from bodies make the steps below buffer them; without, the body streams.
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
  "authorizer-test": {
    synopsis: "asks an authorizer and answers what it says, for TestInvokeAuthorizer",
    reads: ["headers", "query", "path"],
  },
} as const satisfies Record<string, StepFacts>;

export type StepKind = keyof typeof steps;

/** One step as data; the member `kind` says which. */
export type StepPlan =
  | ClosedPlan
  | MisconfiguredPlan
  | ResponseCompressionPlan
  | RequestValidationPlan
  | MockPlan
  | HttpPlan
  | HttpProxyPlan
  | AwsPlan
  | LambdaPlan
  | LambdaProxyPlan
  | AuthorizerTestPlan;

/** The step of a kind. */
export type StepOf<Kind extends StepKind> = Extract<StepPlan, { readonly kind: Kind }>;

/** No method that is served has it. */
export interface AuthorizerTestPlan {
  readonly kind: "authorizer-test";
  readonly authorizer: AuthorizerPlan;
}

export interface ClosedPlan {
  readonly kind: "closed";
  /** What can't be enforced, by its AWS name, such as `authorizer CUSTOM`. */
  readonly reason: string;
}

export interface MisconfiguredPlan {
  readonly kind: "misconfigured";
  /** What the execution log says: AWS's own words where they are known. */
  readonly detail: string;
  /** What helps, for `x-portico-hint` only. */
  readonly hint?: string;
}

export interface ResponseCompressionPlan {
  readonly kind: "response-compression";
  /** `minimumCompressionSize`: shorter answers are sent as they are. */
  readonly bytesMin: number;
}

export interface RequestValidationPlan {
  readonly kind: "request-validation";
  /** The required ones, in the order in which a refusal names them. */
  readonly parameters: readonly RequiredParameterPlan[];
  /** Names of the stage's models by media type; empty: bodies are not validated. */
  readonly models: Readonly<Record<string, string>>;
}

export interface RequiredParameterPlan {
  readonly place: "path" | "querystring" | "header";
  readonly name: string;
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

export interface HttpPlan {
  readonly kind: "http";
  readonly backend: BackendPlan;
  readonly request: RequestTemplatesPlan;
  readonly responses: readonly IntegrationResponsePlan[];
}

export interface AwsPlan {
  readonly kind: "aws";
  readonly service: AwsServicePlan;
  /** Whose credentials sign the requests. */
  readonly roleArn: string;
  /** Where it is, the settings of the server say. */
  readonly backend: Omit<BackendPlan, "origin">;
  readonly request: RequestTemplatesPlan;
  readonly responses: readonly IntegrationResponsePlan[];
}

export interface AwsServicePlan {
  /** As the URI names it; then the names by which SDKs know it. Settings of endpoints use any of them. */
  readonly names: readonly string[];
  /** Its address on AWS. */
  readonly host: string;
  /** The credential scope's. */
  readonly signingName: string;
  readonly signingRegion: string;
}

export interface LambdaPlan {
  readonly kind: "lambda";
  /** As the URI names it, stage variables filled in; may be qualified. */
  readonly functionArn: string;
  /** Its policies let it invoke the function, so that the function's own are not asked. */
  readonly roleArn?: string;
  readonly timeoutMs: number;
  /** Of the headers that a mapping can set, those that Invoke knows: `X-Amz-Invocation-Type` and such. */
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
  readonly timeoutMs: number;
  readonly stream?: StreamPlan;
}

/** `responseTransferMode` STREAM: the answer goes on as it comes, longer than the payload limit, within `timeoutMs`. */
export interface StreamPlan {
  /** The answer is cut after so long without a byte of it. */
  readonly idleMs: number;
}

/** Where a backend is and what it is sent. */
export interface BackendPlan {
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  /** A private integration's: connections go there, and not to the origin's host. */
  readonly vpcLink?: VpcLinkPlan;
  /** The certificate that is shown to it, without its key: the threads are told that apart from plans. */
  readonly clientCertificateId?: string;
  /** What follows the origin: path and query. */
  readonly path: UriPlan;
  /** Absent: the verb of the request. */
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
  /** `host:port`, taken in turn. */
  readonly addresses: readonly string[];
}

export interface ParameterPlan {
  readonly name: string;
  readonly value: ValuePlan;
}

/** A mapping template: text that is its own result, Velocity, or null, which passes the body as it is. */
export type TemplatePlan = string | VelocityPlan | null;

export interface VelocityPlan {
  readonly velocity: string;
  /** Why it can't be parsed: rendering it is AWS's 500. */
  readonly problem?: string;
}

/** Left out where no media type is binary and nothing would be converted. */
export type ContentHandlingPlan = "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";

/** Request templates by media type. */
export interface RequestTemplatesPlan {
  readonly contentHandling?: ContentHandlingPlan;
  readonly passthrough: "WHEN_NO_MATCH" | "WHEN_NO_TEMPLATES" | "NEVER";
  readonly templates: Readonly<Record<string, TemplatePlan>>;
}

export interface IntegrationResponsePlan {
  readonly statusCode: number;
  /** A regular expression that the whole status must match; absent: the default. */
  readonly selectionPattern?: string;
  /** False: the method has no response of this status, which AWS answers with 500. */
  readonly isDeclared: boolean;
  readonly contentHandling?: ContentHandlingPlan;
  readonly headers: readonly ParameterPlan[];
  /** By media type, in the definition's order. */
  readonly templates: Readonly<Record<string, TemplatePlan>>;
}

/** A gateway response as an API customises it; what it leaves out is inherited as AWS does. */
export interface GatewayResponsePlan {
  readonly statusCode?: number;
  readonly headers: readonly ParameterPlan[];
  /** By media type. */
  readonly templates: Readonly<Record<string, TextPlan>>;
}
