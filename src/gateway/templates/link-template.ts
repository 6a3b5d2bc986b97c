import { bounds } from "../../base/bounds.ts";
import type { RunJob } from "../../base/job.ts";
import { compileTemplate, type RenderResult } from "../../language/vtl/compile-template.ts";
import { parseTemplate } from "../../language/vtl/parse-template.ts";
import { apiGatewayPolicy } from "../../language/vtl/template-policy.ts";
import type { MethodPlan, StagePlan } from "../../plan/plan.ts";
import type { VelocityPlan } from "../../plan/steps.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Exchange } from "../exchange.ts";
import { describeExchange } from "../exchange-facts.ts";
import { runExchangeJob } from "../run-exchange-job.ts";
import { Overrides } from "./overrides.ts";
import { Payload } from "./payload.ts";
import { renderJob } from "./render-job.ts";
import { Rendering, type Side } from "./rendering.ts";
import { stageVariablesObject } from "./stage-variables-object.ts";
import { templateScope } from "./template-scope.ts";

/** The result of a template, or why there is none. */
export type TemplateOutcome =
  | { readonly kind: "text"; readonly text: string }
  /** The template asked for the payload as JSON, and it is not JSON; `detail` is the parser's message. */
  | { readonly kind: "malformed"; readonly detail: string }
  /** The template failed; `detail` names the template, line and column, for log and hint, never for the caller. */
  | { readonly kind: "failure"; readonly detail: string };

export interface Template {
  readonly side: Side;
  readonly mediaType: string;
  /** Whether the template may read the payload; if not, the payload is not needed. */
  readonly readsPayload: boolean;
  /** Renders and calls back: at once, or later if that takes long and is done outside of the gateway thread. */
  render(exchange: Exchange, payload: Payload | undefined, done: (outcome: TemplateOutcome) => void): void;
}

export interface TemplateOptions {
  readonly side: Side;
  readonly mediaType: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Called with a description of a failure: the template, line and column, and what happened. */
  readonly onFailure: (detail: string, exchange: Exchange) => void;
  readonly runJob: RunJob;
}

/**
 * Links a mapping template to closures, once for each deployment and thread. The engine bounds what it may spend.
 * AWS: API Gateway Developer Guide, "Mapping template transformations for REST APIs in API Gateway".
 */
export function linkTemplate(plan: VelocityPlan, options: TemplateOptions): Template {
  const { side, mediaType } = options;
  const name = `the ${side} template for ${mediaType}`;
  const fail = (detail: string, exchange: Exchange): TemplateOutcome => {
    options.onFailure(detail, exchange);
    return { kind: "failure", detail };
  };
  const broken = (problem: string): Template => ({
    side,
    mediaType,
    readsPayload: false,
    render: (exchange, _, done) => done(fail(`${name}, ${problem}`, exchange)),
  });
  if (plan.problem !== undefined) return broken(plan.problem);
  const parsed = parseTemplate(plan.velocity);
  if (parsed.kind === "problem") return broken(`line ${parsed.line}, column ${parsed.column}: ${parsed.message}`);
  const compiled = compileTemplate(parsed, apiGatewayPolicy);
  const stageVariables = stageVariablesObject(options.stageVariables);
  // A template that reads $input contains the word, because templates can't compute the names of variables.
  const readsPayload = plan.velocity.includes("input");
  const conclude = (exchange: Exchange, rendered: RenderResult, malformed: string | undefined): TemplateOutcome => {
    if (rendered.kind === "text") return rendered;
    if (malformed !== undefined) return { kind: "malformed", detail: malformed };
    return fail(`${name}, line ${rendered.line}, column ${rendered.column}: ${rendered.message}`, exchange);
  };
  return {
    side,
    mediaType,
    readsPayload,
    render(exchange, given, done) {
      const payload = given ?? new Payload(undefined);
      if (!(readsPayload && payload.isLarge)) {
        const before = exchange.overrides?.copy();
        const rendering = new Rendering(exchange, side, payload);
        const rendered = compiled.renderWithin(stepsMaxHere, templateScope(rendering, stageVariables));
        if (rendered !== undefined) {
          done(conclude(exchange, rendered, rendering.malformed));
          return;
        }
        exchange.overrides = before;
      }
      const input = { velocity: plan.velocity, side, exchange: describeExchange(exchange), payload: payload.source };
      runExchangeJob(exchange, { runJob: options.runJob, job: renderJob, input }, (result) => {
        exchange.overrides = result.overrides === undefined ? undefined : Overrides.fromPlain(result.overrides);
        done(conclude(exchange, result.rendered, result.malformed));
      });
    },
  };
}

const stepsMaxHere = bounds.templateStepsMaxHere.value;

/**
 * Returns the function that logs a template's failures: the first one of a deployment as a warning, later ones for
 * debugging only.
 */
export function linkFailureLog(
  { apiId, stageName }: StagePlan,
  { routeKey }: MethodPlan,
  logger: Logger,
): TemplateOptions["onFailure"] {
  let isTold = false;
  return (detail, { isTest, requestId, traceId }) => {
    const fields = { apiId, stage: stageName, route: routeKey, requestId, traceId, detail };
    // The caller of a test reads the failure in the test's own log.
    if (isTold || isTest) logger.debug("A mapping template failed.", fields);
    else logger.warn("A mapping template failed; more failures of this method are logged at the level debug.", fields);
    isTold = true;
  };
}
