import type { HostObject, TemplateValue } from "../../language/java/values.ts";
import { compileTemplate } from "../../language/vtl/compile-template.ts";
import { parseTemplate } from "../../language/vtl/parse-template.ts";
import type { TemplateScope } from "../../language/vtl/rendering.ts";
import { apiGatewayPolicy } from "../../language/vtl/template-policy.ts";
import type { MethodPlan, StagePlan } from "../../plan/plan.ts";
import type { VelocityPlan } from "../../plan/steps.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Exchange } from "../exchange.ts";
import { contextObject } from "./context-object.ts";
import { inputObject } from "./input-object.ts";
import { Payload } from "./payload.ts";
import { Rendering, type Side } from "./rendering.ts";
import { stageVariablesObject } from "./stage-variables-object.ts";
import { utilObject } from "./util-object.ts";

/** What a template made of an exchange, or why it made nothing. */
export type TemplateOutcome =
  | { readonly kind: "text"; readonly text: string }
  /** The template asked for the payload's JSON, and it is none: the parser's words. */
  | { readonly kind: "malformed"; readonly detail: string }
  /** Names the template, line and column; for log and hint, never for the caller. */
  | { readonly kind: "failure"; readonly detail: string };

export interface Template {
  readonly side: Side;
  readonly mediaType: string;
  /** May it read the payload? Else that need not be there. */
  readonly readsPayload: boolean;
  render(exchange: Exchange, payload: Payload | undefined): TemplateOutcome;
}

export interface TemplateOptions {
  readonly side: Side;
  readonly mediaType: string;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** Is told of a failure in words: the template, line and column, and what happened. */
  readonly onFailure: (detail: string, exchange: Exchange) => void;
}

/**
 * Links a mapping template to closures, once for each deployment and thread. What it may spend is bounded by the engine.
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
    render: (exchange) => fail(`${name}, ${problem}`, exchange),
  });
  if (plan.problem !== undefined) return broken(plan.problem);
  const parsed = parseTemplate(plan.velocity);
  if (parsed.kind === "problem") return broken(`line ${parsed.line}, column ${parsed.column}: ${parsed.message}`);
  const compiled = compileTemplate(parsed, apiGatewayPolicy);
  const stageVariables = stageVariablesObject(options.stageVariables);
  return {
    side,
    mediaType,
    // A reference to $input is written as one: no template makes names of variables.
    readsPayload: plan.velocity.includes("input"),
    render(exchange, payload) {
      const rendering = new Rendering(exchange, side, payload ?? new Payload(undefined));
      const rendered = compiled.render(templateScope(rendering, stageVariables));
      if (rendered.kind === "text") return rendered;
      if (rendering.malformed !== undefined) return { kind: "malformed", detail: rendering.malformed };
      return fail(`${name}, line ${rendered.line}, column ${rendered.column}: ${rendered.message}`, exchange);
    },
  };
}

/** All that a template finds set. */
export const templateScope = (rendering: Rendering, stageVariables: HostObject): TemplateScope =>
  new Map<string, TemplateValue>([
    ["input", inputObject(rendering)],
    ["context", contextObject(rendering)],
    ["stageVariables", stageVariables],
    ["util", utilObject],
  ]);

/** Tells of a template's failures: once for a deployment so that it is seen, then only to who debugs. */
export function linkFailureLog(
  { apiId, stageName }: StagePlan,
  { routeKey }: MethodPlan,
  logger: Logger,
): TemplateOptions["onFailure"] {
  let isTold = false;
  return (detail, { isTest }) => {
    const fields = { apiId, stage: stageName, route: routeKey, detail };
    // Who tests a method reads its own log.
    if (isTold || isTest) logger.debug("A mapping template failed.", fields);
    else logger.warn("A mapping template failed; more failures of this method are logged at the level debug.", fields);
    isTold = true;
  };
}
