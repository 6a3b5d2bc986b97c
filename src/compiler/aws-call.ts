import type { Integration, Method } from "../definition/rest-api.ts";
import type { ParameterPlan } from "../plan/steps.ts";
import type { AwsTarget } from "./aws-target.ts";

/** A call of a service, as IAM sees it. */
export interface AwsCall {
  /** `service:Action` */
  readonly action: string;
  readonly resource: string;
  /** Only the beginning of the resource's ARN is known; it may be empty. */
  readonly isPrefix: boolean;
  /** The region that the call goes to. */
  readonly region: string;
}

/**
 * Services whose operations are named like IAM's actions, by signing name, with the exceptions. Of operations without
 * an action of their own the service decides. AWS: Service Authorization Reference.
 */
const services: Readonly<Record<string, Readonly<Record<string, string | null>>>> = {
  "cognito-idp": {},
  dynamodb: {
    BatchExecuteStatement: null,
    ExecuteStatement: null,
    ExecuteTransaction: null,
    TransactGetItems: null,
    TransactWriteItems: null,
  },
  events: {},
  firehose: {},
  kinesis: {},
  kms: {},
  logs: {},
  secretsmanager: {},
  sns: { PublishBatch: "Publish" },
  sqs: {
    ChangeMessageVisibilityBatch: "ChangeMessageVisibility",
    DeleteMessageBatch: "DeleteMessage",
    SendMessageBatch: "SendMessage",
  },
  ssm: {},
  states: {},
};

const objectActions: Readonly<Record<string, string>> = {
  GET: "GetObject",
  HEAD: "GetObject",
  PUT: "PutObject",
  DELETE: "DeleteObject",
};
const bucketActions: Readonly<Record<string, string>> = {
  GET: "ListBucket",
  HEAD: "ListBucket",
  PUT: "CreateBucket",
  DELETE: "DeleteBucket",
};

export interface AwsCallFacts {
  readonly target: AwsTarget;
  readonly partition: string;
  /** The mapped headers, and those of the address. */
  readonly headers: readonly ParameterPlan[];
  readonly query: readonly ParameterPlan[];
}

/** Returns the call that an integration makes; undefined if only the request shows it, so that the service decides. */
export function awsCallOf(integration: Integration, method: Method, facts: AwsCallFacts): AwsCall | undefined {
  const { target } = facts;
  const { signingName } = target.service;
  if (signingName === "s3") return objectCall(integration, method, facts);
  const exceptions = Object.hasOwn(services, signingName) ? services[signingName]! : undefined;
  const operation = operationOf(integration, facts);
  if (exceptions === undefined || operation === undefined) return undefined;
  const action = Object.hasOwn(exceptions, operation) ? exceptions[operation] : operation;
  if (action === null || action === undefined) return undefined;
  const queue = signingName === "sqs" ? queueOf(facts) : undefined;
  const region = target.service.signingRegion;
  return { action: `${signingName}:${action}`, region, ...(queue ?? { resource: "", isPrefix: true }) };
}

/** Returns the operation, if the address, a fixed mapping, or the beginning of every template names it. */
function operationOf({ requestTemplates }: Integration, { target, headers, query }: AwsCallFacts): string | undefined {
  const named = [
    /[?&]Action=([^&]*)/.exec(target.path)?.[1],
    ...literals(query, "action"),
    ...literals(headers, "x-amz-target").map((text) => text.slice(text.lastIndexOf(".") + 1)),
    ...Object.values(requestTemplates ?? {}).map((text) => /^\s*Action=(\w+)(?:&|\s*$)/.exec(text ?? "")?.[1]),
  ].filter((name) => name !== undefined);
  const [first] = named;
  if (first === undefined || named.some((name) => name !== first)) return undefined;
  return /^[A-Za-z0-9]+$/.test(first) ? first : undefined;
}

const literals = (parameters: readonly ParameterPlan[], lowerName: string): readonly string[] =>
  parameters.flatMap(({ name, value }) =>
    name.toLowerCase() === lowerName && value.kind === "literal" ? [value.text] : [],
  );

/** `/{account}/{queue}` */
function queueOf({ target, partition }: AwsCallFacts): Pick<AwsCall, "resource" | "isPrefix"> | undefined {
  const [account = "", ...rest] = pathOf(target.path).split("/");
  if (!/^\d{12}$/.test(account)) return undefined;
  return knownPart(`arn:${partition}:sqs:${target.service.signingRegion}:${account}:${rest.join("/")}`);
}

function objectCall(integration: Integration, method: Method, facts: AwsCallFacts): AwsCall | undefined {
  const { target, partition, query } = facts;
  // A query chooses another operation (`?acl`, `?uploads`).
  if (target.path.includes("?") || query.length > 0) return undefined;
  const own = integration.httpMethod?.toUpperCase();
  const verb = own === undefined || own === "ANY" ? method.httpMethod : own;
  const path = pathOf(target.path);
  const actions = path.includes("/") ? objectActions : bucketActions;
  if (path === "" || !Object.hasOwn(actions, verb)) return undefined;
  const region = target.service.signingRegion;
  return { action: `s3:${actions[verb]!}`, region, ...knownPart(`arn:${partition}:s3:::${path}`) };
}

const pathOf = (path: string): string => path.split("?", 1)[0]!.replace(/^\/+/, "");

/** Returns an ARN up to its first path parameter or escape. */
function knownPart(arn: string): Pick<AwsCall, "resource" | "isPrefix"> {
  const end = arn.search(/[{%]/);
  return end < 0 ? { resource: arn, isPrefix: false } : { resource: arn.slice(0, end), isPrefix: true };
}
