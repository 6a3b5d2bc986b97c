import { randomUUID } from "node:crypto";
import { ApiError } from "../../protocol/errors.ts";
import { invalid } from "./errors.ts";
import { type FunctionDocument, policyText } from "./function-document.ts";
import type { FunctionReference } from "./function-name.ts";
import { functions, referenceOf } from "./functions.ts";
import { operations, viewing, writing } from "./lambda-families.ts";
import { toStatement, withStatement } from "./resource-policy.ts";

const policyNotFound = (message: string): ApiError => new ApiError("ResourceNotFoundException", message);

function refuseLatest({ qualifier }: FunctionReference): void {
  if (qualifier === "$LATEST") throw invalid("We currently do not support adding policies for $LATEST.");
}

function checkPolicyRevision({ policy }: FunctionDocument, wanted: string | undefined): void {
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
    const statement = toStatement(input, reference.functionArn);
    const before = await functions.find(work);
    checkPolicyRevision(before, input.RevisionId);
    const statements = withStatement(before.policy?.statements ?? [], statement);
    await functions.put({ ...before, policy: { statements, revisionId: randomUUID() } }, work);
    return { Statement: JSON.stringify(statement) };
  }),
  RemovePermission: writing(async (work) => {
    const { input, call } = work;
    refuseLatest(referenceOf(input, call));
    const before = await functions.find(work);
    checkPolicyRevision(before, input.RevisionId);
    if (!before.policy) throw policyNotFound("No policy is associated with the given resource.");
    const statements = before.policy.statements.filter(({ Sid }) => Sid !== input.StatementId);
    if (statements.length === before.policy.statements.length) {
      throw policyNotFound(`Statement ${input.StatementId} is not found in resource policy.`);
    }
    const policy = statements.length > 0 ? { statements, revisionId: randomUUID() } : undefined;
    await functions.put({ ...before, policy }, work);
    return {};
  }),
  GetPolicy: viewing(functions, ({ policy }, { input, call }) => {
    if (!policy || referenceOf(input, call).qualifier !== undefined) {
      throw policyNotFound("The resource you requested does not exist.");
    }
    return { Policy: policyText(policy), RevisionId: policy.revisionId };
  }),
});
