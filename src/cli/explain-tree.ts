import type { ExplainReport } from "../server/explain.ts";
import type { Output } from "./output.ts";

type Event = ExplainReport["events"][number];
type EventOf<Kind extends Event["kind"]> = Extract<Event, { readonly kind: Kind }>;
type Body = EventOf<"request-body">["body"];

/** A line of an explanation, with the lines below it. */
export interface TreeNode {
  readonly text: string;
  readonly tone: "plain" | "bold" | "good" | "bad" | "dim";
  readonly children: readonly TreeNode[];
}

/** How many lines of a body are shown; `--json` has more. */
const bodyLinesShown = 40;
const bodyLineCharsShown = 160;

/** Returns a report as a tree: the request, each step's decisions, the exchange with the integration, the answer. */
export function explainTree(report: ExplainReport): TreeNode {
  const nodes = report.events.flatMap((event) => nodesOf(event, report));
  return node(`${report.method} ${report.url}`, nodes, "bold");
}

const node = (text: string, children: readonly TreeNode[] = [], tone: TreeNode["tone"] = "plain"): TreeNode => ({
  text,
  tone,
  children,
});

const toneOf = (isGood: boolean): TreeNode["tone"] => (isGood ? "good" : "bad");

const apiKeyTexts: Readonly<Record<EventOf<"api-key">["finding"], string>> = {
  absent: "the request has no API key",
  ambiguous: "the request has more than one API key",
  unknown: "there is no such API key",
  disabled: "the API key is disabled",
  unassociated: "the API key is in no usage plan of the stage",
  found: "the API key is in a usage plan of the stage",
};

function apiKeyNode({ finding, key, planId }: EventOf<"api-key">): TreeNode {
  const facts = [...(key === "" ? [] : [`API key ${key}`]), ...(planId === undefined ? [] : [`usage plan ${planId}`])];
  return node(
    apiKeyTexts[finding],
    facts.map((fact) => node(fact, [], "dim")),
    toneOf(finding === "found"),
  );
}

const quotaTexts: Readonly<Record<EventOf<"quota">["outcome"], string>> = {
  counted: "the call is counted",
  exceeded: "the quota is used up",
  unsaved: "calls can't be saved, so no more are counted",
  left: "the API key has left its usage plan",
};

const cacheTexts: Readonly<Record<EventOf<"response-cache">["outcome"], string>> = {
  hit: "the response cache has the answer",
  miss: "the response cache does not have the answer",
  renewed: "the client may ask for a new answer, so the response cache is passed by",
};

