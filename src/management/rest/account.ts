import { bounds } from "../../base/bounds.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { invalidValue, listPaths, member, memberInValue, text } from "../../families/patch.ts";
import { badRequest } from "../../protocol/errors.ts";
import type { Reader } from "../../store/store.ts";
import { defineResource } from "./work.ts";

/** The settings that UpdateAccount changes; all others are the same for every account. */
interface Account {
  readonly cloudwatchRoleArn?: string;
  readonly features?: readonly string[];
}

const documentId = "account";

/** Returns the account's settings in the call's region. */
export async function readAccount(tx: Reader): Promise<Account> {
  return (await tx.get<Account>(restKinds.account, documentId))?.body ?? { features: ["UsagePlans"] };
}

function completeAccount(item: Account, before: Account): Account {
  const role = item.cloudwatchRoleArn;
  if (role !== undefined && !/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(role)) {
    throw badRequest("Invalid ARN specified in the request");
  }
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
    put: (item, work) => work.tx.put(restKinds.account, documentId, item),
    delete: (_, work) => work.tx.delete(restKinds.account, documentId),
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
  complete: completeAccount,
  // AWS: "Amazon API Gateway quotas and important notes", the account's throttle.
  view: (item) => ({
    ...item,
    throttleSettings: { rateLimit: bounds.throttlingRatePerSecond.value, burstLimit: bounds.throttlingBurst.value },
    apiKeyVersion: "4",
  }),
});
