import { type AccessDecision, type CalledResource, problemOf } from "../../access/authorize.ts";
import type { SignatureProblem } from "../../access/sigv4-signature.ts";
import { emptyHash, hashOfBody, type PlausibleSignature, verifySignature } from "../../access/sigv4-verify.ts";
import type { IamPlan } from "../../plan/steps.ts";
import { calledOf, fitsArn } from "../authorizers/method-arn.ts";
import { endPhase } from "../authorizers/refusals.ts";
import { type Claim, ofBody, problemWithPath, readClaim } from "../caller-claim.ts";
import type { Exchange } from "../exchange.ts";
import { receiveBody } from "../integrations/request-body.ts";
import type { ClaimedCaller } from "../known-callers.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { decideAccess, invokeAction, maskedArnOf, stageArnOf } from "../resource-policy.ts";
import { refuseAuthorization, refuseSignature } from "../responses/signature-refusals.ts";

/**
 * Verifies the request's signature, and asks the caller's policies and the API's. Whoever is not known, or not allowed, is
 * refused.
 * AWS: API Gateway Developer Guide, "Control access to a REST API with IAM permissions", "How API Gateway resource policies
 * affect authorization workflow".
 */
export function linkIam(_: IamPlan, context: LinkContext): RunStep {
  const { stage, thread } = context;
  // Unconfirmed: the quota is of REST APIs; see docs/compatibility.md, "methods' ARNs".
  const arnMeasured = stage.kind === "rest" ? stageArnOf(stage) : undefined;
  const readClaim = linkClaim(context);
  const decide = linkDecision(context);

  /** Returns whether the claim is true of the request, if its body has this hash. Otherwise the request is refused. */
  const isProven = (exchange: Exchange, { signature, caller }: Claim, bodyHash: string): boolean => {
    const { request } = exchange;
    const keys = thread.signingKeys;
    const problem =
      verifySignature(request, signature, { secret: caller.secret, keys, bodyHash }) ??
      problemWithVerb(exchange, signature) ??
      problemWithPath(exchange.path);
    if (problem !== undefined) return refuse(exchange, problem);
    endPhase(exchange.access?.authenticate, 200);
    thread.knownCallers.noteUse(caller, thread.clock.now(), stage.region);
    return true;
  };

  return (exchange) => {
    if (arnMeasured !== undefined && !fitsArn(exchange, arnMeasured)) return false;
    exchange.startAuthentication();
    const claim = readClaim(exchange);
    if (claim === undefined) return false;
    const { payload } = claim.signature;
    if (payload.kind === "unsigned") return isProven(exchange, claim, emptyHash) && decide(exchange, claim.caller);
    if (!exchange.request.hasBody) {
      return isProven(exchange, ofBody(claim), emptyHash) && decide(exchange, claim.caller);
    }
    // A signature that says the body's hash is verified before the body is read.
    const isDecided = payload.kind === "hash";
    if (isDecided && !(isProven(exchange, claim, emptyHash) && decide(exchange, claim.caller))) return false;
    receiveBody(exchange, thread, (body) => {
      const hash = hashOfBody(body);
      const isIntact = (isDecided && payload.hash === hash) || isProven(exchange, ofBody(claim), hash);
      if (isIntact && (isDecided || decide(exchange, claim.caller))) exchange.run();
    });
    return false;
  };
}

const unsigned =
  "the method has authorizationType AWS_IAM: sign the request for the service execute-api, such as with curl --aws-sigv4 " +
  '"aws:amz:REGION:execute-api" --user "ACCESS_KEY_ID:SECRET_ACCESS_KEY"';
const unsignedConnect =
  "the route has authorizationType AWS_IAM: sign the handshake for the service execute-api, such as with portico ws --sign";

