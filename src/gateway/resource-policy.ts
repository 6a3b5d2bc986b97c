import {
  type AccessDecision,
  authorize,
  type CalledResource,
  type CallerAccess,
  type ParsedPolicy,
} from "../access/authorize.ts";
import type { ConditionContext } from "../access/condition-keys.ts";
import { makeInvokeContext } from "../access/invoke-conditions.ts";
import { type AwsPrincipal, type Policy, type PolicyDecision, parsePolicy } from "../access/policy.ts";
import type { Principal } from "../access/principal.ts";
import type { StagePlan } from "../plan/plan.ts";
import { calledOf, routeNameOf } from "./authorizers/method-arn.ts";
import { endPhase } from "./authorizers/refusals.ts";
import type { Exchange } from "./exchange.ts";
import { decodeLeniently } from "./routing/match.ts";

/** The action of every call of a method. */
export const invokeAction = "execute-api:Invoke";

/**
 * A stage's resource policy. It is linked once, when a method first asks it.
 * AWS: API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow".
 */
export class LinkedResourcePolicy {
  /** The API has a policy. Without one, other checks decide alone. */
  readonly isThere: boolean;
  readonly #plan: Pick<StagePlan, "resourcePolicy" | "region" | "account" | "apiId" | "stageName">;
  readonly #arn: string;
  #policy: Policy | undefined;

  constructor(plan: Pick<StagePlan, "resourcePolicy" | "region" | "account" | "apiId" | "stageName">) {
    this.isThere = plan.resourcePolicy !== undefined;
    this.#plan = plan;
    this.#arn = stageArnOf(plan);
  }

