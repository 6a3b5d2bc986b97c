// Random policies and calls, decided by the policy engine and by a reference that is slow and obviously right; and hostile
// policies, which are decided in a bounded number of steps and never allow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { authorize, type ParsedPolicy } from "../../src/access/authorize.ts";
import { type PolicyRequest, parsePolicy } from "../../src/access/policy.ts";
import { type Identity, principalOfIdentity, principalOfSession } from "../../src/access/principal.ts";
import { below, chance, seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random } from "./from-models.ts";

type Match = "yes" | "no" | "unknown";
type Value = string | readonly string[] | null | undefined;
interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: Record<string, string[]>;
  readonly NotPrincipal?: Record<string, string[]>;
  readonly Action?: string[];
  readonly NotAction?: string[];
  readonly Resource?: string[];
  readonly NotResource?: string[];
  readonly Condition?: Record<string, Record<string, string[]>>;
}
interface Call {
  readonly action: string;
  readonly resource: string;
  readonly account: string | undefined;
  readonly arns: readonly string[];
  readonly values: Readonly<Record<string, Value>>;
}

const accounts = ["111111111111", "222222222222"];
const words = ["a", "b", "ab", "aab", "a:b", "A", "", "*", "?"];
const patterns = [
  "*",
  "a",
  "a*",
  "*b",
  "a?",
  "?",
  "**a*",
  "*a*b*",
  "A*",
  "",
  "${k1}",
  "x${k2}",
  "${k3, 'a'}",
  "${*}",
  "${k4}*",
];
const resources = ["arn:aws:x:r:1:a/b", "arn:aws:x:r:1:a", "arn:aws:x:r:1:", "b"];
const resourcePatterns = [
  "*",
  "arn:aws:x:r:1:a*",
  "arn:*",
  "arn:aws:x:r:?:a/b",
  "arn:aws:x:r:1:${k1}",
  "arn:aws:x:${k1}:1:a",
  "b",
];
const keys = ["k1", "k2", "k3", "k4"];
const operators = ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "Null"];
const setOperators = ["", "", "ForAllValues:", "ForAnyValue:"];
const user = `arn:aws:iam::${accounts[0]}:user/u`;
const role = `arn:aws:iam::${accounts[0]}:role/r`;
const sessionArn = `arn:aws:sts::${accounts[0]}:assumed-role/r/s`;
const names = [...accounts, `arn:aws:iam::${accounts[0]}:root`, user, role, sessionArn, "*"];

const some = (from: readonly string[], max = 3): string[] =>
  Array.from({ length: 1 + below(random, max) }, () => oneOf(from));

function aStatement(hasPrincipal: boolean): Statement {
  const condition = (): Record<string, Record<string, string[]>> => {
    const operator = `${oneOf(setOperators)}${oneOf(operators)}${chance(random, 0.2) ? "IfExists" : ""}`;
    const isNull = operator.includes("Null");
    return { [operator]: { [oneOf(keys)]: isNull ? some(["true", "false"]) : some(patterns) } };
  };
  return {
    Effect: chance(random, 0.7) ? "Allow" : "Deny",
    ...(hasPrincipal && { [chance(random, 0.85) ? "Principal" : "NotPrincipal"]: { AWS: some(names) } }),
    [chance(random, 0.8) ? "Action" : "NotAction"]: some(["s:A", "S:a*", "s:?", "*", "t:A"]),
    [chance(random, 0.8) ? "Resource" : "NotResource"]: some(resourcePatterns),
    ...(chance(random, 0.6) && { Condition: condition() }),
  };
}

const aPolicy = (hasPrincipal: boolean): { Version?: string; Statement: Statement[] } => ({
  ...(chance(random, 0.8) && { Version: "2012-10-17" }),
  Statement: Array.from({ length: below(random, 4) }, () => aStatement(hasPrincipal)),
});

const aValue = (): Value => {
  const kind = below(random, 6);
  if (kind === 0) return undefined;
  if (kind === 1) return null;
  if (kind === 2) return Array.from({ length: below(random, 4) }, () => oneOf(words.filter((word) => word !== "")));
  return oneOf(words);
};

// The reference

function glob(pattern: readonly string[], text: string): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text === "";
  if (first === "*") return glob(rest, text) || (text !== "" && glob(pattern, text.slice(1)));
  if (text === "") return false;
  return (first === "?" || first === text[0] || first === `literal ${text[0]}`) && glob(rest, text.slice(1));
}

