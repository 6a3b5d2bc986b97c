import { readFileSync } from "node:fs";
import type { CallerAccess, PolicySource } from "../access/authorize.ts";
import type { ConditionContext } from "../access/condition-keys.ts";
import type { NamedPolicy, Principal } from "../access/principal.ts";
import { principalCondition } from "../access/principal-conditions.ts";
import { UserError } from "../base/user-error.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import type { Output } from "./output.ts";
import { loadPrincipal, principalByName } from "./policy/account-policies.ts";
import {
  type ExplainedCall,
  type Explanation,
  explainPolicies,
  type PolicyText,
  type StatementExplanation,
} from "./policy/explanation.ts";
import { connect } from "./portico-calls.ts";

/**
 * `portico policy explain`: says whether policies allow a call, by which statement, and why each other statement does not
 * count. Returns 0 for an allowed call, 1 for any other.
 */
export async function runPolicy({ args, options, output }: Invocation): Promise<number> {
  if (args[0] !== "explain") {
    throw new UserError({
      what: `There is no \`portico policy ${args[0]}\`.`,
      why: "",
      next: "It is `portico policy explain`.",
      isUsage: true,
    });
  }
  const explanation = explainPolicies(await readCall(options, output));
  if (options["json"]) output.json(explanation);
  else print(explanation, output);
  return explanation.decision === "allowed" ? 0 : 1;
}

type Options = Invocation["options"];

const list = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);
const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

async function readCall(options: Options, output: Output): Promise<ExplainedCall> {
  const action = text(options["action"]);
  if (action === undefined || !/^[\w-]+:\w+$/.test(action)) {
    const what = action === undefined ? "--action is missing." : `--action ${action} is not an action.`;
    throw new UserError({ what, why: "", next: "Write it as --action execute-api:Invoke.", isUsage: true });
  }
  const resource = text(options["resource"]) ?? "*";
  const arn = text(options["principal"]);
  const files = list(options["policy"]);
  // With files, nothing is asked of a server.
  const isServed = files.length === 0 && (arn !== undefined || options["resourcePolicy"] === undefined);
  const endpoint = isServed ? await findEndpoint(options) : undefined;
  const principal =
    arn === undefined ? undefined : endpoint === undefined ? principalByName(arn) : await loadPrincipal(endpoint, arn);
  const resourcePolicy =
    options["resourcePolicy"] === undefined && endpoint !== undefined
      ? await loadResourcePolicy(endpoint, resource, output)
      : readFiles([text(options["resourcePolicy"]) ?? []].flat());
  const boundary = text(options["boundary"]);
  const sessions = list(options["sessionPolicy"]);
  const owner = /^\d{12}$/.exec(resource.split(":")[4] ?? "")?.[0];
  const { identity } = principal ?? {};
  const resourceAccount = owner ?? principal?.account ?? "000000000000";
  const policies: Record<PolicySource, readonly PolicyText[]> = {
    identity: files.length > 0 ? readFiles(files) : named(identity?.policies ?? []),
    "permissions-boundary":
      boundary === undefined ? named([identity?.permissionsBoundary ?? []].flat()) : readFiles([boundary]),
    session: readFiles(sessions),
    resource: resourcePolicy,
  };
  return {
    ...{ action, resource, policies, resourceAccount },
    context: contextOf(list(options["context"]), { principal, resource, resourceAccount }),
    requester: requesterOf(principal, { hasPolicies: files.length > 0, resourceAccount }),
    hasSessionPolicies: sessions.length > 0,
  };
}

/** Policies without a principal are those of somebody in the resource's account. */
function requesterOf(
  principal: Principal | undefined,
  { hasPolicies, resourceAccount }: { readonly hasPolicies: boolean; readonly resourceAccount: string },
): CallerAccess["requester"] {
  if (principal !== undefined) return { kind: "principal", principal };
  return hasPolicies ? { kind: "authorized", account: resourceAccount } : { kind: "anonymous" };
}

const named = (policies: readonly NamedPolicy[]): readonly PolicyText[] =>
  policies.map(({ name, arn, group, document }) => ({
    name: `${arn ?? name}${group === undefined ? "" : ` (group ${group})`}`,
    document,
  }));

function readFiles(files: readonly string[]): readonly PolicyText[] {
  return files.map((file) => {
    try {
      return { name: file, document: readFileSync(file === "-" ? 0 : file, "utf8") };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UserError({ what: `${file} can't be read.`, why, next: "Give the path of a file.", cause: error });
    }
  });
}

