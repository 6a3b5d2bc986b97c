import { readCredentialScope, type SigV4Decision } from "../access/sigv4-scope.ts";
import { bounds } from "../base/bounds.ts";
import type { ModelName } from "./model.ts";
import type { ManagementRequest } from "./operation.ts";

/** Which service a request is for. */
export type Ownership =
  /** The request is for a service with a model, and `handle` answers it. */
  | { readonly kind: "owned"; readonly model: ModelName }
  /** The request is for a service of AWS's that Portico does not have. `--upstream` may get it. */
  | { readonly kind: "foreign"; readonly service: string }
  /** Nothing shows that the request is a call of AWS's API. */
  | { readonly kind: "unknown" };

type IdentifyingParts = Pick<ManagementRequest, "method" | "target" | "headers" | "body">;

/**
 * Decides which service a request is for: by its credential scope or, for an unsigned request, by `X-Amz-Target`, its
 * path, or its form's `Version`.
 */
export function ownerOf(request: IdentifyingParts): Ownership {
  return ownerBy(readCredentialScope(request.headers, request.target), request);
}

export function ownerBy(signature: SigV4Decision, request: IdentifyingParts): Ownership {
  const path = pathOf(request.target);
  if (signature.kind === "scope") return bySigningName(signature.scope.service, path);
  const target = request.headers["x-amz-target"];
  if (target !== undefined) return byTarget(target);
  return byPath(path) ?? byForm(request, path) ?? { kind: "unknown" };
}

const modelsBySigningName: Readonly<Record<string, ModelName>> = {
  apigateway: "apigateway",
  "execute-api": "apigatewaymanagementapi",
  lambda: "lambda",
  sts: "sts",
  iam: "iam",
  logs: "logs",
  monitoring: "cloudwatch",
  wafv2: "wafv2",
  xray: "xray",
};

function bySigningName(service: string, path: string): Ownership {
  // Both versions of API Gateway sign with one name. The second version's paths begin with /v2/.
  if (service === "apigateway" && isV2(path)) return { kind: "owned", model: "apigatewayv2" };
  const model = Object.hasOwn(modelsBySigningName, service) ? modelsBySigningName[service] : undefined;
  return model ? { kind: "owned", model } : { kind: "foreign", service };
}

const isV2 = (path: string): boolean => path === "/v2" || path.startsWith("/v2/");

/** The first path segments of API Gateway's own paths. A test holds them to the model. */
const apiGatewayRoots: ReadonlySet<string> = new Set([
  "account",
  "apikeys",
  "clientcertificates",
  "domainnameaccessassociations",
  "domainnames",
  "rejectdomainnameaccessassociations",
  "restapis",
  "sdktypes",
  "tags",
  "usageplans",
  "vpclinks",
]);

/** The paths of X-Ray, each of one segment: its SDKs ask for sampling rules without a signature. A test holds them to the model. */
const xrayRoots: ReadonlySet<string> = new Set([
  "CancelTraceRetrieval",
  "CreateGroup",
  "CreateSamplingRule",
  "DeleteGroup",
  "DeleteResourcePolicy",
  "DeleteSamplingRule",
  "EncryptionConfig",
  "GetGroup",
  "GetIndexingRules",
  "GetRetrievedTracesGraph",
  "GetSamplingRules",
  "GetTraceSegmentDestination",
  "Groups",
  "Insight",
  "InsightEvents",
  "InsightImpactGraph",
  "InsightSummaries",
  "ListResourcePolicies",
  "ListRetrievedTraces",
  "ListTagsForResource",
  "PutEncryptionConfig",
  "PutResourcePolicy",
  "SamplingStatisticSummaries",
  "SamplingTargets",
  "ServiceGraph",
  "StartTraceRetrieval",
  "TagResource",
  "TelemetryRecords",
  "TimeSeriesServiceStatistics",
  "TraceGraph",
  "TraceSegments",
  "TraceSummaries",
  "Traces",
  "UntagResource",
  "UpdateGroup",
  "UpdateIndexingRule",
  "UpdateSamplingRule",
  "UpdateTraceSegmentDestination",
]);

/** The models by the prefix of operations in `X-Amz-Target`. A test holds the table to the models. */
const modelsByTargetPrefix: Readonly<Record<string, ModelName>> = {
  GraniteServiceVersion20100801: "cloudwatch",
  Logs_20140328: "logs",
  AWSWAF_20190729: "wafv2",
};

function byTarget(target: string): Ownership {
  const prefix = target.slice(0, target.lastIndexOf("."));
  const model = Object.hasOwn(modelsByTargetPrefix, prefix) ? modelsByTargetPrefix[prefix] : undefined;
  return model ? { kind: "owned", model } : { kind: "foreign", service: target.split(".", 1)[0]?.slice(0, 128) ?? "" };
}

function byPath(path: string): Ownership | undefined {
  if (isV2(path)) return { kind: "owned", model: "apigatewayv2" };
  const root = path.split("/", 2)[1] ?? "";
  if (apiGatewayRoots.has(root)) return { kind: "owned", model: "apigateway" };
  if (xrayRoots.has(root)) return { kind: "owned", model: "xray" };
  // Lambda's paths begin with the date of the API's version: /2015-03-31/functions.
  if (/^20\d\d-\d\d-\d\d$/.test(root)) return { kind: "owned", model: "lambda" };
  const rpc = /^\/service\/([^/]+)\/operation\/[^/]+$/.exec(path)?.[1];
  if (rpc !== undefined) return byTarget(`${rpc}.`);
  if (root === "@connections") return { kind: "owned", model: "apigatewaymanagementapi" };
  return undefined;
}

const modelsByVersion: Readonly<Record<string, ModelName>> = {
  "2010-05-08": "iam",
  "2010-08-01": "cloudwatch",
  "2011-06-15": "sts",
};

function byForm(request: IdentifyingParts, path: string): Ownership | undefined {
  if (path !== "/") return undefined;
  const form = formOf(request);
  const action = form.get("Action");
  if (action === null) return undefined;
  const version = form.get("Version") ?? "";
  const model = Object.hasOwn(modelsByVersion, version) ? modelsByVersion[version] : undefined;
  return model ? { kind: "owned", model } : { kind: "foreign", service: action.slice(0, 128) };
}

/** A larger body is not read as a form. */
export const formBytesMax: number = bounds.formBytesMax.value;

/** Returns the parameters of a call in the query protocol: the form of a POST, the query of a GET. */
export function formOf({ method, target, body }: IdentifyingParts): URLSearchParams {
  const form = method === "POST" ? body.toString("utf8", 0, formBytesMax) : target.split("?", 2)[1];
  return new URLSearchParams(form ?? "");
}

/** Returns the path of a request target in origin form or absolute form, without its query. */
export function pathOf(target: string): string {
  const path = target.split("?", 1)[0] ?? "";
  return path.startsWith("/") ? path : path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "") || "/";
}
