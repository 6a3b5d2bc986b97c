import { randomUUID } from "node:crypto";
import { ApiError } from "../../protocol/errors.ts";
import { invalid } from "./errors.ts";
import { type PolicyDocument, policyText } from "./function-document.ts";
import type { FunctionReference } from "./function-name.ts";
import { referenceOf } from "./functions.ts";
import { operations, reading, writing } from "./lambda-families.ts";
import { findPolicyOwner } from "./policy-owner.ts";
import { toStatement, withStatement } from "./resource-policy.ts";

const policyNotFound = (message: string): ApiError => new ApiError("ResourceNotFoundException", message);

function refuseLatest({ qualifier }: FunctionReference): void {
  if (qualifier === "$LATEST") throw invalid("We currently do not support adding policies for $LATEST.");
}

function checkPolicyRevision(policy: PolicyDocument | undefined, wanted: string | undefined): void {
  if (wanted === undefined || wanted === policy?.revisionId) return;
  throw new ApiError(
    "PreconditionFailedException",
    "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy API to retrieve the latest RevisionId for your resource.",
  );
}

/** Who may invoke a function. AWS: Lambda API reference, "AddPermission", "RemovePermission", "GetPolicy". */
export const permissionOperations = operations({
  AddPermission: writing(async (work) => {
    const { input, call } = work;
    const reference = referenceOf(input, call);
    refuseLatest(reference);
    const statement = toStatement(input, reference.qualifiedArn);
    const { policy, replace } = await findPolicyOwner(work, reference);
    checkPolicyRevision(policy, input.RevisionId);
    const statements = withStatement(policy?.statements ?? [], statement);
    await replace({ statements, revisionId: randomUUID() }, work);
    return { Statement: JSON.stringify(statement) };
  }),
  RemovePermission: writing(async (work) => {
    const { input, call } = work;
    const reference = referenceOf(input, call);
    refuseLatest(reference);
    const { policy, replace } = await findPolicyOwner(work, reference);
    checkPolicyRevision(policy, input.RevisionId);
    if (!policy) throw policyNotFound("No policy is associated with the given resource.");
    const statements = policy.statements.filter(({ Sid }) => Sid !== input.StatementId);
    if (statements.length === policy.statements.length) {
      throw policyNotFound(`Statement ${input.StatementId} is not found in resource policy.`);
    }
    await replace(statements.length > 0 ? { statements, revisionId: randomUUID() } : undefined, work);
    return {};
  }),
  GetPolicy: reading(async (work) => {
    const { policy } = await findPolicyOwner(work, referenceOf(work.input, work.call));
    if (!policy) throw policyNotFound("The resource you requested does not exist.");
    return { Policy: policyText(policy), RevisionId: policy.revisionId };
  }),
});
