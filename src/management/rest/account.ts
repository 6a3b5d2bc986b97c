import { makeConditionContext } from "../../access/condition-keys.ts";
import { parseRoleArn, Role } from "../../access/role-access.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { invalidValue, listPaths, member, memberInValue, text } from "../../families/patch.ts";
import { badRequest } from "../../protocol/errors.ts";
import { type Account, accountId, readAccount } from "../apis/account-settings.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { defineResource, type Work } from "./work.ts";

/**
 * AWS: "Set up CloudWatch logging for REST APIs in API Gateway": the role has to trust API Gateway. A role is looked up
 * where its account's roles are kept here; others are somebody else's to know.
 */
async function checkLogRole(arn: string, { tx, call, findRole }: Work): Promise<void> {
  if (parseRoleArn(arn) === undefined) throw badRequest("Invalid ARN specified in the request");
  refuseForeignRole(arn, call);
  const { role, isAccountHere } = await findRole(tx, arn);
  if (role === undefined && !isAccountHere) return;
  const context = makeConditionContext({
    kind: "service",
    sourceArn: `arn:${arn.split(":", 2)[1]}:apigateway:${call.region}::/account`,
    sourceAccount: call.account,
    resource: arn,
  });
  const isTrusting =
    role !== undefined && new Role(role).canBeAssumed({ servicePrincipal: "apigateway.amazonaws.com", context });
  if (isTrusting) return;
  // AWS's words, as users quote them.
  throw badRequest(
    "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add " +
      "the required role policy.",
    {
      hint:
        role === undefined
          ? `There is no role ${arn}`
          : `The trust policy of ${arn} does not let API Gateway assume it`,
    },
  );
}

async function completeAccount(item: Account, before: Account, work: Work<"UpdateAccount">): Promise<Account> {
  const { cloudwatchRoleArn } = item;
  const isSet = work.input.patchOperations?.some(({ path = "" }) => /^\/?cloudwatchRoleArn$/.test(path));
  if (isSet === true && cloudwatchRoleArn !== undefined) await checkLogRole(cloudwatchRoleArn, work);
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (before.features?.includes("UsagePlans") && !item.features?.includes("UsagePlans")) {
    throw badRequest("Usage Plans cannot be disabled once they are enabled");
  }
  return item;
}

/** AWS: API Gateway REST API reference, "Account". */
export const account = defineResource({
  operations: { get: "GetAccount", update: "UpdateAccount" },
  place: {
    find: (work) => readAccount(work.tx),
    put: (item, work) => work.tx.put(restKinds.account, accountId, item),
    delete: (_, work) => work.tx.delete(restKinds.account, accountId),
  },
  patch: {
    refuse: listPaths,
    rules: {
      "/cloudwatchRoleArn": member("cloudwatchRoleArn", text, { clears: true }),
      "/features": memberInValue("features", ["add", "remove"], (step) => {
        if (step.value !== "UsagePlans") throw invalidValue(step, "Must be one of: [UsagePlans]");
      }),
    },
  },
  complete: (item, before, work) => completeAccount(item, before, work),
  // AWS: "Amazon API Gateway quotas and important notes", the account's throttle.
  view: (item, { limits }) => ({
    ...item,
    throttleSettings: { rateLimit: limits.throttleRate, burstLimit: limits.throttleBurst },
    apiKeyVersion: "4",
  }),
});
