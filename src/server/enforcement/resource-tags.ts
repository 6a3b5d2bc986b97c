import {
  conditionTags,
  type FindConditionTag,
  findConditionTags,
  unknownTags,
  untagged,
} from "../../management/tags/condition-tags.ts";
import { alarmKind } from "../../services/cloudwatch/alarm-document.ts";
import { documentId, iamKinds, iamScope } from "../../services/iam/documents.ts";
import { functionKind } from "../../services/lambda/function-document.ts";
import type { Reader } from "../../store/store.ts";

/** What a demand says of the resource whose tags are asked for. */
export interface ResourceInQuestion {
  readonly arn: string;
  /** The input's `domainNameId`. */
  readonly domainNameId: unknown;
}

interface ArnParts {
  readonly region: string;
  readonly account: string;
  readonly rest: string;
}

type FindTags = (
  tx: Reader,
  parts: ArnParts,
  resource: ResourceInQuestion,
) => Promise<FindConditionTag> | FindConditionTag;

/** The services whose resources' tags are known, by the service in the ARN. */
const finders: Readonly<Record<string, FindTags>> = {
  apigateway: (tx, { rest }, { domainNameId }) =>
    findConditionTags(tx, { path: rest, domainNameId: typeof domainNameId === "string" ? domainNameId : undefined }),
  cloudwatch: findAlarmsTags,
  lambda: findFunctionsTags,
  iam: findEntitysTags,
};

/**
 * Reads the tags of a resource as conditions ask for them (`aws:ResourceTag/…`, of IAM's also `iam:ResourceTag/…`). Of
 * services without an entry nobody knows them.
 * AWS: Lambda Developer Guide, "Using attribute-based access control in Lambda"; CloudWatch API reference, "TagResource"; IAM
 * User Guide, "Controlling access to and for IAM users and roles using tags".
 */
export async function findResourceTags(tx: Reader, resource: ResourceInQuestion): Promise<FindConditionTag> {
  // What names no resource has no tags.
  if (resource.arn === "*") return untagged;
  const [, service = "", region = "", account = "", rest = ""] =
    /^arn:aws[a-z-]*:([^:]*):([^:]*):([^:]*):(.*)$/s.exec(resource.arn) ?? [];
  const find = Object.hasOwn(finders, service) ? finders[service] : undefined;
  return find?.(tx, { region, account, rest }, resource) ?? unknownTags;
}

/** A function's tags are those of its versions and aliases, too. */
async function findFunctionsTags(tx: Reader, { region, account, rest }: ArnParts): Promise<FindConditionTag> {
  const name = /^function:([^:]+)(?::[^:]*)?$/.exec(rest)?.[1];
  if (name === undefined) return unknownTags;
  return readTags(tx.in({ account, region }), functionKind, name);
}

async function findAlarmsTags(tx: Reader, { region, account, rest }: ArnParts): Promise<FindConditionTag> {
  const name = /^alarm:(.+)$/s.exec(rest)?.[1];
  if (name === undefined) return unknownTags;
  return name === "*" ? untagged : readTags(tx.in({ account, region }), alarmKind, name);
}

const taggedEntities: Readonly<Record<string, string>> = {
  user: iamKinds.user,
  role: iamKinds.role,
  policy: iamKinds.policy,
};

async function findEntitysTags(tx: Reader, { account, rest }: ArnParts): Promise<FindConditionTag> {
  const [, type = "", name = ""] = /^([a-z-]+)\/(?:.*\/)?([^/]*)$/s.exec(rest) ?? [];
  if (type === "group" || type === "instance-profile") return untagged;
  const kind = Object.hasOwn(taggedEntities, type) ? taggedEntities[type] : undefined;
  // AWS's own policies have no account, and no tags.
  if (kind === undefined) return unknownTags;
  return name === "" || !/^\d{12}$/.test(account)
    ? untagged
    : readTags(tx.in(iamScope(account)), kind, documentId(name));
}

const readTags = async (tx: Reader, kind: string, id: string): Promise<FindConditionTag> =>
  conditionTags([(await tx.get<{ readonly tags?: Readonly<Record<string, string>> }>(kind, id))?.body.tags ?? {}]);