/** Reads the policy of the API that a resource is part of, as it is defined: what a stage serves may be older. */
async function loadResourcePolicy(endpoint: string, resource: string, output: Output): Promise<readonly PolicyText[]> {
  const [, region, account, restApiId] =
    /^arn:aws[a-z-]*:execute-api:([\w-]+):(\d{12}):([\w-]+)\//.exec(resource) ?? [];
  if (restApiId === undefined) return [];
  const api = await connect(endpoint, account!, region!).find("apigateway", "GetRestApi", { restApiId });
  if (api === undefined) output.note(`There is no API ${restApiId} in ${region} of account ${account}.`);
  const policy = api?.["policy"];
  return typeof policy === "string" && policy !== ""
    ? [{ name: `resource policy of ${restApiId}`, document: unescapePolicy(policy) }]
    : [];
}

/** AWS quirk: GetRestApi answers the policy with its quotes escaped once more. */
function unescapePolicy(policy: string): string {
  return policy.includes('\\"') ? policy.replaceAll(/\\(.)/g, "$1") : policy;
}

/** Looks up what was given, then what the principal and the call say by themselves. Nothing else is known. */
function contextOf(
  given: readonly string[],
  {
    principal,
    resource,
    resourceAccount,
  }: { readonly principal: Principal | undefined; readonly resource: string; readonly resourceAccount: string },
): ConditionContext {
  const values = new Map<string, string[] | null>();
  for (const one of given) {
    const equals = one.indexOf("=");
    const key = (equals < 0 ? one : one.slice(0, equals)).toLowerCase();
    if (key === "") {
      const next = "Write it as --context KEY=VALUE.";
      throw new UserError({ what: `--context ${one} has no key.`, why: "", next, isUsage: true });
    }
    if (equals < 0) values.set(key, null);
    else values.set(key, [...(values.get(key) ?? []), one.slice(equals + 1)]);
  }
  const nowMs = Date.now();
  const own: Readonly<Record<string, string | undefined>> = {
    "aws:currenttime": `${new Date(nowMs).toISOString().slice(0, 19)}Z`,
    "aws:epochtime": String(Math.floor(nowMs / 1000)),
    "aws:requestedregion": resource.split(":")[3] || undefined,
    "aws:resourceaccount": resourceAccount,
  };
  return (key) => {
    const found = values.get(key);
    if (found !== undefined) return found !== null && found.length === 1 ? found[0] : found;
    if (Object.hasOwn(own, key)) return own[key];
    if (principal === undefined || key === "aws:tokenissuetime") return undefined;
    return principalCondition(principal, key);
  };
}

const sourceNames: Readonly<Record<PolicySource, string>> = {
  identity: "identity-based policy",
  "permissions-boundary": "permissions boundary",
  session: "session policy",
  resource: "resource-based policy",
};

function print({ decision, by, problem, policies, missing }: Explanation, output: Output): void {
  const verdict = decision === "allowed" ? output.paint("green", "allowed") : output.paint("red", "denied");
  const where =
    by === undefined
      ? ""
      : ` by statement ${by.statement + 1}${by.sid === undefined ? "" : ` "${by.sid}"`} of ${by.policy}, line ${by.line}`;
  output.line(`${verdict}${where}${problem === undefined ? "" : `${where === "" ? " " : ", "}${problem}`}`);
  for (const { source, name, statements } of policies) {
    output.line();
    output.line(output.paint("bold", `${sourceNames[source]} ${name}`));
    for (const statement of statements) output.line(`  ${lineOf(statement)}`);
    if (statements.length === 0) output.line("  no statements");
  }
  if (missing.length > 0) {
    output.line();
    output.line(output.paint("yellow", `Not given: ${missing.map((key) => `--context ${key}=…`).join(" ")}`));
    output.line(
      "A statement that asks for one of them allows nothing, and denies if it is a Deny; --context KEY says that the call lacks it.",
    );
  }
}

const says = { yes: "matches", no: "does not match", unknown: "can't be decided" } as const;

function lineOf({ statement, sid, effect, line, match, why }: StatementExplanation): string {
  const name = `${statement + 1} ${effect}${sid === undefined ? "" : ` "${sid}"`} (line ${line})`;
  return `${name} ${says[match]}${why === undefined ? "" : `: ${why}`}`;
}
