import { deflateRawSync } from "node:zlib";
import type { Session } from "../../access/principal.ts";
import { bounds } from "../../base/bounds.ts";
import { present } from "../../families/work.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { Reader } from "../../store/store.ts";
import { awsManagedPolicyOf } from "../iam/aws-managed-policies.ts";
import { documentId, iamKinds, iamScope, type PolicyDocument, parsePolicyArn } from "../iam/documents.ts";
import { validatePolicy } from "../iam/policy-grammar.ts";

/** The members of an input that limit a session, or say something of it. */
export interface SessionInput {
  readonly Policy?: string | undefined;
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[] | undefined;
  readonly TransitiveTagKeys?: readonly string[] | undefined;
}

export const invalid = (message: string): ApiError => new ApiError("ValidationError", message);

/** The part of a session that its caller chooses. */
export type SessionLimits = Pick<Session, "policy" | "policyArns" | "tags" | "transitiveTagKeys">;

/**
 * Checks a session's policies and tags. A session of a role gets the transitive tags of the session that asks for it.
 * AWS: STS API reference, "AssumeRole", "GetFederationToken"; IAM User Guide, "Pass session tags in AWS STS".
 */
export async function readSessionLimits(
  tx: Reader,
  account: string,
  input: SessionInput,
  parent?: Session,
): Promise<SessionLimits> {
  const { Policy: policy } = input;
  if (policy !== undefined) {
    const max = bounds.sessionPolicyCharsMax.value;
    if (policy.length > max) {
      throw invalid(
        "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less " +
          `than or equal to ${max}`,
      );
    }
    validatePolicy(policy, "identity");
  }
  const { tags, transitiveTagKeys } = readTags(input, parent);
  return present<SessionLimits>({
    policy,
    policyArns: await readPolicyArns(tx, account, input),
    tags: Object.keys(tags).length === 0 ? undefined : tags,
    transitiveTagKeys: transitiveTagKeys.length === 0 ? undefined : transitiveTagKeys,
  });
}

async function readPolicyArns(
  tx: Reader,
  account: string,
  { PolicyArns: given }: SessionInput,
): Promise<readonly string[] | undefined> {
  if (given === undefined) return undefined;
  const max = bounds.sessionPolicyArnsMax.value;
  if (given.length > max) throw invalid(`The number of managed session policies must not exceed ${max}.`);
  const arns: string[] = [];
  for (const { arn } of given) {
    if (arn === undefined) throw invalid("A managed session policy needs an ARN.");
    const parts = parsePolicyArn(arn);
    const stored =
      parts?.account === account
        ? await tx.in(iamScope(account)).get<PolicyDocument>(iamKinds.policy, documentId(parts.name))
        : undefined;
    // AWS: the policies have to be in the account of the role.
    if (awsManagedPolicyOf(arn) === undefined && stored?.body.arn !== arn) {
      throw invalid(`Policy ${arn.slice(0, 256)} does not exist or is not attachable.`);
    }
    arns.push(arn);
  }
  return arns;
}

function readTags(
  { Tags: given = [], TransitiveTagKeys: transitive = [] }: SessionInput,
  parent: Session | undefined,
): { readonly tags: Readonly<Record<string, string>>; readonly transitiveTagKeys: readonly string[] } {
  const inherited = new Map(
    (parent?.transitiveTagKeys ?? []).map((key) => [key.toLowerCase(), [key, parent?.tags?.[key] ?? ""] as const]),
  );
  const all = new Map<string, readonly [string, string]>();
  for (const { Key: key, Value: value } of given) {
    const folded = key.toLowerCase();
    if (all.has(folded)) throw invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    if (folded.startsWith("aws:")) throw invalid("Tag keys with the prefix aws: are reserved for AWS use.");
    if (inherited.has(folded)) {
      throw invalid(
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the " +
          "calling session.",
      );
    }
    all.set(folded, [key, value]);
  }
  for (const key of transitive) {
    if (!all.has(key.toLowerCase())) {
      throw invalid("The specified transitive tag key must be included in the requested tags.");
    }
  }
  const own = transitive.map((key) => all.get(key.toLowerCase())![0]);
  const max = bounds.iamTagsMax.value;
  if (all.size + inherited.size > max) throw invalid(`The number of session tags must not exceed ${max}.`);
  return {
    tags: Object.fromEntries([...inherited.values(), ...all.values()]),
    transitiveTagKeys: [...new Set([...[...inherited.values()].map(([key]) => key), ...own])],
  };
}

/**
 * Returns how much of the space for policies and tags a session takes, in percent; undefined if it has neither. Throws if
 * it is too much. AWS: IAM User Guide, "IAM and AWS STS quotas": how AWS packs them is not documented.
 */
export function packedSizeOf({ policy, policyArns, tags }: SessionLimits): number | undefined {
  if (policy === undefined && policyArns === undefined && tags === undefined) return undefined;
  const packed = deflateRawSync(JSON.stringify([policy, policyArns, tags])).length;
  const percent = Math.ceil((packed * 100) / bounds.packedSessionBytesMax.value);
  if (percent <= 100) return percent;
  const what =
    policy === undefined && policyArns === undefined
      ? `Packed size of session tags consumes ${percent}% of allotted space.`
      : `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`;
  throw new ApiError("PackedPolicyTooLargeException", what);
}
