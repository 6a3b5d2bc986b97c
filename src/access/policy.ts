/**
 * Evaluates resource policies. Pure: a decision with its reason, never an exception; what is not understood never allows.
 * AWS: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements".
 */
export type PolicyDecision =
  | { readonly kind: "allowed"; readonly sid: string | undefined }
  /** No statement allows it. */
  | { readonly kind: "not-allowed" }
  | { readonly kind: "denied"; readonly sid: string | undefined }
  /** The policy is no policy. */
  | { readonly kind: "unreadable"; readonly detail: string };

/** What is asked for. */
export interface PolicyRequest {
  /** `service:Action` */
  readonly action: string;
  readonly resource: string;
  /** An AWS service, such as `apigateway.amazonaws.com`. */
  readonly servicePrincipal: string;
  /** Condition keys in lower case, such as `aws:sourcearn`, with their values. */
  readonly context: Readonly<Record<string, string>>;
}

type Values = readonly string[];
interface Statement {
  readonly sid: string | undefined;
  readonly isAllow: boolean;
  readonly matches: (request: PolicyRequest) => Match;
}
/** `unknown`: it has something that can't be evaluated here. Such a statement never allows, and denies if it is a Deny. */
type Match = "yes" | "no" | "unknown";

/** A policy, read once. */
export interface ResourcePolicy {
  decide(request: PolicyRequest): PolicyDecision;
}

export function parsePolicy(text: string): ResourcePolicy {
  try {
    const document: unknown = JSON.parse(text);
    if (!isRecord(document)) return unreadable("it is no JSON object");
    const { Statement: given } = document;
    const statements = (Array.isArray(given) ? given : [given]).map(parseStatement);
    return { decide: (request) => decide(statements, request) };
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error));
  }
}

const unreadable = (detail: string): ResourcePolicy => ({ decide: () => ({ kind: "unreadable", detail }) });

function decide(statements: readonly Statement[], request: PolicyRequest): PolicyDecision {
  let allowed: Statement | undefined;
  for (const statement of statements) {
    const match = statement.matches(request);
    if (!statement.isAllow && match !== "no") return { kind: "denied", sid: statement.sid };
    if (statement.isAllow && match === "yes") allowed ??= statement;
  }
  return allowed === undefined ? { kind: "not-allowed" } : { kind: "allowed", sid: allowed.sid };
}

function parseStatement(statement: unknown): Statement {
  if (!isRecord(statement)) throw new Error("a statement is no object");
  const effect = statement["Effect"];
  if (effect !== "Allow" && effect !== "Deny") throw new Error("a statement's Effect is neither Allow nor Deny");
  const tests = [
    principalTest(statement),
    patternTest(statement, "Action", (request) => request.action, { isCaseSensitive: false }),
    patternTest(statement, "Resource", (request) => request.resource, { isCaseSensitive: true }),
    conditionTest(statement["Condition"]),
  ];
  return {
    sid: typeof statement["Sid"] === "string" ? statement["Sid"] : undefined,
    isAllow: effect === "Allow",
    matches: (request) => {
      const matches = tests.map((test) => test(request));
      return matches.includes("no") ? "no" : matches.includes("unknown") ? "unknown" : "yes";
    },
  };
}

function principalTest(statement: Record<string, unknown>): (request: PolicyRequest) => Match {
  if (statement["NotPrincipal"] !== undefined) return () => "unknown";
  const principal = statement["Principal"];
  if (principal === "*") return () => "yes";
  if (!isRecord(principal)) throw new Error("a statement has no Principal");
  if (asValues(principal["AWS"]).includes("*")) return () => "yes";
  const services = asValues(principal["Service"]);
  return (request) => (services.includes(request.servicePrincipal) ? "yes" : "no");
}

function patternTest(
  statement: Record<string, unknown>,
  element: "Action" | "Resource",
  read: (request: PolicyRequest) => string,
  options: { readonly isCaseSensitive: boolean },
): (request: PolicyRequest) => Match {
  const negated = statement[`Not${element}`];
  const patterns = asValues(negated ?? statement[element]);
  if (patterns.length === 0) throw new Error(`a statement has no ${element}`);
  const fold = (text: string): string => (options.isCaseSensitive ? text : text.toLowerCase());
  const folded = patterns.map(fold);
  return (request) => {
    const value = fold(read(request));
    return folded.some((pattern) => matchesWildcards(pattern, value)) === (negated === undefined) ? "yes" : "no";
  };
}

type Operator = (wanted: string, actual: string) => boolean;

/** The condition operators that resource policies of functions use. AWS: "IAM JSON policy elements: Condition operators". */
const operators: Readonly<Record<string, Operator>> = {
  stringequals: (wanted, actual) => wanted === actual,
  stringequalsignorecase: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(),
  stringlike: matchesWildcards,
  arnequals: matchesArn,
  arnlike: matchesArn,
};
const negations: Readonly<Record<string, string>> = {
  stringnotequals: "stringequals",
  stringnotequalsignorecase: "stringequalsignorecase",
  stringnotlike: "stringlike",
  arnnotequals: "arnequals",
  arnnotlike: "arnlike",
};

function conditionTest(condition: unknown): (request: PolicyRequest) => Match {
  if (condition === undefined) return () => "yes";
  if (!isRecord(condition)) throw new Error("a statement's Condition is no object");
  const tests = Object.entries(condition).flatMap(([operator, keys]) => {
    if (!isRecord(keys)) throw new Error("a condition has no keys");
    return Object.entries(keys).map(([key, values]) => operatorTest(operator, key.toLowerCase(), asValues(values)));
  });
  return (request) => {
    const matches = tests.map((test) => test(request));
    return matches.includes("no") ? "no" : matches.includes("unknown") ? "unknown" : "yes";
  };
}

function operatorTest(operator: string, key: string, wanted: Values): (request: PolicyRequest) => Match {
  const lower = operator.toLowerCase();
  const isIfExists = lower.endsWith("ifexists");
  const base = isIfExists ? lower.slice(0, -"ifexists".length) : lower;
  const isNegated = Object.hasOwn(negations, base);
  const name = isNegated ? negations[base]! : base;
  const test = Object.hasOwn(operators, name) ? operators[name]! : undefined;
  if (test === undefined) return () => "unknown";
  return ({ context }) => {
    if (!Object.hasOwn(context, key)) return isIfExists || isNegated ? "yes" : "no";
    const actual = context[key]!;
    return wanted.some((value) => test(value, actual)) !== isNegated ? "yes" : "no";
  };
}

/** Each of the six parts of an ARN is matched by itself; a wildcard does not reach over a colon, but in the last part. */
function matchesArn(pattern: string, arn: string): boolean {
  const wanted = splitArn(pattern);
  const actual = splitArn(arn);
  if (wanted === undefined || actual === undefined) return pattern === "*";
  return wanted.every((part, index) => matchesWildcards(part, actual[index]!));
}

function splitArn(arn: string): string[] | undefined {
  const parts = arn.split(":");
  return parts.length < 6 || parts[0] !== "arn" ? undefined : [...parts.slice(0, 5), parts.slice(5).join(":")];
}

/** `*` is any text and `?` any character. Linear in pattern × text: the last `*` is all that is ever gone back to. */
export function matchesWildcards(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let starAt = 0;
  for (let index = 0; index < text.length; ) {
    const wanted = pattern[at];
    if (wanted === "*") {
      star = at++;
      starAt = index;
    } else if (wanted === "?" || (wanted !== undefined && wanted === text[index])) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++starAt;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

function asValues(value: unknown): Values {
  if (value === undefined) return [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