/** Returns the pattern's characters with its variables replaced, in all ways that they may be: one, or unknown. */
function resolve(text: string, call: Call, hasVariables: boolean, hasWildcards: boolean, isResource: boolean) {
  const characters: string[] = [];
  let isUnknown = false;
  const literal = (value: string): number => characters.push(...[...value].map((one) => `literal ${one}`));
  for (let at = 0; at < text.length; ) {
    const found = hasVariables ? /^\$\{([^}]*)\}/.exec(text.slice(at)) : null;
    if (found === null) {
      if (hasWildcards && "*?".includes(text[at]!)) characters.push(text[at]!);
      else literal(text[at]!);
      at++;
      continue;
    }
    const [key = "", fallback] = found[1]!.split(",");
    const isEarly = isResource && text.slice(0, at).split(":").length <= 5;
    const given = call.values[key];
    const values = typeof given === "string" ? [given] : given;
    if (found[1] === "*") literal("*");
    else if (isEarly || values === undefined || (values !== null && values.length > 1)) {
      isUnknown = true;
      characters.push("*");
    } else if (values !== null && values.length === 1) literal(values[0]!);
    else if (fallback !== undefined) literal(fallback.trim().slice(1, -1));
    else {
      isUnknown = true;
      characters.push("*");
    }
    at += found[0].length;
  }
  return { characters, isUnknown };
}

const not = (match: Match): Match => (match === "yes" ? "no" : match === "no" ? "yes" : "unknown");
const any = (matches: readonly Match[]): Match =>
  matches.includes("yes") ? "yes" : matches.includes("unknown") ? "unknown" : "no";
const all = (matches: readonly Match[]): Match => not(any(matches.map(not)));

function condition(operator: string, key: string, wanted: readonly string[], call: Call, hasVariables: boolean): Match {
  const [, set, base, ifExists] = /^(ForAllValues:|ForAnyValue:)?(.*?)(IfExists)?$/.exec(operator)!;
  const given = call.values[key];
  if (given === undefined) return "unknown";
  const actual = given === null ? [] : typeof given === "string" ? [given] : given;
  if (base === "Null") {
    if (set !== undefined || ifExists !== undefined) return "unknown";
    return wanted.includes(String(actual.length === 0)) ? "yes" : "no";
  }
  const isNegated = base!.includes("Not");
  if (actual.length === 0) {
    if (ifExists !== undefined || set === "ForAllValues:") return "yes";
    return set === "ForAnyValue:" ? "no" : isNegated ? "yes" : "no";
  }
  const one = (value: string): Match => {
    const matches = wanted.map((text): Match => {
      const fold = (from: string): string => (base!.endsWith("IgnoreCase") ? from.toLowerCase() : from);
      const { characters, isUnknown } = resolve(text, call, hasVariables, base!.endsWith("Like"), false);
      const folded = characters.map((character) =>
        character.startsWith("literal ") ? `literal ${fold(character.slice(8))}` : character,
      );
      return !glob(folded, fold(value)) ? "no" : isUnknown ? "unknown" : "yes";
    });
    return isNegated ? not(any(matches)) : any(matches);
  };
  if (set === undefined) return actual.length > 1 ? "unknown" : one(actual[0]!);
  const result = set === "ForAllValues:" ? all(actual.map(one)) : any(actual.map(one));
  const ifMissing = ifExists !== undefined || set === "ForAllValues:" ? "yes" : "no";
  return given === "" && result !== ifMissing ? "unknown" : result;
}

function principal(statement: Statement, { account, arns }: Call): Match {
  const listed = (statement.Principal ?? statement.NotPrincipal)!["AWS"]!;
  const isAll = listed.includes("*");
  const isAccount =
    account !== undefined && (listed.includes(account) || listed.includes(`arn:aws:iam::${account}:root`));
  const isNamed = isAll || isAccount || arns.some((arn) => listed.includes(arn));
  if (statement.Principal !== undefined) return isNamed ? "yes" : "no";
  if (statement.Effect === "Allow") return isNamed ? "no" : "yes";
  return isAll || (isAccount && arns.every((arn) => listed.includes(arn))) ? "no" : "yes";
}

function reference(policy: { Version?: string; Statement: Statement[] }, call: Call): string {
  const hasVariables = policy.Version !== undefined;
  const isMatched = (statement: Statement): Match => {
    const actions = (statement.Action ?? statement.NotAction)!.map(
      (text): Match => (glob([...text.toLowerCase()], call.action.toLowerCase()) ? "yes" : "no"),
    );
    const targets = (statement.Resource ?? statement.NotResource)!.map((text): Match => {
      const { characters, isUnknown } = resolve(text, call, hasVariables, true, true);
      return !glob(characters, call.resource) ? "no" : isUnknown ? "unknown" : "yes";
    });
    return all([
      statement.Action === undefined ? not(any(actions)) : any(actions),
      statement.Resource === undefined ? not(any(targets)) : any(targets),
      ...((statement.Principal ?? statement.NotPrincipal) === undefined ? [] : [principal(statement, call)]),
      ...Object.entries(statement.Condition ?? {}).flatMap(([operator, asked]) =>
        Object.entries(asked).map(([key, wanted]) => condition(operator, key, wanted, call, hasVariables)),
      ),
    ]);
  };
  const matches = policy.Statement.map((statement) => [statement.Effect, isMatched(statement)] as const);
  if (matches.some(([effect, match]) => effect === "Deny" && match !== "no")) return "denied";
  return matches.some(([effect, match]) => effect === "Allow" && match === "yes") ? "allowed" : "not-allowed";
}

