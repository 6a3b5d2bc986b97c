import { parseTemplate } from "../language/vtl/parse-template.ts";
import type { TemplatePlan } from "../plan/steps.ts";

type Templates = Readonly<Record<string, string | null>> | undefined;

/** Returns whether Velocity has anything to evaluate. A template without `$` and `#` is its own result. */
const isVelocity = (template: string | null): template is string => template !== null && /[$#]/.test(template);

export const hasVelocity = (templates: Templates): boolean => Object.values(templates ?? {}).some(isVelocity);

/**
 * Compiles templates by media type. A template that can't be parsed is kept with the reason, since AWS also accepts it
 * and answers 500 to the requests that need it.
 */
export function compileTemplates(
  templates: Templates,
  keyOf = (mediaType: string): string => mediaType.toLowerCase(),
): Readonly<Record<string, TemplatePlan>> {
  return Object.fromEntries(
    Object.entries(templates ?? {}).map(([mediaType, template]) => [
      keyOf(mediaType),
      isVelocity(template) ? compileTemplate(template) : template,
    ]),
  );
}

function compileTemplate(text: string): TemplatePlan {
  const parsed = parseTemplate(text);
  if (parsed.kind === "template") return { velocity: text };
  return { velocity: text, problem: `line ${parsed.line}, column ${parsed.column}: ${parsed.message}` };
}
