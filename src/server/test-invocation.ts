import { bounds } from "../base/bounds.ts";
import type { NoAnswer } from "../base/pending-answers.ts";
import type { Stage } from "../definition/rest-api.ts";
import type { Probe, ProbeOutcome } from "../gateway/probe.ts";
import type { SyntheticInput } from "../gateway/synthetic-request.ts";
import type { MethodTest, TestOutcome } from "../management/rest/test-invoke.ts";
import type { Store } from "../store/store.ts";
import { renderTestLog } from "../telemetry/execution-log.ts";
import { type CompiledStage, type CompileSettings, compileReading, readStage } from "./compile-stage.ts";

/**
 * Makes the function with which TestInvokeMethod runs a method: compiled from the definition as it is now, in a gateway
 * thread, and never served.
 */
export const makeTestInvocation =
  (
    options: CompileSettings & {
      readonly store: Store;
      readonly probe: (probe: Probe) => Promise<ProbeOutcome | NoAnswer>;
      readonly answerBytesMax: number;
    },
  ) =>
  async (test: MethodTest): Promise<TestOutcome> => {
    const { plan, identity } = await compileTest(test, options);
    const outcome = await options.probe({
      plan,
      tester: test.caller,
      ...(identity === undefined ? {} : { identity }),
      request: testRequest(test),
      bodyCharsMax: bounds.executionLogBodyCharsMax.value,
      answerBytesMax: options.answerBytesMax,
      ...(test.method.methodIntegration?.responseTransferMode === "STREAM" ? streamed : {}),
    });
    if (outcome.kind === "busy") return { kind: "busy" };
    if (outcome.kind !== "answered") return { kind: "failed" };
    return { ...outcome, log: renderTestLog(outcome.events) };
  };

/**
 * AWS: "Troubleshoot issues with response streaming in API Gateway": the answer has what came by then, with status 0 if
 * no head came.
 */
const streamed = { answerBytesMax: bounds.testStreamBytesMax.value, patienceMs: bounds.testStreamMsMax.value };

/** Makes the request of a test, with the address observed on AWS. */
export const testRequest = ({
  verb,
  target,
  headers,
  body,
}: Pick<MethodTest, "verb" | "target" | "headers" | "body">): SyntheticInput => ({
  method: verb,
  target,
  host: "testPrefix.testDomainName",
  headers,
  body,
  remoteAddress: "test-invoke-source-ip",
  localPort: 443,
  isEncrypted: true,
});

/** Returns the stage that tests run in. */
export const testStage = (variables: Readonly<Record<string, string>>): Stage => ({
  stageName: "test-invoke-stage",
  deploymentId: "",
  cacheClusterEnabled: false,
  cacheClusterStatus: "NOT_AVAILABLE",
  methodSettings: {},
  variables,
  tracingEnabled: false,
  createdDate: 0,
  lastUpdatedDate: 0,
});

/**
 * Makes a plan with nothing but the method. AWS: API Gateway REST API reference, "TestInvokeMethod": authorizers, API
 * keys and the checks of a stage are skipped.
 */
async function compileTest(
  test: MethodTest,
  options: CompileSettings & { readonly store: Store },
): Promise<CompiledStage> {
  const { definition, resource, verb } = test;
  const { minimumCompressionSize: _, policy: __, ...restApi } = definition.restApi;
  const method = { ...test.method, authorizationType: "NONE" as const, apiKeyRequired: false };
  const stage = {
    ...testStage(test.stageVariables),
    ...(test.clientCertificateId === undefined ? {} : { clientCertificateId: test.clientCertificateId }),
  };
  // A test comes through no endpoint at all.
  const { endpointConfiguration } = restApi;
  const isPrivate = endpointConfiguration.types.includes("PRIVATE");
  const endpoint = isPrivate ? { endpointConfiguration: { types: ["REGIONAL" as const] } } : {};
  const tested = {
    ...definition,
    restApi: { ...restApi, ...endpoint },
    resources: [{ ...resource, resourceMethods: { [verb]: method } }],
  };
  const { scope } = test;
  const read = await options.store.read(scope, (tx) =>
    readStage(tx, { content: { kind: "rest", definition: tested, stage }, scope }, options),
  );
  const compiled = await compileReading(read, options);
  const { closed: ___, ...plan } = compiled.plan;
  return { ...compiled, plan };
}
