import type { AccessDecision, CalledResource, CallerAccess } from "../../access/authorize.ts";
import type { Policy } from "../../access/policy.ts";
import type { AuthorizerPlan } from "../../plan/authorizers.ts";
import type { AuthorizerStepPlan } from "../../plan/steps.ts";
import { fitsArn, methodArnOf } from "../authorizers/method-arn.ts";
import { endPhase } from "../authorizers/refusals.ts";
import type { Grant } from "../caller.ts";
import type { Exchange } from "../exchange.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { decideAccess, decideCall, stageArnOf } from "../resource-policy.ts";

/**
 * Asks the method's authorizer. A Lambda authorizer's policy and the API's resource policy then decide together; a user
 * pool has no policy, and the step behind this one asks the API's alone.
 * AWS: API Gateway Developer Guide, "Use API Gateway Lambda authorizers", "How API Gateway resource policies affect
 * authorization workflow".
 */
export function linkAuthorizerStep({ authorizerId, scopes }: AuthorizerStepPlan, context: LinkContext): RunStep {
  const { authorizers, method, resourcePolicy, stage } = context;
  const stageArn = stageArnOf(stage);
  const hasPolicies = answersPolicies(stage.authorizers?.[authorizerId]);
  const called: CalledResource = { account: stage.account, policy: resourcePolicy.parsed };
  const requester = { kind: "authorized", account: stage.account } as const;
  const accessOf = (policy: Policy | undefined): CallerAccess => ({
    requester,
    identityPolicies: policy === undefined ? [] : [{ name: "the authorizer's policy", policy }],
  });
  /** Shows what each of the two policies says by itself. */
  const trace = (exchange: Exchange, policy: Policy | undefined): void => {
    if (policy !== undefined) {
      const { kind, ...decision } = decideCall(policy, exchange, { stageArn });
      const sid = "sid" in decision ? decision.sid : undefined;
      exchange.trace?.add({ kind: "authorizer-decision", decision: kind, sid });
    }
    resourcePolicy.decide(exchange);
  };
  const mayCall = (exchange: Exchange, { policy, isDenied }: Grant): boolean => {
    if (isDenied === true) return refuseDenied(exchange);
    if (!hasPolicies) return true;
    const phase = exchange.startAuthorization();
    if (exchange.trace !== undefined) trace(exchange, policy);
    const decision = decideAccess(exchange, { stageArn, access: accessOf(policy), called });
    if (decision.kind !== "allowed") return refuse(exchange, decision);
    endPhase(phase, 200);
    return true;
  };
  const goOn = (exchange: Exchange, grant: Grant): void => {
    if (mayCall(exchange, grant)) exchange.run();
  };
  const authorize = authorizers.get(authorizerId).forMethod(method, goOn, scopes);
  return (exchange) => {
    if (!fitsArn(exchange, stageArn)) return false;
    const grant = authorize(exchange);
    return grant !== undefined && mayCall(exchange, grant);
  };
}

/** Returns whether callers need a policy of the authorizer's. One that is not known is taken for one that they need. */
function answersPolicies(plan: AuthorizerPlan | undefined): boolean {
  switch (plan?.kind) {
    case "user-pool":
    case "jwt":
      return false;
    case "http-api-request":
      return !plan.hasSimpleResponses;
    default:
      return true;
  }
}

/** Answers a caller of whom an authorizer said `isAuthorized: false`. */
function refuseDenied(exchange: Exchange): false {
  const message = "Forbidden";
  endPhase(exchange.startAuthorization(), 403, message);
  return exchange.program.responses.finish(exchange, "ACCESS_DENIED", {
    message,
    hint: `the authorizer's function answered isAuthorized: false${whenceOf(exchange)}`,
  });
}

/** The trap that AWS's page warns of: what was said about another method is remembered. */
const whenceOf = ({ access }: Exchange): string =>
  access?.authorizer?.isRemembered === true ? "; the result was remembered from an earlier request" : "";

function refuse(exchange: Exchange, decision: AccessDecision): false {
  const isDenied = decision.kind === "explicitly-denied";
  const which = isDenied
    ? "the policy of the authorizer's result, or the API's resource policy, denies"
    : "neither the policy of the authorizer's result nor a resource policy of the API allows";
  const message = `User is not authorized to access this resource${isDenied ? " with an explicit deny" : ""}`;
  endPhase(exchange.access?.authorize, 403, message);
  return exchange.program.responses.finish(exchange, "ACCESS_DENIED", {
    message,
    hint: `${which} execute-api:Invoke on ${methodArnOf(exchange)}${whenceOf(exchange)}`,
    log: ["The client is not authorized to perform this operation."],
  });
}