  /** The policy, for decisions that take others into account; undefined if the API has none. */
  get parsed(): ParsedPolicy | undefined {
    if (!this.isThere) return undefined;
    this.#policy ??= parsePolicy(this.#plan.resourcePolicy!);
    return { name: "the API's resource policy", policy: this.#policy };
  }

  /**
   * Returns what the policy says of the exchange's call, by whoever `principal` is: an anonymous caller if it is absent.
   * Returns undefined if the API has no policy. `decideAccess` takes an identity's policies into account as well.
   */
  decide(exchange: Exchange, principal?: AwsPrincipal): PolicyDecision | undefined {
    if (!this.isThere) return undefined;
    this.#policy ??= parsePolicy(this.#plan.resourcePolicy!);
    const decision = decideCall(this.#policy, exchange, { stageArn: this.#arn, principal });
    exchange.trace?.add({ kind: "resource-policy", decision: decision.kind, sid: statementOf(decision) });
    return decision;
  }

  /** Answers with AWS's refusal. `who` is the caller's ARN; absent for an anonymous one. */
  refuse(exchange: Exchange, decision: PolicyDecision, who?: string): false {
    const resource = maskedArnOf(this.#plan, exchange);
    const explicit = decision.kind === "denied" ? " with an explicit deny" : "";
    const message = `User: ${who ?? "anonymous"} is not authorized to perform: ${invokeAction} on resource: ${resource}${explicit}`;
    endPhase(exchange.access?.authorize ?? exchange.startAuthorization(), 403, message);
    return exchange.program.responses.finish(exchange, "ACCESS_DENIED", { message, hint: hintOf(decision) });
  }
}

/** Returns the beginning of the ARNs of a stage's methods, up to the verb. */
export const stageArnOf = (plan: Pick<StagePlan, "region" | "account" | "apiId" | "stageName">): string =>
  `arn:aws:execute-api:${plan.region}:${plan.account}:${plan.apiId}/${plan.stageName}/`;

/** Returns the ARN of the call as refusals show it. AWS: the account is masked but for its last four digits. */
export function maskedArnOf(
  { region, account, apiId, stageName }: Pick<StagePlan, "region" | "account" | "apiId" | "stageName">,
  exchange: Exchange,
): string {
  return `arn:aws:execute-api:${region}:********${account.slice(-4)}:${apiId}/${stageName}/${calledOf(exchange)}`;
}

/**
 * Returns what looks up the condition keys of an exchange's call. `principal` is the caller, if a signature proved who it is.
 */
export function invokeContextOf(exchange: Exchange, principal: Principal | undefined): ConditionContext {
  const { request, caller } = exchange;
  const { account, region } = exchange.program.plan;
  return makeInvokeContext({
    sourceAddress: caller.sourceAddress,
    userAgent: caller.userAgent,
    referer: request.header("referer"),
    isEncrypted: request.client.isEncrypted,
    nowMs: exchange.startedMs,
    account,
    region,
    vpcEndpoint: caller.vpcEndpoint,
    principal,
  });
}

/**
 * Returns what a policy says of an exchange's call of its method. `stageArn` is `stageArnOf` its stage.
 */
export function decideCall(
  policy: Policy,
  exchange: Exchange,
  { stageArn, principal }: { readonly stageArn: string; readonly principal?: AwsPrincipal | undefined },
): PolicyDecision {
  const context = invokeContextOf(exchange, undefined);
  const asked = { action: invokeAction, context, ...(principal && { awsPrincipal: principal }) };
  return strictestOf(exchange, { stageArn, strictness, decide: (resource) => policy.decide({ ...asked, resource }) });
}

/**
 * Decides whether a caller may make an exchange's call, by all policies that have a say. `principal` is the caller, if a
 * signature proved who it is.
 */
export function decideAccess(
  exchange: Exchange,
  {
    stageArn,
    access,
    called,
    principal,
    action = invokeAction,
  }: {
    readonly stageArn: string;
    readonly access: CallerAccess;
    readonly called: CalledResource;
    readonly principal?: Principal;
    /** What the caller wants to do to the method: by default, call it. */
    readonly action?: string;
  },
): AccessDecision {
  const context = invokeContextOf(exchange, principal);
  const decide = (resource: string): AccessDecision => authorize({ action, resource, context }, access, called);
  return strictestOf(exchange, { stageArn, strictness: accessStrictness, decide });
}

const accessStrictness: Readonly<Record<AccessDecision["kind"], number>> = {
  allowed: 0,
  "implicitly-denied": 1,
  "explicitly-denied": 2,
};

/** Decides about each form of the path that a policy may mean, and returns the decision that lets least through. */
export function strictestOf<Decision extends { readonly kind: string }>(
  exchange: Pick<Exchange, "httpMethod" | "path" | "method">,
  {
    stageArn,
    strictness,
    decide,
  }: {
    readonly stageArn: string;
    readonly strictness: Readonly<Record<Decision["kind"], number>>;
    readonly decide: (resource: string) => Decision;
  },
): Decision {
  const rank = ({ kind }: Decision): number => strictness[kind as Decision["kind"]];
  let decision: Decision | undefined;
  const { httpMethod, path: asked } = exchange;
  // A route with a name of its own has that one, whatever is called.
  const name = routeNameOf(exchange);
  const forms = name === undefined ? pathsOf(asked).map((path) => `${httpMethod}${path}`) : [name];
  for (const form of forms) {
    const found = decide(`${stageArn}${form}`);
    if (decision === undefined || rank(found) > rank(decision)) decision = found;
  }
  return decision!;
}

const strictness: Readonly<Record<PolicyDecision["kind"], number>> = {
  allowed: 0,
  "not-allowed": 1,
  denied: 2,
  unreadable: 3,
};

/** Returns the name of the statement that decided, or its number. */
const statementOf = (decision: PolicyDecision): string | undefined =>
  "statement" in decision ? (decision.sid ?? `number ${decision.statement + 1}`) : undefined;

function hintOf(decision: PolicyDecision): string {
  switch (decision.kind) {
    case "denied":
      return `the API's resource policy denies this call by its statement ${statementOf(decision)}`;
    case "unreadable":
      return `the API's resource policy can't be read: ${decision.detail}`;
    default:
      return "no statement of the API's resource policy allows this call";
  }
}

/**
 * Returns the paths that a policy is asked about for one request. Routes are found by the decoded path without the slashes
 * at its end, and backends may read two slashes as one and resolve `.` and `..`, so a statement may mean any of these forms. A
 * call is denied if one of them is, and allowed only if all are.
 * Unconfirmed: which form AWS compares; see docs/compatibility.md, "resource policies, paths".
 */
export function pathsOf(path: string): readonly string[] {
  const hasSlashes = path.length > 1 && (path.endsWith("/") || path.includes("//"));
  if (!hasSlashes && !path.includes("%") && !path.includes("/.")) return [path];
  const forms = new Set([path]);
  for (const form of [path, path.split("/").map(decodeLeniently).join("/")]) {
    forms.add(form);
    forms.add(withoutEnd(form));
    const single = form.replaceAll(/\/{2,}/g, "/");
    forms.add(withoutEnd(single));
    forms.add(withoutEnd(withoutDots(single)));
  }
  return [...forms];
}

/** Resolves the segments `.` and `..` of a path without empty segments. RFC 3986 §5.2.4. */
function withoutDots(path: string): string {
  if (!path.includes("/.")) return path;
  const segments: string[] = [];
  for (const segment of path.split("/").slice(1)) {
    if (segment === "..") segments.pop();
    else if (segment !== ".") segments.push(segment);
  }
  return `/${segments.join("/")}`;
}

function withoutEnd(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 0x2f) end--;
  return path.slice(0, end);
}
