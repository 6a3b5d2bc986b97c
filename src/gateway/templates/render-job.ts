import { bounds } from "../../base/bounds.ts";
import type { Job } from "../../base/job.ts";
import { type CompiledTemplate, compileTemplate, type RenderResult } from "../../language/vtl/compile-template.ts";
import { parseTemplate } from "../../language/vtl/parse-template.ts";
import { apiGatewayPolicy } from "../../language/vtl/template-policy.ts";
import { type ExchangeFacts, restoreExchange } from "../exchange-facts.ts";
import type { PlainOverrides } from "./overrides.ts";
import { Payload } from "./payload.ts";
import { asBody } from "./payload-jobs.ts";
import { Rendering, type Side } from "./rendering.ts";
import { stageVariablesObject } from "./stage-variables-object.ts";
import { templateScope } from "./template-scope.ts";

/** One rendering, as data. */
export interface RenderTask {
  readonly velocity: string;
  readonly side: Side;
  readonly exchange: ExchangeFacts;
  readonly payload: Uint8Array | string;
}

/** What came of it: the text or the failure, the parser's words for a payload that is no JSON, and all overrides. */
export interface RenderTaskResult {
  readonly rendered: RenderResult;
  readonly malformed: string | undefined;
  readonly overrides: PlainOverrides | undefined;
}

/** Renders a template with all the steps that templates have: for a large payload, or one that took many steps already. */
export const renderJob: Job<RenderTask, RenderTaskResult> = {
  name: "render",
  weightMaxHere: 0,
  run: async ({ velocity, side, exchange: facts, payload }) => {
    const exchange = restoreExchange(facts);
    const rendering = new Rendering(exchange, side, new Payload(asBody(payload)));
    const stageVariables = stageVariablesObject(facts.plan.stageVariables);
    const rendered = compiled(velocity).render(templateScope(rendering, stageVariables));
    return { rendered, malformed: rendering.malformed, overrides: exchange.overrides?.toPlain() };
  },
};

const templates = new Map<string, CompiledTemplate>();

function compiled(velocity: string): CompiledTemplate {
  const known = templates.get(velocity);
  if (known !== undefined) return known;
  const parsed = parseTemplate(velocity);
  // The gateway thread has parsed it before.
  if (parsed.kind === "problem") throw new Error(`a template can't be parsed: ${parsed.message}`);
  const template = compileTemplate(parsed, apiGatewayPolicy);
  if (templates.size >= bounds.jobTemplatesKeptMax.value) templates.clear();
  templates.set(velocity, template);
  return template;
}
