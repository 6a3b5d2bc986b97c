import { isObject } from "../../base/json-object.ts";
import type { Reader } from "../../store/store.ts";
import { documentId, type EntityDocument, iamKinds, iamScope, type RoleDocument } from "./documents.ts";
import { parseIdentityArn, type Source } from "./identity-arn.ts";

/**
 * Returns the ids of the users and roles of this server that a trust policy names, by their ARNs. AWS: IAM User Guide,
 * "AWS JSON policy elements: Principal": an ARN stands for whoever has it when the policy is saved. One that is deleted
 * and made again is not trusted.
 */
export async function trustedIdsOf(tx: Reader, trustPolicy: string): Promise<Readonly<Record<string, string>>> {
  const ids: Record<string, string> = {};
  for (const arn of namedArns(JSON.parse(trustPolicy))) {
    const id = (await findEntity(tx, arn))?.id;
    if (id !== undefined) ids[arn] = id;
  }
  return ids;
}

export interface CurrentTrust {
  readonly text: string;
  /** The documents of the users and roles that it names. */
  readonly sources: readonly Source[];
}

/** Returns a role's trust policy with the id, as on AWS, in place of each ARN that belongs to nobody or another by now. */
export async function readTrust(tx: Reader, { trustPolicy, trustedIds = {} }: RoleDocument): Promise<CurrentTrust> {
  const sources: Source[] = [];
  const gone = new Map<string, string>();
  for (const [arn, id] of Object.entries(trustedIds)) {
    sources.push(...sourceOf(arn));
    if ((await findEntity(tx, arn))?.id !== id) gone.set(arn, id);
  }
  if (gone.size === 0) return { text: trustPolicy, sources };
  const document: unknown = JSON.parse(trustPolicy, function (this: unknown, _key, value: unknown) {
    return typeof value === "string" ? (gone.get(value) ?? value) : value;
  });
  return { text: JSON.stringify(document), sources };
}

const sourceOf = (arn: string): Source[] => {
  const parts = parseIdentityArn(arn);
  if (parts === undefined || parts.kind === "root") return [];
  return [{ scope: iamScope(parts.account), kind: iamKinds[parts.kind], id: documentId(parts.name) }];
};

async function findEntity(tx: Reader, arn: string): Promise<EntityDocument | undefined> {
  const [source] = sourceOf(arn);
  if (source === undefined) return undefined;
  const found = (await tx.in(source.scope).get<EntityDocument>(source.kind, source.id))?.body;
  return found?.arn === arn ? found : undefined;
}

/** Returns the texts below Principal and NotPrincipal of the statements. The policy is a valid one. */
function namedArns(document: unknown): ReadonlySet<string> {
  const statements = isObject(document) ? document["Statement"] : undefined;
  const arns = new Set<string>();
  for (const statement of Array.isArray(statements) ? statements : [statements]) {
    if (!isObject(statement)) continue;
    for (const principal of [statement["Principal"], statement["NotPrincipal"]]) {
      const named = isObject(principal) ? principal["AWS"] : undefined;
      for (const one of Array.isArray(named) ? named : [named]) if (typeof one === "string") arns.add(one);
    }
  }
  return arns;
}
