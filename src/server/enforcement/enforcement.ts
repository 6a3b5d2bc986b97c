import { accessOf, authorize, type CalledResource, problemOf } from "../../access/authorize.ts";
import { makeManagementContext } from "../../access/management-conditions.ts";
import { parsePolicy } from "../../access/policy.ts";
import type { NamedPolicy, Principal } from "../../access/principal.ts";
import type { Clock } from "../../base/clock.ts";
import { type FindConditionTag, unknownTags, untagged } from "../../management/tags/condition-tags.ts";
import { ApiError, accessDenied } from "../../protocol/errors.ts";
import type { ModelName } from "../../protocol/model.ts";
import type {
  AccessDemand,
  AccessQuestion,
  Admission,
  CallAuthority,
  CallContext,
  Enforcement,
} from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { type AccessTable, demandsOf } from "./access-rows.ts";
import { accessTables } from "./access-tables.ts";
import { findResourceTags } from "./resource-tags.ts";

/** AWS's answer to a call without a signature. */
export const missingToken = (hint?: string): ApiError =>
  new ApiError("MissingAuthenticationTokenException", "Missing Authentication Token", { hint });

const signIt =
  "this server has --auth enforce: sign the call, such as with the AWS CLI and an access key of this server's IAM";

/** A request whose caller was verified. */
export interface VerifiedCall {
  readonly caller: Principal;
  readonly sourceAddress: string | undefined;
  readonly region: string;
  readonly userAgent: string | undefined;
  /** The tags of the resources that the call is about, by their ARNs, if the caller's policies ask for any. */
  readonly resourceTags?: ReadonlyMap<string, FindConditionTag>;
}

/**
 * Decides what verified callers may do: by one table for each service, which says what permission each operation needs. An
 * operation without a row is denied.
 * AWS: Service Authorization Reference; IAM User Guide, "Policy evaluation logic".
 */
