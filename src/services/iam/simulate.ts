import {
  type AccessDecision,
  authorize,
  type CalledResource,
  type CallerAccess,
  type ParsedPolicy,
} from "../../access/authorize.ts";
import type { ConditionContext } from "../../access/condition-keys.ts";
import { type PolicyRequest, parsePolicy } from "../../access/policy.ts";
import { type Identity, type NamedPolicy, principalOfIdentity } from "../../access/principal.ts";
import { type StatementPosition, statementPositions } from "../../access/statement-positions.ts";
import { allowSteps } from "../../access/wildcards.ts";
import { bounds } from "../../base/bounds.ts";
import type { Work } from "../../families/work.ts";
import { encodeToken, iamPaging, pageAnswer, pageWindow } from "../../protocol/paging.ts";
import { invalidInput, noSuchEntity } from "./errors.ts";
import { type IamInput, type IamService, operations, reading } from "./iam-families.ts";
import { parseIdentityArn } from "./identity-arn.ts";
import { loadGroupPolicies, loadIdentity } from "./load-principal.ts";

// Unconfirmed: the words of most refusals, what is known of a principal, and which statements beside a Deny are listed;
// see docs/compatibility.md, "IAM, policy simulation".

type SimulationInput = Omit<IamInput<"SimulateCustomPolicy">, "PolicyInputList"> &
  Partial<Pick<IamInput<"SimulatePrincipalPolicy">, "PolicySourceArn" | "PolicyInputList">>;

/** A policy of a simulation, with what answers call it. */
interface SimulatedPolicy {
  readonly id: string;
  readonly type: "IAM Policy" | "Permissions Boundary Policy" | "Resource Policy";
  readonly document: string;
  readonly parsed: ParsedPolicy;
  /** Where its statements stand; found out when one of them is named. */
  positions?: readonly StatementPosition[];
}

