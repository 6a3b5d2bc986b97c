import type { AuthorizerPlan, ConfigurationProblem } from "../plan/authorizers.ts";
import type { MethodPlan, StagePlan } from "../plan/plan.ts";
import type { AwsServicePlan, StepPlan, TemplatePlan } from "../plan/steps.ts";

/** A route (`GET /pets`) that answers with AWS's 500, always or when it needs a template, and why. */
export interface FailingRoute {
  readonly route: string;
  readonly reason: string;
  /** Its integration can't be reached as things are. */
  readonly status?: 503;
}

/** What the server knows of what integrations call. */
export interface BackendProblems {
  /** Returns why an AWS service can't be called, or undefined if it can. */
  readonly ofService: (service: AwsServicePlan) => string | undefined;
  /** Returns why a function, or its version or alias, can't be invoked, or undefined. */
  readonly ofFunction: (functionArn: string) => string | undefined;
}

/** Returns the routes of a stage that can't work: integrations without an address, templates that don't parse. */
export const failingRoutes = (plan: StagePlan | undefined, problems: BackendProblems): FailingRoute[] =>
  (plan?.methods ?? []).flatMap((method) => reasonsOf(method, plan?.authorizers ?? {}, problems));

function reasonsOf(
  { routeKey: route, steps }: MethodPlan,
  authorizers: NonNullable<StagePlan["authorizers"]>,
  problems: BackendProblems,
): FailingRoute[] {
  return steps.flatMap((step) => {
    const reasons = step.kind === "authorizer" ? authorizerProblems(authorizers[step.authorizerId], problems) : [];
    const isUnreachable = step.kind === "misconfigured" && step.isUnreachable === true;
    const status = isUnreachable ? ({ status: 503 } as const) : {};
    return [...reasons, ...problemsOf(step, problems)].map((reason) => ({ route, reason, ...status }));
  });
}

/** Returns why an authorizer's function can't be invoked. */
function authorizerProblems(plan: AuthorizerPlan | undefined, { ofFunction }: BackendProblems): string[] {
  if (plan === undefined || plan.kind === "user-pool" || plan.kind === "jwt") return [];
  const { problem, functionArn } = plan;
  if (problem !== undefined) return [`its authorizer: ${describe(problem)}`];
  const unknown = ofFunction(functionArn);
  return unknown === undefined ? [] : [`its authorizer: ${unknown}`];
}

const describe = ({ detail, hint }: ConfigurationProblem): string =>
  hint === undefined ? detail : `${detail}. ${hint}`;

function problemsOf(step: StepPlan, backends: BackendProblems): string[] {
  if (step.kind === "misconfigured") return [describe(step)];
  const unknown = backendProblem(step, backends);
  if (unknown !== undefined) return [unknown];
  if (!("request" in step)) return [];
  const requests = templateProblems(step.request.templates, "the request template for");
  const responses = step.responses.flatMap(({ statusCode, templates }) =>
    templateProblems(templates, `the ${statusCode} response template for`),
  );
  const { templates, passthrough } = step.request;
  const isUnsaid = step.kind === "mock" && passthrough !== "NEVER" && Object.keys(templates).length === 0;
  return [...requests, ...responses, ...(isUnsaid ? [unsaid] : [])];
}

function backendProblem(step: StepPlan, { ofService, ofFunction }: BackendProblems): string | undefined {
  if (step.kind === "aws" || step.kind === "http-api-service") return ofService(step.service);
  return "functionArn" in step ? ofFunction(step.functionArn) : undefined;
}

const unsaid =
  'a MOCK without a request template takes its statusCode from the body; a template would be {"statusCode": 200}';

const templateProblems = (templates: Readonly<Record<string, TemplatePlan>>, what: string): string[] =>
  Object.entries(templates).flatMap(([mediaType, template]) =>
    typeof template === "object" && template?.problem !== undefined
      ? [`${what} ${mediaType}, ${template.problem}`]
      : [],
  );

/**
 * Returns what a stage's integrations do not send, as API Gateway does not, and what the server that the settings name may
 * need all the same.
 */
export const unsentHeaders = (
  plan: StagePlan | undefined,
  isAws: (service: AwsServicePlan) => boolean,
): readonly { readonly route: string; readonly reason: string }[] =>
  (plan?.methods ?? []).flatMap(({ routeKey: route, steps }) =>
    steps.flatMap((step) => {
      if (step.kind !== "aws" || step.unsent === undefined || isAws(step.service)) return [];
      const { target, contentType } = step.unsent;
      const reason =
        "sends the action in the query alone, as API Gateway does. A server that reads X-Amz-Target needs mappings: " +
        `integration.request.header.X-Amz-Target: '${target}', integration.request.header.Content-Type: '${contentType}'`;
      return [{ route, reason }];
    }),
  );
