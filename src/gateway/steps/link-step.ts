import type { StepKind, StepOf, StepPlan } from "../../plan/steps.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { linkApiKey } from "./api-key.ts";
import { linkAuthorizerStep } from "./authorizer.ts";
import { linkAuthorizerTest } from "./authorizer-test.ts";
import { linkAws } from "./aws.ts";
import { linkClosed } from "./closed.ts";
import { linkHttp } from "./http.ts";
import { linkHttpApiLambda } from "./http-api-lambda.ts";
import { linkHttpApiProxy } from "./http-api-proxy.ts";
import { linkHttpApiService } from "./http-api-service.ts";
import { linkHttpProxy } from "./http-proxy.ts";
import { linkIam } from "./iam.ts";
import { linkLambda } from "./lambda.ts";
import { linkLambdaProxy } from "./lambda-proxy.ts";
import { linkMisconfigured } from "./misconfigured.ts";
import { linkMock } from "./mock.ts";
import { linkQuota } from "./quota.ts";
import { linkRequestValidation } from "./request-validation.ts";
import { linkResourcePolicy } from "./resource-policy.ts";
import { linkResponseCache } from "./response-cache.ts";
import { linkResponseCompression } from "./response-compression.ts";
import { linkThrottle } from "./throttle.ts";
import { linkWebSocketAccept } from "./websocket-accept.ts";
import { linkWebSocketLambda } from "./websocket-lambda.ts";

export type LinkStep<Kind extends StepKind> = (plan: StepOf<Kind>, context: LinkContext) => RunStep;

/** The linker of each kind of step. */
const linkers: { readonly [Kind in StepKind]: LinkStep<Kind> } = {
  closed: linkClosed,
  misconfigured: linkMisconfigured,
  "response-compression": linkResponseCompression,
  "resource-policy": linkResourcePolicy,
  authorizer: linkAuthorizerStep,
  "api-key": linkApiKey,
  quota: linkQuota,
  throttle: linkThrottle,
  iam: linkIam,
  "request-validation": linkRequestValidation,
  "response-cache": linkResponseCache,
  mock: linkMock,
  http: linkHttp,
  "http-proxy": linkHttpProxy,
  aws: linkAws,
  lambda: linkLambda,
  "lambda-proxy": linkLambdaProxy,
  "http-api-lambda": linkHttpApiLambda,
  "http-api-proxy": linkHttpApiProxy,
  "http-api-service": linkHttpApiService,
  "websocket-lambda": linkWebSocketLambda,
  "websocket-accept": linkWebSocketAccept,
  "authorizer-test": linkAuthorizerTest,
};

export function linkStep(plan: StepPlan, context: LinkContext): RunStep {
  // The table's type says that a kind's linker takes that kind's plan; TypeScript can't follow that through the union.
  return (linkers[plan.kind] as (plan: StepPlan, context: LinkContext) => RunStep)(plan, context);
}