interface Simulation {
  readonly policies: readonly SimulatedPolicy[];
  readonly boundary: SimulatedPolicy | undefined;
  readonly resourcePolicy: SimulatedPolicy | undefined;
  readonly caller: Identity | undefined;
  readonly account: string;
  readonly input: SimulationInput;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** AWS: IAM API reference, "SimulateCustomPolicy". */
function simulateCustomPolicy({ input, call }: Work<IamService, IamInput<"SimulateCustomPolicy">>): object {
  const policies = inputPolicies(input.PolicyInputList);
  return simulate({ ...partsOf(input), account: call.account, policies, caller: callerOf(input.CallerArn), input });
}

/** AWS: IAM API reference, "SimulatePrincipalPolicy". */
async function simulatePrincipalPolicy(work: Work<IamService, IamInput<"SimulatePrincipalPolicy">>): Promise<object> {
  const { input, call } = work;
  const source = await loadSource(work);
  const parts = partsOf(input);
  const { identity } = source;
  const boundary = identity?.permissionsBoundary;
  return simulate({
    ...parts,
    account: call.account,
    policies: [...source.policies, ...inputPolicies(input.PolicyInputList)],
    boundary:
      parts.boundary ?? (boundary && simulated(boundary.name, "Permissions Boundary Policy", boundary.document)),
    caller: input.CallerArn === undefined ? identity : callerOf(input.CallerArn),
    input,
  });
}

/** AWS: IAM API reference, "GetContextKeysForCustomPolicy". */
const getCustomKeys = ({ input }: Work<IamService, IamInput<"GetContextKeysForCustomPolicy">>): object => ({
  ContextKeyNames: keysOf(inputPolicies(input.PolicyInputList)),
});

/** AWS: IAM API reference, "GetContextKeysForPrincipalPolicy". */
async function getPrincipalKeys(work: Work<IamService, IamInput<"GetContextKeysForPrincipalPolicy">>): Promise<object> {
  const { policies } = await loadSource(work);
  return { ContextKeyNames: keysOf([...policies, ...inputPolicies(work.input.PolicyInputList)]) };
}

export const simulationOperations = operations({
  SimulateCustomPolicy: reading(async (work) => simulateCustomPolicy(work)),
  SimulatePrincipalPolicy: reading(simulatePrincipalPolicy),
  GetContextKeysForCustomPolicy: reading(async (work) => getCustomKeys(work)),
  GetContextKeysForPrincipalPolicy: reading(getPrincipalKeys),
});

// ---- The input ----

function simulated(id: string, type: SimulatedPolicy["type"], document: string): SimulatedPolicy {
  const policy = parsePolicy(document, type === "Resource Policy" ? "resource" : "identity");
  if (policy.problem !== undefined)
    throw invalidInput(`Invalid Input: the policy ${id} is malformed: ${policy.problem}`);
  return { id, type, document, parsed: { name: id, policy } };
}

const inputPolicies = (documents: readonly string[] = []): readonly SimulatedPolicy[] =>
  documents.map((document, index) => simulated(`PolicyInputList.${index + 1}`, "IAM Policy", document));

/** Returns what both operations have in common. */
function partsOf(input: SimulationInput): Pick<Simulation, "boundary" | "resourcePolicy" | "values"> {
  const [boundary, ...others] = input.PermissionsBoundaryPolicyInputList ?? [];
  if (others.length > 0) throw invalidInput("Invalid Input: only one permissions boundary policy can be specified.");
  for (const action of input.ActionNames ?? []) {
    if (!/^[\w-]+:\w+$/.test(action)) throw invalidInput(`Invalid Input: the action name ${action} is not valid.`);
  }
  const { ResourcePolicy: resourcePolicy } = input;
  return {
    boundary:
      boundary === undefined
        ? undefined
        : simulated("PermissionsBoundaryPolicyInputList.1", "Permissions Boundary Policy", boundary),
    resourcePolicy:
      resourcePolicy === undefined ? undefined : simulated("ResourcePolicy", "Resource Policy", resourcePolicy),
    values: contextValues(input.ContextEntries),
  };
}

/** Returns the simulated caller. AWS takes the ARNs of users only. */
function callerOf(arn: string | undefined): Identity | undefined {
  if (arn === undefined) return undefined;
  const parts = parseIdentityArn(arn);
  if (parts?.kind !== "user") throw invalidInput(`Invalid Input: the caller ARN ${arn} is not the ARN of an IAM user.`);
  return { ...parts, arn, id: "", path: "/", tags: {}, policies: [] };
}

interface PolicySourceFacts {
  readonly policies: readonly SimulatedPolicy[];
  /** Undefined for a group, which is no principal. */
  readonly identity: Identity | undefined;
}

/** Reads the user, group or role that a call names, with its policies. */
async function loadSource({
  input: { PolicySourceArn: arn = "" },
  call,
  tx,
}: Work<IamService, { readonly PolicySourceArn?: string | undefined }>): Promise<PolicySourceFacts> {
  const group = /^arn:aws[a-z-]*:iam::(\d{12}):group\/(?:[\x21-\x7e]{1,510}\/)?([\w+=,.@-]{1,128})$/.exec(arn);
  const parts = parseIdentityArn(arn);
  const account = group?.[1] ?? parts?.account;
  if (account === undefined || parts?.kind === "root") {
    throw invalidInput(`Invalid Input: ${arn} is not the ARN of a user, a group or a role.`);
  }
  const missing = noSuchEntity(`No entity with the ARN ${arn} can be found.`);
  if (account !== call.account) throw missing;
  const named = (kind: string, owner: string, policies: readonly NamedPolicy[]): readonly SimulatedPolicy[] =>
    policies.map((policy) => {
      const of = policy.group === undefined ? `${kind}_${owner}` : `group_${policy.group}`;
      return simulated(policy.arn === undefined ? `${of}_${policy.name}` : policy.name, "IAM Policy", policy.document);
    });
  if (group !== null) {
    const policies = await loadGroupPolicies(tx, account, group[2]!);
    if (policies === undefined) throw missing;
    return { policies: named("group", group[2]!, policies), identity: undefined };
  }
  const { identity } = await loadIdentity(tx, arn);
  if (identity === undefined) throw missing;
  return { policies: named(identity.kind, identity.name, identity.policies), identity };
}

/** What a value of each type looks like; a type that ends in `List` takes several. */
const valueForms: Readonly<Record<string, RegExp>> = {
  string: /^/,
  numeric: /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/,
  boolean: /^(?:true|false)$/i,
  ip: /^[0-9a-f.:]+(?:\/\d+)?$/i,
  binary: /^[A-Za-z0-9+/]*={0,2}$/,
  date: /^\d/,
};

/** Returns the values of context keys, by their names in lower case. */
function contextValues(entries: SimulationInput["ContextEntries"] = []): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const entry of entries) {
    const { ContextKeyName: name, ContextKeyValues: given = [], ContextKeyType: type } = entry;
    if (name === undefined || type === undefined) {
      throw invalidInput("Invalid Input: each context entry needs a name and a type.");
    }
    const isList = type.endsWith("List");
    const form = valueForms[type.replace(/List$/, "")]!;
    if (!given.every((value) => form.test(value)) || (!isList && given.length > 1)) {
      throw invalidInput(`Invalid Input: the context key ${name} has values that are not of the type ${type}.`);
    }
    values.set(name.toLowerCase(), given);
  }
  return values;
}

