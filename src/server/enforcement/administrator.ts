import { randomUUID } from "node:crypto";
import type { Credentials } from "../../access/request-signer.ts";
import { defaultAccount, defaultRegion } from "../../access/sigv4-scope.ts";
import type { Clock } from "../../base/clock.ts";
import { randomIds } from "../../base/ids.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import { AccessKeyUses } from "../../services/iam/access-key-uses.ts";
import { iamKinds } from "../../services/iam/documents.ts";
import { makeIamOperations } from "../../services/iam/operations.ts";
import { everywhere, type Store } from "../../store/store.ts";

/** The user that a server with `--auth enforce` begins with. */
const administratorName = "administrator";
const policyArn = "arn:aws:iam::aws:policy/AdministratorAccess";

/** Makes an administrator with an access key if nobody has one yet, since otherwise nobody could call the server. */
export async function ensureAdministrator(store: Store, clock: Clock): Promise<Credentials | undefined> {
  const keys = await store.read(everywhere, (tx) => tx.list(iamKinds.accessKey, { limit: 1 }));
  return keys.length > 0 ? undefined : makeAdministrator(store, clock);
}

/**
 * Makes another administrator: a user of the server's own account with AdministratorAccess and an access key. The secret is
 * returned here only.
 */
export async function makeAdministrator(store: Store, clock: Clock): Promise<Credentials> {
  const operations = makeIamOperations(store, { accessKeyUses: new AccessKeyUses(store, clock) });
  const call: CallContext = {
    account: defaultAccount,
    region: defaultRegion,
    requestId: randomUUID(),
    clock,
    ids: randomIds,
    host: "localhost",
    accessKeyId: undefined,
    userAgent: undefined,
  };
  const UserName = await makeUser(operations, call);
  await run(operations, "AttachUserPolicy", { UserName, PolicyArn: policyArn }, call);
  const { AccessKey } = (await run(operations, "CreateAccessKey", { UserName }, call)) as {
    readonly AccessKey: { readonly AccessKeyId: string; readonly SecretAccessKey: string };
  };
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
}

/** Makes the user under the first name that is free. */
async function makeUser(operations: Operations, call: CallContext): Promise<string> {
  for (let number = 1; ; number++) {
    const UserName = number === 1 ? administratorName : `${administratorName}-${number}`;
    try {
      await run(operations, "CreateUser", { UserName }, call);
      return UserName;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "EntityAlreadyExistsException") throw error;
    }
  }
}

const run = (operations: Operations, name: string, input: object, call: CallContext): Promise<unknown> =>
  operations[name]!({ ...input }, call);
