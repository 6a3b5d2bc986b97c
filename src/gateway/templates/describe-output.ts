import { Secrets } from "../../telemetry/secrets.ts";
import type { Exchange } from "../exchange.ts";
import { requestMediaType } from "../integrations/media-types.ts";

/** Who made a text: a template by its output, a template that is a fixed text, or the client. */
export type TextOrigin = "template" | "text" | "pass";

const charsShown = 240;

/**
 * Returns the words for a hint about a request template's output that is not what it has to be: which template, where in
 * the output (`problem` may have the parser's `line: 2, column: 5`), and the output there, with the request's secrets
 * masked. Undefined if no template made the text.
 */
export function describeOutput(
  exchange: Exchange,
  origin: TextOrigin,
  { output, problem, lacks }: { readonly output: Buffer | string; readonly problem?: string; readonly lacks: string },
): string | undefined {
  if (origin === "pass") return undefined;
  const what = origin === "template" ? "the output of the request template" : "the request template";
  const [, line, column] = /line: (\d+), column: (\d+)/.exec(problem ?? "") ?? [];
  const place = line === undefined ? "" : ` (line ${line}, column ${column})`;
  const { request } = exchange;
  const secrets = new Secrets();
  secrets.learn(request.rawHeaders);
  secrets.maskUri(request.target);
  const shown = shownOutput(output.toString(), { line: Number(line ?? 1), column: Number(column ?? 1) }, secrets);
  // A hint is a header's value: the line ends become `; `, and other control characters have no place in it.
  const harmless = shown.replaceAll(/[\x00-\x09\x0b-\x1f\x7f]/g, " ");
  return `${what} for ${requestMediaType(request)} ${lacks}${place}: ${harmless}`;
}

/** Returns a short text whole, and of a long one what stands around the place. */
function shownOutput(
  output: string,
  { line, column }: { readonly line: number; readonly column: number },
  secrets: Secrets,
): string {
  if (output.length <= charsShown) return output.trim() === "" ? "(empty)" : secrets.mask(output);
  let lineStart = 0;
  for (let number = 1; number < line; number++) lineStart = output.indexOf("\n", lineStart) + 1;
  const from = Math.max(0, Math.min(lineStart + column - 1 - charsShown / 2, output.length - charsShown));
  const to = Math.min(output.length, from + charsShown);
  // A secret that is cut would not be known as one. Masks are as long as what they mask.
  const wideFrom = Math.max(0, from - secrets.charsMax);
  const masked = secrets.mask(output.slice(wideFrom, to + secrets.charsMax)).slice(from - wideFrom, to - wideFrom);
  return `${from > 0 ? "..." : ""}${masked}${to < output.length ? "..." : ""}`;
}
