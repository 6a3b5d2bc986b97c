import type { ExplainReport } from "../server/explain.ts";
import { nodesOf, type TreeNode } from "./explain-tree.ts";

type Event = ExplainReport["events"][number];

const previewChars = 120;

/** Returns a report in short, for people who know what they look for: the request, and a line for each step. */
export function explainLines(report: ExplainReport): readonly Pick<TreeNode, "text" | "tone">[] {
  const lines = report.events.flatMap((event) => linesOf(event, report));
  return [
    { text: `${report.method} ${report.url}`, tone: "bold" },
    ...lines.map(({ text, tone }) => ({ text: `  ${text}`, tone })),
  ];
}

function linesOf(event: Event, report: ExplainReport): readonly Pick<TreeNode, "text" | "tone">[] {
  const nodes = nodesOf(event, report);
  const [first] = nodes;
  if (first === undefined) return [];
  const line = (text: string, tone = first.tone): readonly Pick<TreeNode, "text" | "tone">[] => [{ text, tone }];
  switch (event.kind) {
    // The template's output says the same.
    case "request-template":
      return event.choice === "template" ? [] : line(first.text);
    case "request": {
      const parameters = event.pathParameters.flatMap((name, index, all) =>
        index % 2 === 0 ? [`${name}=${all[index + 1]}`] : [],
      );
      return line(parameters.length === 0 ? first.text : `${first.text} with ${parameters.join(", ")}`);
    }
    case "mapping":
      return line(`${first.text}: ${event.value ?? "(nothing)"}`);
    case "request-body":
    case "authorizer-result":
    case "endpoint-response-body":
      return line(`${first.text}${preview(event.body)}`);
    case "template":
      return line(`${first.text}${preview(event.output)}`);
    case "sent":
    case "endpoint-request":
    case "answer":
      return line(`${first.text}${preview(event.body)}`);
    default:
      // A problem, or a hint.
      return line(
        [first.text, ...first.children.map(({ text }) => text).filter(() => tellsBelow.has(event.kind))].join(": "),
      );
  }
}

/** What stands below these is their reason. */
const tellsBelow: ReadonlySet<Event["kind"]> = new Set([
  "validation",
  "resource-policy",
  "authorizer-decision",
  "gateway-response",
  "refused",
]);

function preview({
  text,
  bytes,
  isBinary,
}: {
  readonly text: string;
  readonly bytes: number;
  readonly isBinary: boolean;
}): string {
  if (bytes === 0 || isBinary) return "";
  const line = text.replaceAll(/\s+/g, " ").trim();
  return `: ${line.length > previewChars ? `${line.slice(0, previewChars)} …` : line}`;
}