// ---- The simulation ----

/** Evaluates each action on each resource that is on the call's page. */
function simulate(simulation: Simulation): object {
  const { input } = simulation;
  if (input.ResourcePolicy !== undefined && simulation.caller?.kind !== "user") {
    throw invalidInput("Invalid Input: a CallerArn of an IAM user is required with a ResourcePolicy.");
  }
  const resources = input.ResourceArns ?? ["*"];
  const count = input.ActionNames!.length * resources.length;
  // AWS: a page may be shorter than MaxItems. Here it is as long as can be evaluated, and told, at once.
  const chars = allPolicies(simulation).reduce((sum, { document }) => sum + document.length, 1);
  const limitMax = Math.max(1, Math.min(iamPaging.limitMax, Math.floor(bounds.simulatedPolicyCharsMax.value / chars)));
  const { limit, after = "-1" } = pageWindow(
    { limit: Math.min(input.MaxItems ?? iamPaging.limitDefault, limitMax), token: input.Marker },
    iamPaging,
  );
  const start = Number(after) + 1;
  if (!Number.isSafeInteger(start)) throw invalidInput("Invalid Input: the Marker is not valid.");
  const missing = missingKeys(simulation);
  const items: object[] = [];
  let index = start;
  for (let told = 0; index < Math.min(count, start + limit) && told < bounds.simulatedMatchesMax.value; index++) {
    const action = input.ActionNames![Math.floor(index / resources.length)]!;
    const result = evaluationResult(simulation, action, resources[index % resources.length]!, missing);
    items.push(result);
    told += result.MatchedStatements.length + missing.length;
  }
  const next = index < count ? encodeToken(String(index - 1)) : undefined;
  return pageAnswer({ items, next }, iamPaging, "EvaluationResults");
}

function evaluationResult(
  simulation: Simulation,
  action: string,
  resource: string,
  missing: readonly string[],
): { readonly MatchedStatements: readonly object[]; readonly ResourceSpecificResults?: readonly object[] } {
  const { decision, sides, boundaryAllows } = evaluate(simulation, action, resource);
  const details = {
    MatchedStatements: matchedStatements(simulation, action, resource, decision),
    MissingContextValues: missing,
    ...(boundaryAllows === undefined
      ? {}
      : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: boundaryAllows } }),
    ...(simulation.input.ResourceArns === undefined ? {} : { EvalDecisionDetails: sides }),
  };
  const result = {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: answers[decision.kind],
    ...details,
  };
  if (simulation.input.ResourceArns === undefined) return result;
  const specific = { EvalResourceName: resource, EvalResourceDecision: answers[decision.kind], ...details };
  return { ...result, ResourceSpecificResults: [specific] };
}

const answers: Readonly<Record<AccessDecision["kind"], string>> = {
  allowed: "allowed",
  "explicitly-denied": "explicitDeny",
  "implicitly-denied": "implicitDeny",
};

interface Evaluation {
  readonly decision: AccessDecision;
  /** What each kind of policy says by itself, if the resource is another account's. */
  readonly sides: Readonly<Record<string, string>>;
  /** Undefined without a boundary. */
  readonly boundaryAllows: boolean | undefined;
}