export class ManagementEnforcement implements Enforcement {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor({ store, clock }: { readonly store: Store; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  admit(service: ModelName, operation: string, admission: Admission): void {
    if (admission.kind === "refused") throw admission.error;
    if (admission.kind === "unsigned" && !tableOf(service).unsigned.includes(operation)) throw missingToken(signIt);
  }

  async authorize(
    question: AccessQuestion,
    admission: Admission,
    call: CallContext,
  ): Promise<CallAuthority | undefined> {
    this.admit(question.service, question.operation, admission);
    if (admission.kind !== "caller") return undefined;
    const { caller } = admission;
    const { sourceAddress, region, userAgent } = call;
    const demands = await demandsOf(tableOf(question.service), question, { call, caller, store: this.#store });
    if (demands === undefined) {
      throw accessDenied(
        `User: ${caller.arn} is not authorized to perform: ${question.operation}: nobody knows what permission it needs`,
      );
    }
    const resourceTags = asksForTags(caller) ? await this.#tagsOf(demands, question, call) : noTags;
    const verified = { caller, sourceAddress, region, userAgent, resourceTags };
    for (const demand of demands) await this.requireOrPolicy(demand, verified, question.input);
    return { require: (demand) => this.require(demand, verified, question.input) };
  }

  /** Throws AWS's AccessDenied unless the caller's policies, or the resource's own, allow it. */
  async requireOrPolicy(demand: AccessDemand, call: VerifiedCall, input: AccessQuestion["input"] = {}): Promise<void> {
    const { policy } = demand;
    if (policy === undefined || this.#problemOf(demand, call, input, undefined) === undefined) {
      this.require(demand, call, input);
      return;
    }
    this.require(demand, call, input, await policy());
  }

  /** Throws AWS's AccessDenied unless the caller may. */
  require(demand: AccessDemand, call: VerifiedCall, input: AccessQuestion["input"] = {}, policy?: string): void {
    const problem = this.#problemOf(demand, call, input, policy);
    if (problem === undefined) return;
    const { action, resource } = demand;
    throw accessDenied(
      `User: ${call.caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${problem}`,
    );
  }

  /** Throws unless the caller may do everything of a service with everything. Any Deny may be about it. */
  requireEvery(service: string, call: VerifiedCall): void {
    const action = `${service}:*`;
    this.require({ action, resource: "*" }, call);
    if (!policiesOf(call.caller).some(({ document }) => hasDeny(document))) return;
    throw accessDenied(
      `User: ${call.caller.arn} is not authorized to perform: ${action} on resource: * with an explicit deny in an identity-based policy`,
    );
  }

  /** Reads the tags of the resources that a call is about. */
  #tagsOf(
    demands: readonly AccessDemand[],
    { input }: AccessQuestion,
    { account, region }: CallContext,
  ): Promise<ReadonlyMap<string, FindConditionTag>> {
    const { domainNameId } = input;
    return this.#store.read({ account, region }, async (tx) => {
      const found = new Map<string, FindConditionTag>();
      for (const { action, resource: arn } of demands) {
        // AWS: IAM User Guide, "Grant a user permissions to pass a role to an AWS service": a role's tags are not reliable there.
        if (action !== passRole) found.set(arn, await findResourceTags(tx, { arn, domainNameId }));
      }
      return found;
    });
  }

  #problemOf(
    { action, resource: given, isResourcePrefix = false, keys = {} }: AccessDemand,
    { caller, sourceAddress, region, userAgent, resourceTags }: VerifiedCall,
    input: AccessQuestion["input"],
    policy: string | undefined,
  ): string | undefined {
    // Handlers take an ARN of another partition for the same thing, so policies have to.
    const resource = given.replace(/^arn:aws[a-z-]*:/, "arn:aws:");
    const account = accountOf(resource) ?? caller.account;
    const requestTags = tagsOf(input);
    const resourceTag = resourceTags?.get(given) ?? unknownTags;
    const context = makeManagementContext({
      principal: caller,
      region,
      sourceAddress,
      userAgent,
      now: Math.floor(this.#clock.now() / 1000),
      account,
      requestTags,
      tagKeys: [...Object.keys(requestTags), ...keysOf(input)],
      resourceTag,
      iamResourceTag: resource.startsWith("arn:aws:iam:") ? resourceTag : untagged,
      keys,
    });
    const called: CalledResource = {
      account,
      ...(policy === undefined ? {} : { policy: { name: "resource policy", policy: parsePolicy(policy, "resource") } }),
    };
    return problemOf(authorize({ action, resource, isResourcePrefix, context }, accessOf(caller), called), action);
  }
}

const passRole = "iam:PassRole";

const noTags: ReadonlyMap<string, FindConditionTag> = new Map();

/** Returns whether one of the caller's policies may ask for tags of resources: those of all others need not be read. */
const asksForTags = (caller: Principal): boolean =>
  policiesOf(caller).some(({ document }) => /resourcetag/i.test(document));

function policiesOf({ identity, sessionPolicies = [] }: Principal): readonly NamedPolicy[] {
  const { policies, permissionsBoundary: boundary } = identity;
  return [...policies, ...(boundary === undefined ? [] : [boundary]), ...sessionPolicies];
}

/** Returns whether a policy has a statement that denies, or can't be read. */
function hasDeny(document: string): boolean {
  try {
    return JSON.stringify(JSON.parse(document)).includes('"Deny"');
  } catch {
    return true;
  }
}

const tableOf = (service: ModelName): AccessTable => accessTables[service];

const accountOf = (arn: string): string | undefined => /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(arn)?.[1];

/** Returns the tags that an input gives: a map, or a list of keys with values. */
function tagsOf(input: AccessQuestion["input"]): Readonly<Record<string, string>> {
  const tags = input["tags"] ?? input["Tags"];
  if (typeof tags !== "object" || tags === null) return {};
  if (!Array.isArray(tags)) return tags as Readonly<Record<string, string>>;
  return Object.fromEntries(tags.map(({ Key, Value }: { Key: string; Value: string }) => [Key, Value]));
}

function keysOf(input: AccessQuestion["input"]): readonly string[] {
  const taken = input["tagKeys"] ?? input["TagKeys"];
  return Array.isArray(taken) ? (taken as readonly string[]) : [];
}
