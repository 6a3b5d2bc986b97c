import { bounds } from "../base/bounds.ts";
import type { NoAnswer } from "../base/pending-answers.ts";
import { compileAuthorizerTest } from "../compiler/compile-authorizer.ts";
import { noSurroundings, type Surroundings } from "../compiler/surroundings.ts";
import type { Method } from "../definition/rest-api.ts";
import type { Probe, ProbeOutcome } from "../gateway/probe.ts";
import { gatewayResponseTypes } from "../gateway/rest/gateway-response-types.ts";
import { Router } from "../gateway/routing/match.ts";
import { substituteStageVariables } from "../language/substitution.ts";
import type { AuthorizerTest, AuthorizerTestOutcome, AuthorizerTestRun } from "../management/rest/test-authorizer.ts";
import type { RestMethodPlan, RestPlan } from "../plan/rest-plan.ts";
import type { Store } from "../store/store.ts";
import { renderTestLog } from "../telemetry/execution-log.ts";
import type { TraceEvent } from "../telemetry/trace.ts";
import { type CompileSettings, readRoles } from "./compile-stage.ts";
import { testRequest, testStage } from "./test-invocation.ts";

/**
 * Makes the function with which TestInvokeAuthorizer asks an authorizer: in a gateway thread, as the one step of a
 * method that is never served.
 */
export const makeAuthorizerTest =
  (
    options: Pick<CompileSettings, "compilers"> & {
      readonly store: Store;
      readonly probe: (probe: Probe) => Promise<ProbeOutcome | NoAnswer>;
    },
  ): AuthorizerTestRun =>
  async (test) => {
    const arn = substituteStageVariables(test.authorizer.authorizerCredentials ?? "", test.stageVariables).text;
    const { roles } = await options.store.read(test.scope, (tx) => readRoles(tx, arn === "" ? [] : [arn]));
    const outcome = await options.probe({
      plan: await planTest(test, { compilers: options.compilers, roles }),
      tester: test.caller,
      request: testRequest({ ...test, verb }),
      bodyCharsMax: bounds.executionLogBodyCharsMax.value,
      // The policy is a JSON text within a JSON text here, and a character has at most three bytes.
      answerBytesMax: 6 * bounds.authorizerResultCharsMax.value,
    });
    if (outcome.kind === "busy") return { kind: "busy" };
    if (outcome.kind !== "answered" || outcome.isCut) return { kind: "failed" };
    const { status, latencyMs, events } = outcome;
    const isKnown = status === 200;
    const grant = isKnown ? readGrant(outcome.body) : {};
    return { kind: "answered", clientStatus: isKnown ? 0 : status, ...grant, log: renderLog(events), latencyMs };
  };

/** As observed: the event of a test always has this verb. */
const verb = "GET";

function readGrant(
  body: Uint8Array,
): Pick<AuthorizerTestOutcome & { kind: "answered" }, "principalId" | "policy" | "claims"> {
  const { policyText, ...grant } = JSON.parse(Buffer.from(body).toString("utf8"));
  return { ...grant, ...(policyText === undefined ? {} : { policy: policyText }) };
}

/**
 * Makes a plan with one method. If the path matches a resource, its path parameters are those of the resource. Gateway
 * responses are the built-in ones.
 */
async function planTest(
  test: AuthorizerTest,
  { compilers, roles }: Pick<CompileSettings, "compilers"> & Pick<Surroundings, "roles">,
): Promise<RestPlan> {
  const { definition, scope, stageVariables } = test;
  const method: Method = { httpMethod: verb, authorizationType: "NONE", apiKeyRequired: false };
  const resources = definition.resources.map((resource) => ({ ...resource, resourceMethods: { [verb]: method } }));
  const { policy: _, ...restApi } = definition.restApi;
  const bare = { ...definition, restApi, resources, gatewayResponses: [] };
  const { closed: __, ...plan } = await compilers.rest(bare, testStage(stageVariables), scope, noSurroundings);
  const path = test.target.split("?", 1)[0]!;
  const index = new Router(plan.routes).match(path)?.methodFor(verb);
  const resourcePath = index === undefined ? path : plan.methods[index]!.resourcePath;
  const tested: RestMethodPlan = {
    routeKey: `${verb} ${resourcePath}`,
    // As observed, whatever the path.
    resourceId: "test-invoke-resource-id",
    resourcePath,
    httpMethod: verb,
    steps: [
      compileAuthorizerTest(test.authorizer, {
        account: scope.account,
        methodArn: `arn:aws:execute-api:${scope.region}:${scope.account}:${definition.restApi.id}/authorizers/${test.authorizer.id}`,
        variables: stageVariables,
        surroundings: { roles },
        additionalContext: test.additionalContext,
      }),
    ],
  };
  return { ...plan, methods: [tested] };
}

/** The kinds of trace events about the method, which a test of an authorizer does not have. */
const untold: ReadonlySet<TraceEvent["kind"]> = new Set(["request", "request-body", "method-response", "completed"]);

/** As users quote AWS: a log ends with the name of what went wrong. */
function renderLog(events: readonly TraceEvent[]): string {
  const told = events.filter(({ kind }) => !untold.has(kind));
  const refusal = told.find((event) => event.kind === "gateway-response");
  if (refusal !== undefined) {
    const { errorType } = gatewayResponseTypes[refusal.type as keyof typeof gatewayResponseTypes];
    const message = refusal.status === 401 ? "Unauthorized" : errorType;
    const { atMs, hint } = refusal;
    const isSaid = told.some((event) => event.kind === "failure" && hint !== undefined && event.message.includes(hint));
    // Portico adds the reason, which AWS does not give.
    if (hint !== undefined && !isSaid) told.push({ kind: "failure", message: hint, atMs });
    told.push({ kind: "failure", message, atMs });
  }
  return renderTestLog(told);
}
