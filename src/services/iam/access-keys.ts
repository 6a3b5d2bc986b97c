import { randomBytes } from "node:crypto";
import { makeAccessKeyId } from "../../access/access-key-id.ts";
import { bounds } from "../../base/bounds.ts";
import { type Change, nowSeconds, type Work } from "../../families/work.ts";
import { everywhere, type Reader } from "../../store/store.ts";
import { accessKeyUseKind } from "./access-key-uses.ts";
import { putOwnership, readOwnership } from "./count-entity.ts";
import { type AccessKeyDocument, iamKinds, type UserDocument } from "./documents.ts";
import { limitExceeded, noSuchEntity, validationError } from "./errors.ts";
import { type IamInput, type IamService, operations, reading, writing } from "./iam-families.ts";
import { parseIdentityArn } from "./identity-arn.ts";
import { listPage } from "./list-page.ts";
import { findUser, users } from "./users.ts";

/** Whose keys a call is about: a user's, or its account's root. */
interface KeyOwner {
  readonly user: UserDocument | undefined;
  readonly arn: string;
  /** The root is called so where AWS's answers need a user's name. */
  readonly name: string;
  /** The ids of its keys, the oldest first. */
  readonly keys: readonly string[];
}

type KeyInput = { readonly UserName?: string | undefined };

async function ownerOf(work: Work<IamService, KeyInput>): Promise<KeyOwner> {
  const user = await findUser(work);
  if (user !== undefined) return { user, arn: user.arn, name: user.name, keys: user.accessKeys };
  const { rootAccessKeys: keys } = await readOwnership(work.tx);
  return { user: undefined, arn: `arn:aws:iam::${work.call.account}:root`, name: "root", keys };
}

async function putKeys(work: Change<IamService>, { user }: KeyOwner, keys: readonly string[]): Promise<void> {
  if (user !== undefined) return users.put({ ...user, accessKeys: keys }, work);
  return putOwnership(work.tx, { ...(await readOwnership(work.tx)), rootAccessKeys: keys });
}

const readKey = async (tx: Reader, id: string): Promise<AccessKeyDocument | undefined> =>
  (await tx.in(everywhere).get<AccessKeyDocument>(iamKinds.accessKey, id))?.body;

async function requireKey(tx: Reader, id: string, keys: readonly string[]): Promise<AccessKeyDocument> {
  const key = keys.includes(id) ? await readKey(tx, id) : undefined;
  if (key === undefined) throw noSuchEntity(`The Access Key with id ${id} cannot be found.`);
  return key;
}

/** Makes an id that no key has. */
async function freshId(tx: Reader, account: string): Promise<string> {
  for (;;) {
    const id = makeAccessKeyId("AKIA", account, randomBytes(8));
    if ((await readKey(tx, id)) === undefined) return id;
  }
}

const statusOf = ({ isActive }: AccessKeyDocument): string => (isActive ? "Active" : "Inactive");

const listed = (key: AccessKeyDocument, name: string): object => ({
  UserName: name,
  AccessKeyId: key.id,
  Status: statusOf(key),
  CreateDate: key.createdAt,
});

/** AWS: IAM API reference, "CreateAccessKey": the only answer that has the secret. */
async function createAccessKey(work: Change<IamService, IamInput<"CreateAccessKey">>): Promise<object> {
  const { tx, call } = work;
  const owner = await ownerOf(work);
  const max = bounds.iamAccessKeysMax.value;
  if (owner.keys.length >= max) throw limitExceeded(`Cannot exceed quota for AccessKeysPerUser: ${max}`);
  const key: AccessKeyDocument = {
    id: await freshId(tx, call.account),
    // 30 bytes are 40 characters of base64.
    secret: randomBytes(30).toString("base64"),
    isActive: true,
    createdAt: nowSeconds(call),
    account: call.account,
    ownerArn: owner.arn,
  };
  await tx.in(everywhere).put(iamKinds.accessKey, key.id, key);
  await putKeys(work, owner, [...owner.keys, key.id]);
  return { AccessKey: { ...listed(key, owner.name), SecretAccessKey: key.secret } };
}

async function updateAccessKey(work: Change<IamService, IamInput<"UpdateAccessKey">>): Promise<object> {
  const { tx, input } = work;
  const { keys } = await ownerOf(work);
  const key = await requireKey(tx, input.AccessKeyId, keys);
  if (input.Status !== "Active" && input.Status !== "Inactive") {
    throw validationError("The status of an access key can be set to Active or Inactive.");
  }
  await tx.in(everywhere).put(iamKinds.accessKey, key.id, { ...key, isActive: input.Status === "Active" });
  return {};
}

async function deleteAccessKey(work: Change<IamService, IamInput<"DeleteAccessKey">>): Promise<object> {
  const { tx, input, accessKeyUses } = work;
  const owner = await ownerOf(work);
  const { id } = await requireKey(tx, input.AccessKeyId, owner.keys);
  await putKeys(
    work,
    owner,
    owner.keys.filter((one) => one !== id),
  );
  await tx.in(everywhere).delete(iamKinds.accessKey, id);
  await tx.in(everywhere).delete(accessKeyUseKind, id);
  work.afterCommit(async () => accessKeyUses.forget(id));
  return {};
}

async function listAccessKeys(work: Work<IamService, IamInput<"ListAccessKeys">>): Promise<object> {
  const { name, keys } = await ownerOf(work);
  const found: AccessKeyDocument[] = [];
  for (const id of keys) found.push(await requireKey(work.tx, id, keys));
  return listPage(
    "AccessKeyMetadata",
    found,
    ({ id }) => id,
    work.input,
    (key) => listed(key, name),
  );
}

/** AWS: IAM API reference, "GetAccessKeyLastUsed", "AccessKeyLastUsed": a key that was never used has N/A. */
async function getLastUsed(work: Work<IamService, IamInput<"GetAccessKeyLastUsed">>): Promise<object> {
  const { tx, input, call, accessKeyUses } = work;
  const key = await readKey(tx, input.AccessKeyId);
  if (key === undefined || key.account !== call.account) {
    throw noSuchEntity(`The Access Key with id ${input.AccessKeyId} cannot be found.`);
  }
  const use = await accessKeyUses.find(tx, key.id);
  return {
    UserName: parseIdentityArn(key.ownerArn)?.name ?? "root",
    AccessKeyLastUsed: {
      ...(use && { LastUsedDate: use.at }),
      ServiceName: use?.service ?? "N/A",
      Region: use?.region ?? "N/A",
    },
  };
}

/** AWS: IAM API reference, one page for each operation. */
export const accessKeyOperations = operations({
  CreateAccessKey: writing(createAccessKey),
  UpdateAccessKey: writing(updateAccessKey),
  DeleteAccessKey: writing(deleteAccessKey),
  ListAccessKeys: reading(listAccessKeys),
  GetAccessKeyLastUsed: reading(getLastUsed),
});
