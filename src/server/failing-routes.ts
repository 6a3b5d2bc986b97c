import type { MethodPlan, StagePlan } from "../plan/plan.ts";
import type { StepPlan, TemplatePlan } from "../plan/steps.ts";

/** A route (`GET /pets`) that answers AWS's 500, always or where it needs a template, and why. */
export interface FailingRoute {
  readonly route: string;
  readonly reason: string;
}

/** What a stage serves and can't work, as it could not on AWS: integrations without an address, templates that don't parse. */
export const failingRoutes = (plan: StagePlan | undefined): FailingRoute[] => (plan?.methods ?? []).flatMap(reasonsOf);

function reasonsOf({ httpMethod, resourcePath, steps }: MethodPlan): FailingRoute[] {
  const route = `${httpMethod} ${resourcePath}`;
  return steps.flatMap((step) => problemsOf(step).map((reason) => ({ route, reason })));
}

function problemsOf(step: StepPlan): string[] {
  if (step.kind === "misconfigured") return [step.detail];
  if (!("request" in step)) return [];
  const requests = templateProblems(step.request.templates, "the request template for");
  const responses = step.responses.flatMap(({ statusCode, templates }) =>
    templateProblems(templates, `the ${statusCode} response template for`),
  );
  return [...requests, ...responses];
}

const templateProblems = (templates: Readonly<Record<string, TemplatePlan>>, what: string): string[] =>
  Object.entries(templates).flatMap(([mediaType, template]) =>
    typeof template === "object" && template?.problem !== undefined
      ? [`${what} ${mediaType}, ${template.problem}`]
      : [],
  );