/** Returns what a tree has of an event. */
export function nodesOf(event: Event, report: ExplainReport): TreeNode[] {
  const isHttp = isOfKind(report, "http");
  const callee = isHttp || isOfWebSocket(report) ? "route" : "method";
  switch (event.kind) {
    case "stage": {
      // Each message of a WebSocket is an exchange of its own.
      if (event !== report.events.find(({ kind }) => kind === "stage")) {
        return [node("message", [node(`request ${event.requestId}`, [], "dim")])];
      }
      const deployment = event.deploymentId === "" ? [] : [node(`deployment ${event.deploymentId}`, [], "dim")];
      return [
        node(`stage ${event.stageName} of ${event.apiName} (${event.apiId})`, [
          ...deployment,
          node(`request ${event.requestId}`, [], "dim"),
          node(`trace ${event.traceId}`, [], "dim"),
        ]),
      ];
    }
    case "request":
      return [
        node(
          `route ${isOfWebSocket(report) ? "" : `${event.methodVerb} `}${event.resourcePath}`,
          pairs(event.pathParameters),
        ),
        node(
          "steps",
          event.steps.map((step) => node(`${step}: ${report.steps[step] ?? ""}`)),
        ),
        node("request", [...group("query string", event.queryString), ...group("headers", event.headers)]),
      ];
    case "message-route":
      return [messageRoute(event)];
    case "sent":
      return bodyNodes("sent to the client", event.body);
    case "closed":
      return [node(`closed the connection with ${event.code}: ${event.reason}`, [], "bad")];
    case "request-body":
      return bodyNodes(isOfWebSocket(report) ? "message" : "request body", event.body);
    case "authorizer-start":
      return [node(`authorizer ${event.authorizerId}`)];
    case "authorizer-identity":
      return [node(`identity ${event.identity}`)];
    case "authorizer-result":
      return bodyNodes("authorizer's result", event.body);
    case "authorizer-policy":
      return [node(`policy for ${event.principal}`)];
    case "authorizer-end":
      return [node("the authorizer knows the caller", [], "good")];
    case "authorizer-shared":
      return [
        node(
          event.from === "memory"
            ? "the function's answer to an earlier request is remembered"
            : "the function is being asked for another request with the same identity",
        ),
      ];
    case "iam":
      return [iamDecision(event, callee)];
    case "resource-policy":
      return [policyDecision("the resource policy", event)];
    case "authorizer-decision":
      return [policyDecision("the authorizer's policy", event)];
    case "web-acl":
      return [
        node(
          `web ACL: ${event.action === "ALLOW" ? "allowed" : "blocked"} by ${event.rule}`,
          event.labels.map((label) => node(`label ${label}`)),
          event.action === "ALLOW" ? "good" : "bad",
        ),
      ];
    case "preflight":
      return [
        event.problem === undefined
          ? node("preflight: answered by the API's corsConfiguration", [], "good")
          : node(`preflight: ${event.problem}`, [], "bad"),
      ];
    case "throttled":
      return [node(`the ${event.level === "method" ? callee : event.level}'s throttle has no token left`, [], "bad")];
    case "api-key":
      return [apiKeyNode(event)];
    case "quota":
      return [
        node(
          quotaTexts[event.outcome],
          [node(`usage plan ${event.planId}`, [], "dim")],
          toneOf(event.outcome === "counted"),
        ),
      ];
    case "response-cache":
      return [node(cacheTexts[event.outcome])];
    case "refused":
      return [node(`refused: ${event.reason}`, [], "bad")];
    case "validation":
      return [validation(event)];
    case "request-template":
      return [node(`request template for ${event.mediaType}: ${choices[event.choice]}`)];
    case "template":
      return bodyNodes(`${event.side} template ${event.mediaType} made`, event.output);
    case "mapping":
      return [node(`${event.to} = ${event.from}`, [node(event.value === null ? "(nothing)" : event.value)])];
    case "endpoint-request":
      return [
        node(`sent ${event.httpMethod} ${event.uri}`, [
          ...group("headers", event.headers),
          ...bodyNodes("body", event.body),
        ]),
      ];
    case "endpoint-response":
      return [
        node(`received ${event.status} after ${Math.round(event.latencyMs)} ms`, group("headers", event.headers)),
      ];
    case "endpoint-response-body":
      return bodyNodes("received body", event.body);
    case "integration-response":
      return [
        node(
          `integration response ${event.statusCode}: ${
            event.pattern === undefined
              ? "the default one"
              : `the pattern ${event.pattern} matches ${event.matched ?? "it"}`
          }`,
        ),
      ];
    case "failure":
      return [node(fullMessage(event.message, report), [], "bad")];
    case "gateway-response":
      return [
        node(
          // HTTP and WebSocket APIs have no gateway responses that anybody could configure.
          `${isHttp || isOfWebSocket(report) ? "the gateway's own answer" : "gateway response"} ${event.type}`,
          event.hint === undefined || isTold(event.hint, report) ? [] : [node(event.hint)],
          "bad",
        ),
      ];
    case "answer":
      if (event.status === 101 && !event.isCut) {
        return [node("connected", group("headers", event.headers), "good")];
      }
      return [
        node(
          `answered ${event.status}${event.isCut ? ", and broke off" : ""} after ${Math.round(report.latencyMs)} ms`,
          [...group("headers", event.headers), ...bodyNodes("body", event.body)],
          event.status < 400 && !event.isCut ? "good" : "bad",
        ),
      ];
    case "method-response": {
      const answer = report.events.find((each) => each.kind === "answer");
      const isCompressed = answer?.body.isBinary === true && !event.body.isBinary;
      return isCompressed ? bodyNodes("answer, before it was compressed", event.body) : [];
    }
    // The answer says the same.
    case "completed":
      return [];
  }
}

const isOfKind = ({ events }: ExplainReport, kind: string): boolean =>
  events.some((event) => event.kind === "stage" && event.apiKind === kind);
const isOfWebSocket = (report: ExplainReport): boolean => isOfKind(report, "websocket");

function messageRoute({ expression, value, isJson, routeKey }: EventOf<"message-route">): TreeNode {
  const yields = value === undefined ? "can't be evaluated" : `yields ${JSON.stringify(value)}`;
  const found = isJson ? `${expression} ${yields}` : "the message is not JSON";
  if (routeKey === undefined) return node(`${found}: no route is for it`, [], "bad");
  return node(value === routeKey ? found : `${found}: ${routeKey}`);
}

/** Returns whether a line above already has the hint. */
const isTold = (hint: string, { events }: ExplainReport): boolean =>
  events.some(
    (event) =>
      (event.kind === "refused" && event.reason === hint) ||
      (event.kind === "failure" && (event.message.includes(hint) || hint.startsWith(event.message))),
  );