const aCall = (): Call => {
  const who = below(random, 4);
  return {
    action: oneOf(["s:A", "s:b", "t:a"]),
    resource: oneOf(resources),
    account: who === 3 ? undefined : oneOf(accounts),
    arns: who === 0 ? [user] : who === 1 ? [sessionArn, role] : [],
    values: Object.fromEntries(keys.map((key) => [key, aValue()])),
  };
};
const requestOf = ({ action, resource, account, arns, values }: Call): PolicyRequest => ({
  action,
  resource,
  ...(account !== undefined && { awsPrincipal: { account, arns } }),
  context: (key) => values[key],
});

test(`fuzz: policies are decided as the reference decides them (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs);
  const seen: Record<string, number> = {};
  while (isTimeLeft()) {
    const kind = oneOf(["identity", "resource"] as const);
    const policy = aPolicy(kind === "resource");
    const parsed = parsePolicy(JSON.stringify(policy), kind);
    assert.equal(parsed.problem, undefined, JSON.stringify(policy));
    for (let count = 0; count < 5; count++) {
      const call = aCall();
      const request = requestOf(call);
      const decided = parsed.decide(request).kind;
      const what = () => `${JSON.stringify(policy)} ${JSON.stringify(call)}`;
      if (decided !== reference(policy, call)) assert.equal(decided, reference(policy, call), what());
      seen[decided] = (seen[decided] ?? 0) + 1;
      // What is reported of the statements is what decided.
      const reports = parsed.report(request);
      const denied = reports.some(({ effect, match }) => effect === "Deny" && match !== "no");
      const allowed = reports.some(({ effect, match }) => effect === "Allow" && match === "yes");
      assert.equal(denied ? "denied" : allowed ? "allowed" : "not-allowed", decided, what());
    }
  }
  assert.ok(Object.keys(seen).length === 3, JSON.stringify(seen));
});

test(`fuzz: an explicit deny counts, and no policy allows more by a boundary (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs / 2);
  const identity: Identity = {
    kind: "role",
    ...{ account: accounts[0]!, arn: role, id: "AROAEXAMPLE", name: "r", path: "/", tags: {}, policies: [] },
  };
  const session = {
    kind: "assumed-role",
    issuerArn: role,
    issuerId: identity.id,
    name: "s",
    issuedAt: 0,
    expiresAt: 1,
  } as const;
  const callers = [principalOfIdentity(identity), principalOfSession(identity, session, () => undefined)!];
  const named = (policy: object, kind: "identity" | "resource"): ParsedPolicy => ({
    name: kind,
    policy: parsePolicy(JSON.stringify(policy), kind),
  });
  while (isTimeLeft()) {
    const request = requestOf(aCall());
    const identityPolicies = [aPolicy(false), aPolicy(false)].map((policy) => named(policy, "identity"));
    const boundary = named(aPolicy(false), "identity");
    const policy = chance(random, 0.7) ? named(aPolicy(true), "resource") : undefined;
    const requester = { kind: "principal", principal: oneOf(callers) } as const;
    const resource = { account: oneOf(accounts), policy };
    const wide = authorize(request, { requester, identityPolicies }, resource);
    const narrow = authorize(request, { requester, identityPolicies, permissionsBoundary: boundary }, resource);
    const limited = authorize(request, { requester, identityPolicies, sessionPolicies: [boundary] }, resource);
    for (const decision of [narrow, limited]) {
      if (wide.kind !== "allowed") assert.notEqual(decision.kind, "allowed");
      if (wide.kind === "explicitly-denied") assert.equal(decision.kind, "explicitly-denied");
    }
    const without = authorize(request, { requester, identityPolicies }, { account: resource.account });
    if (without.kind === "explicitly-denied") assert.equal(wide.kind, "explicitly-denied");
    // Another account's policies never allow what both sides do not.
    if (resource.account !== accounts[0] && policy === undefined) assert.notEqual(wide.kind, "allowed");
  }
});

