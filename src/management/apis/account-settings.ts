import { restKinds } from "../../definition/rest-api.ts";
import { badRequest } from "../../protocol/errors.ts";
import type { Reader } from "../../store/store.ts";

/** The settings of an account that UpdateAccount changes; all others are the same for every account. */
export interface Account {
  readonly cloudwatchRoleArn?: string;
  readonly features?: readonly string[];
}

export const accountId = "account";

/** Returns the account's settings in the call's region. */
export async function readAccount(tx: Reader): Promise<Account> {
  return (await tx.get<Account>(restKinds.account, accountId))?.body ?? { features: ["UsagePlans"] };
}

/** AWS: "Set up CloudWatch logging for REST APIs": logging needs the account's role. So it does for WebSocket APIs. */
export async function requireLogRole(tx: Reader): Promise<void> {
  if ((await readAccount(tx)).cloudwatchRoleArn !== undefined) return;
  throw badRequest("CloudWatch Logs role ARN must be set in account settings to enable logging");
}