/** Returns the hint that begins with a line of the log and says more, or else the line: one cause is told once. */
function fullMessage(message: string, { events }: ExplainReport): string {
  for (const event of events) {
    if (event.kind === "gateway-response" && event.hint?.startsWith(message) === true) return event.hint;
  }
  return message;
}

const choices = {
  template: "rendered",
  text: "its text, which is its own result",
  pass: "none, so that the body passes as it is",
  refuse: "none, and the passthrough behavior refuses the body",
} as const;

function validation({ of, mediaType, problem }: EventOf<"validation">): TreeNode {
  const what = of === "parameters" ? "required parameters" : `body, by its model for ${mediaType}`;
  return problem === undefined ? node(`valid: ${what}`, [], "good") : node(`invalid: ${what}`, [node(problem)], "bad");
}

const iamWords = {
  allowed: ["may call", "good"],
  "implicitly-denied": ["is not allowed to call", "bad"],
  "explicitly-denied": ["is denied to call", "bad"],
} as const;

function iamDecision({ arn, decision, policy, statement }: EventOf<"iam">, callee: "method" | "route"): TreeNode {
  const [words, tone] = iamWords[decision];
  const by =
    policy === undefined ? [] : [node(`policy ${policy}${statement === undefined ? "" : `, statement ${statement}`}`)];
  return node(`signed by ${arn}, who ${words} the ${callee}`, by, tone);
}

const policyWords = {
  allowed: "allows the call",
  "not-allowed": "does not allow the call",
  denied: "denies the call",
  unreadable: "can't be read",
} as const;

function policyDecision(
  policy: string,
  { decision, sid }: EventOf<"resource-policy" | "authorizer-decision">,
): TreeNode {
  const by = sid === undefined ? [] : [node(`statement ${sid}`)];
  const tone = { allowed: "good", "not-allowed": "plain", denied: "bad", unreadable: "bad" } as const;
  return node(`${policy} ${policyWords[decision]}`, by, tone[decision]);
}

/** The hint is among the lines above. */
const pairs = (list: readonly string[]): TreeNode[] =>
  list.flatMap((name, index) =>
    index % 2 === 0 && name !== "x-portico-hint" ? [node(`${name}: ${list[index + 1] ?? ""}`)] : [],
  );

const group = (name: string, list: readonly string[]): TreeNode[] =>
  list.length === 0 ? [] : [node(name, pairs(list))];

function bodyNodes(name: string, body: Body): TreeNode[] {
  if (body.bytes === 0) return [];
  const title = `${name}, ${body.bytes} byte${body.bytes === 1 ? "" : "s"}`;
  if (body.isBinary) return [node(`${title}, no text`)];
  const lines = layOutJson(body.text).split(/\r?\n/);
  const shown = lines
    .slice(0, bodyLinesShown)
    .map((line) => node(line.length > bodyLineCharsShown ? `${line.slice(0, bodyLineCharsShown)} …` : line, [], "dim"));
  const isCut = body.isCut || lines.length > bodyLinesShown;
  return [node(title, isCut ? [...shown, node("… --json has more")] : shown)];
}

/** Lays out compact JSON over several lines, if that changes no value. */
function layOutJson(text: string): string {
  if (text.length <= bodyLineCharsShown) return text;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}

const styles = { plain: undefined, bold: "bold", good: "green", bad: "red", dim: "dim" } as const;

/**
 * The tree's lines:
 *
 *     GET http://…
 *     ├─ stage dev of Petstore (abc123)
 *     │  └─ deployment 1a2b3c
 *     └─ answered 200 after 3 ms
 */
export function renderTree(tree: TreeNode, paint: Output["paint"]): string[] {
  return [
    show(tree, paint),
    ...tree.children.flatMap((child, index) => branch(child, index === tree.children.length - 1, "", paint)),
  ];
}

function branch(tree: TreeNode, isLast: boolean, indent: string, paint: Output["paint"]): string[] {
  const below = `${indent}${isLast ? "   " : "│  "}`;
  return [
    `${paint("dim", `${indent}${isLast ? "└─" : "├─"}`)} ${show(tree, paint)}`,
    ...tree.children.flatMap((child, index) => branch(child, index === tree.children.length - 1, below, paint)),
  ];
}

/** Returns a line's text in its colour. */
export function show({ text, tone }: Pick<TreeNode, "text" | "tone">, paint: Output["paint"]): string {
  const style = styles[tone];
  return style === undefined ? text : paint(style, text);
}