test(`fuzz: addresses are in the ranges that arithmetic says (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs / 4);
  // Few different bytes, so that ranges often contain addresses.
  const byte = (): number => oneOf([0, 0, 1, 127, 128, 255, below(random, 256)]);
  const address = (): { readonly bytes: readonly number[]; readonly text: string } => {
    const bytes = Array.from({ length: chance(random, 0.5) ? 4 : 16 }, byte);
    if (bytes.length === 4) return { bytes, text: bytes.join(".") };
    const groups = Array.from({ length: 8 }, (_, n) => (bytes[2 * n]! * 256 + bytes[2 * n + 1]!).toString(16));
    const text = groups.join(":");
    return { bytes, text: chance(random, 0.5) ? text.replace(/(?:^|:)0(?::0)+(?::|$)/, "::") : text };
  };
  const bitsOf = (bytes: readonly number[]): string => bytes.map((one) => one.toString(2).padStart(8, "0")).join("");
  const mapped = "0".repeat(80) + "1".repeat(16);
  let contained = 0;
  while (isTimeLeft()) {
    const base = address();
    const length = below(random, base.bytes.length * 8 + 1);
    const actual = chance(random, 0.5) ? { ...base, bytes: [...base.bytes] } : address();
    const policy = parsePolicy(
      JSON.stringify({
        Statement: {
          Effect: "Allow",
          Action: "*",
          Resource: "*",
          Condition: { IpAddress: { k: `${base.text}/${length}` } },
        },
      }),
      "identity",
    );
    const decided = policy.decide({ action: "s:A", resource: "r", context: () => actual.text }).kind === "allowed";
    const prefix = bitsOf(base.bytes).slice(0, length);
    const isFamily = base.bytes.length === actual.bytes.length;
    const isExpected = isFamily && bitsOf(actual.bytes).startsWith(prefix);
    // Addresses of IPv4 that are written as IPv6 are another test's.
    if (bitsOf(base.bytes).startsWith(mapped) || bitsOf(actual.bytes).startsWith(mapped)) continue;
    assert.equal(decided, isExpected, `${actual.text} in ${base.text}/${length}`);
    if (decided) contained++;
  }
  assert.ok(contained > 0);
});

test("hostile policies are decided within counted steps, and what is not reached never allows", () => {
  const request = { action: "s:A", resource: `arn:aws:x:r:1:${"a".repeat(10_000)}`, context: () => "a".repeat(10_000) };
  const bomb = (n: number): string => `*${"a".repeat(4_000 + n)}b*`;
  const statement = (Effect: string, Resource: string, more = {}): object => ({
    Effect,
    Action: "*",
    Resource,
    ...more,
  });
  const decide = (statements: readonly object[]): string =>
    parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), "identity").decide(request).kind;
  const bombs = Array.from({ length: 200 }, (_, n) => statement("Allow", bomb(n)));
  assert.equal(decide(bombs), "not-allowed");
  assert.equal(decide([...bombs, statement("Allow", "*")]), "not-allowed");
  assert.equal(decide([...bombs, statement("Deny", "nothing")]), "denied");
  const many = Array.from({ length: 200 }, (_, n) => bomb(n));
  assert.equal(decide([statement("Allow", "*"), { Effect: "Deny", Action: "*", Resource: many }]), "denied");
  // The policies of one decision share its steps.
  const [identity, resource] = [bombs, [statement("Deny", "nothing", { Principal: "*" })]].map((statements, index) => ({
    name: "hostile",
    policy: parsePolicy(JSON.stringify({ Statement: statements }), index === 0 ? "identity" : "resource"),
  }));
  const caller = { requester: { kind: "authorized", account: "1" }, identityPolicies: [identity!] } as const;
  assert.equal(authorize(request, caller, { account: "1", policy: resource }).kind, "explicitly-denied");
  const likes = Array.from({ length: 200 }, (_, n) => bomb(n));
  assert.equal(decide([statement("Allow", "*", { Condition: { StringNotLike: { k: likes } } })]), "not-allowed");
  assert.equal(decide(Array.from({ length: 100_000 }, () => statement("Allow", "b"))), "not-allowed");
  assert.equal(
    decide([...Array.from({ length: 100_000 }, () => statement("Allow", "b")), statement("Allow", "*")]),
    "allowed",
  );
  for (const text of [
    "[".repeat(500_000),
    `${'{"Statement":'.repeat(100_000)}1${"}".repeat(100_000)}`,
    `{"Statement":{"Effect":"Allow","Action":"*","Resource":${"[".repeat(50_000)}${"]".repeat(50_000)}}}`,
    `{"Statement":{"Effect":"Allow","Action":"*","Resource":"\${${" ".repeat(1_000_000)}"}}`,
    `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Action":"b"}}`,
  ]) {
    assert.notEqual(parsePolicy(text, "identity").decide(request).kind, "allowed", text.slice(0, 80));
  }
});
