import type { MethodPlan, StagePlan } from "../plan/plan.ts";
import type { AwsServicePlan, StepPlan, TemplatePlan } from "../plan/steps.ts";

/** A route (`GET /pets`) that answers with AWS's 500, always or when it needs a template, and why. */
export interface FailingRoute {
  readonly route: string;
  readonly reason: string;
}

/** Returns why an AWS service can't be called, or undefined if it can. */
export type ServiceProblem = (service: AwsServicePlan) => string | undefined;

/** Returns the routes of a stage that can't work: integrations without an address, templates that don't parse. */
export const failingRoutes = (plan: StagePlan | undefined, serviceProblem: ServiceProblem): FailingRoute[] =>
  (plan?.methods ?? []).flatMap((method) => reasonsOf(method, serviceProblem));

function reasonsOf({ routeKey: route, steps }: MethodPlan, serviceProblem: ServiceProblem): FailingRoute[] {
  return steps.flatMap((step) => problemsOf(step, serviceProblem).map((reason) => ({ route, reason })));
}

function problemsOf(step: StepPlan, serviceProblem: ServiceProblem): string[] {
  if (step.kind === "misconfigured") return [step.hint === undefined ? step.detail : `${step.detail}. ${step.hint}`];
  const unknown = step.kind === "aws" ? serviceProblem(step.service) : undefined;
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

const unsaid =
  'a MOCK without a request template takes its statusCode from the body; a template would be {"statusCode": 200}';

const templateProblems = (templates: Readonly<Record<string, TemplatePlan>>, what: string): string[] =>
  Object.entries(templates).flatMap(([mediaType, template]) =>
    typeof template === "object" && template?.problem !== undefined
      ? [`${what} ${mediaType}, ${template.problem}`]
      : [],
  );
