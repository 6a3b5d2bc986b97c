import { type Change, regionalScope, type Work } from "../../families/work.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { aliases } from "./aliases.ts";
import { type FunctionDocument, functionKind, type PolicyDocument, policyText } from "./function-document.ts";
import { type FunctionReference, functionNotFound } from "./function-name.ts";
import { findAlias, findVersion, functions, requireFunction, versions } from "./functions.ts";
import type { LambdaParts } from "./lambda-families.ts";

/**
 * What has a resource policy: a function, one of its versions, or an alias. Each has its own, which counts only for calls
 * by that qualifier. AWS: Lambda API reference, "AddPermission", Qualifier.
 */
export interface PolicyOwner {
  readonly policy: PolicyDocument | undefined;
  /** Stores another policy; undefined removes it. */
  replace(policy: PolicyDocument | undefined, work: Change<LambdaParts>): Promise<void>;
}

/** Finds the owner of a policy by the qualifier of a reference. */
export async function findPolicyOwner(work: Work<LambdaParts>, reference: FunctionReference): Promise<PolicyOwner> {
  const { name, qualifier, qualifiedArn } = reference;
  const owner = await requireFunction(work, reference);
  // `$LATEST` has no policy of its own, and none can be added to it.
  if (qualifier === "$LATEST") return { policy: undefined, replace: () => Promise.resolve() };
  if (qualifier === undefined) {
    return { policy: owner.policy, replace: (policy, change) => functions.put({ ...owner, policy }, change) };
  }
  const version = await findVersion(work.tx, name, qualifier);
  if (version !== undefined) {
    return { policy: version.policy, replace: (policy, change) => versions.put({ ...version, policy }, change) };
  }
  const alias = await findAlias(work.tx, name, qualifier);
  if (alias === undefined) throw functionNotFound(qualifiedArn);
  return {
    policy: alias.policy,
    replace: (policy, change) => aliases.put({ ...alias, policy }, { ...change, parent: owner, parentId: name }),
  };
}

/** Returns the resource policy of what a reference names, as JSON; undefined if there is none. */
export function readPermissions(
  store: Store,
  { name, qualifier }: FunctionReference,
  call: Pick<CallContext, "account" | "region">,
): Promise<string | undefined> {
  return store.read(regionalScope(call), async (tx) => {
    const document =
      qualifier === undefined
        ? (await tx.get<FunctionDocument>(functionKind, name))?.body
        : ((await findVersion(tx, name, qualifier)) ?? (await findAlias(tx, name, qualifier)));
    return document?.policy && policyText(document.policy);
  });
}
