import { factsOf, type ServiceFacts } from "../access/service-facts.ts";
import type { AwsServicePlan, UnsentHeadersPlan } from "../plan/steps.ts";

/** The parts of an AWS integration's URI. */
export interface AwsTarget {
  readonly service: AwsServicePlan;
  /** Path and query, with their `{name}` placeholders. */
  readonly path: string;
  /**
   * The headers that name the action to a service that speaks JSON. As recorded, API Gateway does not send them: on AWS such a
   * service reads the query.
   */
  readonly unsent?: UnsentHeadersPlan;
}

/**
 * Parses `arn:aws:apigateway:{region}:{subdomain.service|service}:path|action/{service_api}`. `path/…` is the request's
 * path, `action/Name&k=v` its query. AWS: API Gateway API reference, "Integration", uri. Returns undefined for another
 * URI.
 */
export function parseAwsTarget(uri: string): AwsTarget | undefined {
  const parts = /^arn:(aws[a-z-]*):apigateway:([a-z0-9-]+):([a-z0-9.-]+):(path|action)\/(.+)$/.exec(uri);
  if (parts === null) return undefined;
  const [partition = "", region = "", service = "", form = "", rest = ""] = parts.slice(1);
  const facts = factsOf(service);
  const object = service === "s3" && form === "action" ? objectPath(rest) : undefined;
  const action = form === "action" && object === undefined ? rest.split("&", 1)[0]! : undefined;
  return {
    service: describeService({ partition, region, service, action }, facts),
    path: action === undefined ? inBucket(service, object ?? rest) : `/?Action=${rest}`,
    ...(action === undefined ? {} : targetHeaders(action, facts)),
  };
}

interface CalledService {
  readonly partition: string;
  readonly region: string;
  readonly service: string;
  readonly action: string | undefined;
}

function describeService({ partition, region, service, action }: CalledService, facts: ServiceFacts): AwsServicePlan {
  const domain = partition === "aws-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  const base = service.slice(service.lastIndexOf(".") + 1);
  const subdomain = base === "s3" ? "" : service.slice(0, -base.length);
  // AWS: Step Functions API reference, "StartSyncExecution": an address of its own.
  const label = action === "StartSyncExecution" ? `sync-${base}` : `${subdomain}${facts.label ?? base}`;
  return {
    names: [...new Set([service, ...(facts.ids ?? []), base])],
    host: facts.isGlobal === true ? `${service}.${domain}` : `${label}.${region}.${domain}`,
    signingName: facts.signingName ?? base,
    signingRegion: facts.isGlobal === true ? "us-east-1" : region,
  };
}

/** AWS: API reference, "Integration", uri: `s3:action/GetObject&Bucket={bucket}&Key={key}` is `s3:path/{bucket}/{key}`. */
function objectPath(rest: string): string | undefined {
  const action = /^(?:Get|Head|Put|Delete)Object&Bucket=([^&]+)&Key=([^&]+)$/.exec(rest);
  return action === null ? undefined : `${action[1]}/${action[2]}`;
}

/**
 * Moves the bucket of `bucket.s3` into the path: it is the same to S3, and works with servers that have no subdomains.
 */
function inBucket(service: string, path: string): string {
  if (!service.endsWith(".s3")) return path;
  return `${service.slice(0, -".s3".length)}${path.startsWith("/") ? "" : "/"}${path}`;
}

function targetHeaders(action: string, { target, json }: ServiceFacts): Pick<AwsTarget, "unsent"> {
  if (target === undefined || json === undefined || !/^[A-Za-z0-9]+$/.test(action)) return {};
  return { unsent: { target: `${target}.${action}`, contentType: `application/x-amz-json-${json}` } };
}