/** Links what reads the signature and finds its access key. The function refuses a request of which that fails. */
function linkClaim({ stage: { region, kind }, thread }: LinkContext): (exchange: Exchange) => Claim | undefined {
  const { clock, knownCallers } = thread;
  const hint = kind === "websocket" ? unsignedConnect : unsigned;
  return (exchange) => {
    const { request } = exchange;
    const reading = readClaim(request, knownCallers, { region, nowMs: clock.now() });
    if (reading.kind === "unsigned") {
      endPhase(exchange.access?.authenticate, 403, "Missing Authentication Token");
      exchange.program.responses.finish(exchange, "MISSING_AUTHENTICATION_TOKEN", { hint });
      return undefined;
    }
    if (reading.kind === "foreign") {
      endPhase(exchange.access?.authenticate, 403, "the Authorization header is no signature");
      refuseAuthorization(exchange, reading.authorization, hint);
      return undefined;
    }
    return reading.kind === "refused" ? refuseClaim(exchange, reading.problem) : reading.claim;
  };
}

function refuseClaim(exchange: Exchange, problem: SignatureProblem): undefined {
  refuse(exchange, problem);
  return undefined;
}

function refuse(exchange: Exchange, problem: SignatureProblem): false {
  endPhase(exchange.access?.authenticate, 403, problem.message.split("\n", 1)[0]);
  return refuseSignature(exchange, problem);
}

/** A verb that another header chooses has to be signed, so that nobody else can choose it for a signed request. */
function problemWithVerb(
  { httpMethod, request }: Exchange,
  { signedHeaders }: PlausibleSignature,
): SignatureProblem | undefined {
  if (httpMethod === request.method || signedHeaders.includes("x-http-method-override")) return undefined;
  return {
    code: "InvalidSignatureException",
    message: "'x-http-method-override' must be a 'SignedHeader' in the AWS Authorization.",
  };
}

/** Links what decides whether a caller may call the method. The function refuses a request that is not allowed. */
function linkDecision({ stage, resourcePolicy }: LinkContext): (exchange: Exchange, caller: ClaimedCaller) => boolean {
  const stageArn = stageArnOf(stage);
  const policy = resourcePolicy.parsed;
  const called: CalledResource = { account: stage.account, policy };
  return (exchange, { iam }) => {
    exchange.caller.iam = iam;
    const { principal, access } = iam.signer;
    const phase = exchange.startAuthorization();
    const decision = decideAccess(exchange, { stageArn, access, called, principal });
    trace(exchange, principal.arn, decision);
    const problem = problemOf(decision, invokeAction);
    endPhase(phase, problem === undefined ? 200 : 403, problem);
    if (problem === undefined) return true;
    return exchange.program.responses.finish(exchange, "ACCESS_DENIED", {
      message: `User: ${principal.arn} is not authorized to perform: ${invokeAction} on resource: ${maskedArnOf(stage, exchange)} ${problem}`,
      hint: hintOf(decision, { arn: principal.arn, resource: `${stageArn}${calledOf(exchange)}` }),
    });
  };
}

function trace(exchange: Exchange, arn: string, decision: AccessDecision): void {
  if (exchange.trace === undefined) return;
  const by = "by" in decision ? decision.by : undefined;
  exchange.trace.add({
    kind: "iam",
    arn,
    decision: decision.kind,
    policy: by?.policyName ?? ("policyName" in decision ? decision.policyName : undefined),
    statement: by === undefined ? undefined : (by.sid ?? `number ${by.statement + 1}`),
  });
}

function hintOf(
  decision: AccessDecision,
  { arn, resource }: { readonly arn: string; readonly resource: string },
): string {
  if (decision.kind === "explicitly-denied") {
    const { by, policyName, detail } = decision;
    if (by === undefined) return `the policy ${policyName} can't be read, so it denies everything: ${detail ?? ""}`;
    return `the policy ${policyName} denies ${invokeAction} on ${resource}, by its statement ${by.sid ?? `number ${by.statement + 1}`}`;
  }
  const command = `portico policy explain --principal ${arn} --action ${invokeAction} --resource ${quote(resource)}`;
  return `no policy allows ${arn} ${invokeAction} on ${resource}. Which were asked: ${command}`;
}

/** Quotes a text for a shell: the path is the client's. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