function evaluate(simulation: Simulation, action: string, resource: string): Evaluation {
  const { policies, boundary, resourcePolicy, caller } = simulation;
  const request = { action, resource, context: contextOf(simulation) };
  const account = caller?.account ?? simulation.account;
  const owner = resourcePolicy === undefined ? account : ownerOf(resource, simulation, account);
  const requester: CallerAccess["requester"] =
    caller === undefined
      ? { kind: "authorized", account }
      : { kind: "principal", principal: principalOfIdentity(caller) };
  const identityPolicies = policies.map(({ parsed }) => parsed);
  const called = { account: owner, policy: resourcePolicy?.parsed };
  const decide = (by: Omit<CallerAccess, "requester">, of: CalledResource): AccessDecision =>
    authorize(request, { requester, ...by }, of);
  return {
    decision: decide({ identityPolicies, permissionsBoundary: boundary?.parsed }, called),
    sides:
      owner === account
        ? {}
        : {
            "IAM Policy": answers[decide({ identityPolicies }, { account }).kind],
            "Resource Policy": answers[decide({ identityPolicies: [anything] }, called).kind],
          },
    boundaryAllows: boundary && decide({ identityPolicies: [boundary.parsed] }, { account }).kind === "allowed",
  };
}

const anything: ParsedPolicy = {
  name: "anything",
  policy: parsePolicy('{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}', "identity"),
};

/** AWS: IAM API reference, "SimulateCustomPolicy": ResourceOwner is for resources whose ARN does not name their owner. */
function ownerOf(resource: string, { input }: Simulation, callerAccount: string): string {
  const named = resource.split(":")[4] ?? "";
  if (/^\d{12}$/.test(named)) return named;
  return /^arn:aws[a-z-]*:iam::(\d{12}):/.exec(input.ResourceOwner ?? "")?.[1] ?? callerAccount;
}

/** A key that is neither given nor known of the caller is one that the call lacks. */
function contextOf({ values, caller }: Simulation): ConditionContext {
  const known = principalValues(caller);
  return (key) => {
    const given = values.get(key);
    if (given !== undefined) return given.length === 1 ? given[0] : given;
    return known.get(key) ?? null;
  };
}

function principalValues(caller: Identity | undefined): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (caller === undefined) return values;
  const { principalArn, account, type, userName, tags } = principalOfIdentity(caller);
  values.set("aws:principalarn", principalArn).set("aws:principalaccount", account).set("aws:principaltype", type);
  if (userName !== undefined) values.set("aws:username", userName);
  if (userName !== undefined && caller.id !== "") values.set("aws:userid", caller.id);
  for (const [name, value] of Object.entries(tags)) values.set(`aws:principaltag/${name.toLowerCase()}`, value);
  return values;
}

const allPolicies = ({ policies, boundary, resourcePolicy }: Simulation): readonly SimulatedPolicy[] => [
  ...(resourcePolicy === undefined ? [] : [resourcePolicy]),
  ...policies,
  ...(boundary === undefined ? [] : [boundary]),
];

/** AWS: keys of all policies are named, whatever action they are asked for. */
function missingKeys(simulation: Simulation): readonly string[] {
  const known = principalValues(simulation.caller);
  return keysOf(allPolicies(simulation)).filter(
    (key) => !simulation.values.has(key.toLowerCase()) && !known.has(key.toLowerCase()),
  );
}

function keysOf(policies: readonly SimulatedPolicy[]): readonly string[] {
  const names = new Map<string, string>();
  for (const { parsed } of policies) {
    for (const key of parsed.policy.conditionKeys) if (!names.has(key.toLowerCase())) names.set(key.toLowerCase(), key);
  }
  return [...names.values()];
}

/**
 * Returns the statements that decided: those that allow, or those that deny, in the policies of the kinds that count.
 * AWS: IAM API reference, "EvaluationResult": a deny statement is the only entry.
 */
function matchedStatements(
  simulation: Simulation,
  action: string,
  resource: string,
  decision: AccessDecision,
): readonly object[] {
  if (decision.kind === "implicitly-denied") return [];
  const effect = decision.kind === "allowed" ? "Allow" : "Deny";
  const { caller } = simulation;
  allowSteps();
  const request: PolicyRequest = {
    ...{ action, resource, context: contextOf(simulation), sharesSteps: true },
    ...(caller && { awsPrincipal: { account: caller.account, arns: [caller.arn] } }),
  };
  return allPolicies(simulation).flatMap((policy) => {
    if (effect === "Allow" && policy.type === "Permissions Boundary Policy") return [];
    return policy.parsed.policy
      .report(request)
      .filter(
        (report) =>
          report.effect === effect && (report.match === "yes" || (effect === "Deny" && report.match === "unknown")),
      )
      .map((report) => {
        policy.positions ??= statementPositions(policy.document);
        return { SourcePolicyId: policy.id, SourcePolicyType: policy.type, ...policy.positions[report.statement] };
      });
  });
}
