/**
 * The life of domain names. Each is one document, whichever version of the API makes, shows or changes it. Each version
 * has its own inputs and answers, and its own members of an update.
 */
import {
  type BasePathMapping,
  type DomainEndpointType,
  type DomainName,
  type DomainNameAccessAssociation,
  domainNameKey,
  domainNameKinds,
  isDomainName,
  type UploadedCertificate,
} from "../../definition/domain-name.ts";
import { shortened } from "../../definition/text-lengths.ts";
import { nowSeconds, present } from "../../families/work.ts";
import { badRequest } from "../../protocol/errors.ts";
import { everywhere, type Reader } from "../../store/store.ts";
import { type ControlChange, type ControlWork, requireRoom } from "../control-service.ts";
import { checkDomainName } from "./domain-name-rules.ts";
import { hasEndpoint, withTargets } from "./endpoints.ts";
import { refuseLosingMappings } from "./shared-domain.ts";

/** The members of a new domain name that its caller gives; the rest of the document follows from them. */
export type DomainNameMembers = Omit<
  DomainName,
  | "domainNameId"
  | "domainNameArn"
  | "domainNameStatus"
  | "certificateUploadDate"
  | "distributionDomainName"
  | "distributionHostedZoneId"
  | "regionalDomainName"
  | "regionalHostedZoneId"
>;

// Unconfirmed: how AWS words these; see docs/compatibility.md, "custom domain names, words".

/** Refuses a name that no new domain name of the type may have. */
export function checkNewName(domainName: string, type: DomainEndpointType): void {
  if (!isDomainName(domainName)) throw badRequest(`Invalid domain name specified: ${shortened(domainName)}`);
  if (type === "PRIVATE" && domainName.startsWith("*.")) {
    throw badRequest("Wildcards are not supported for PRIVATE domain names");
  }
}

async function requireRoomFor(work: ControlWork, isPrivate: boolean): Promise<void> {
  const all = await work.tx.list<DomainName>(domainNameKinds.domainName);
  const count = all.filter(({ body }) => hasEndpoint(body, "PRIVATE") === isPrivate).length;
  requireRoom(work, isPrivate ? "privateDomainNames" : "publicDomainNames", count);
}

/** Claims a public domain name. It is a host name, so it belongs to one account and region only. */
async function claimName(work: ControlChange, domainName: string): Promise<void> {
  const claims = work.tx.in(everywhere);
  const { account, region } = work.call;
  if ((await claims.get(domainNameKinds.claim, domainName)) !== undefined) {
    throw badRequest("The domain name you provided already exists.");
  }
  const others = await overlapping(claims, domainName);
  if (others.some((other) => other.account !== account)) {
    throw badRequest("The domain name you provided conflicts with a domain name of another account.");
  }
  await claims.put(domainNameKinds.claim, domainName, { account, region, kind: domainNameKinds.domainName });
}

/**
 * Returns who has the wildcard above a domain name, or the domain names below a wildcard. AWS: API Gateway Developer Guide,
 * "Custom domain names for HTTP APIs in API Gateway": no wildcard can be created if another account has a name that it
 * covers. Unconfirmed: the opposite order; see docs/compatibility.md, "custom domain names, wildcards".
 */
async function overlapping(claims: Reader, domainName: string): Promise<readonly { readonly account: string }[]> {
  const base = domainName.slice(domainName.indexOf("."));
  if (!domainName.startsWith("*.")) {
    const wildcard = await claims.get<{ readonly account: string }>(domainNameKinds.claim, `*${base}`);
    return wildcard === undefined ? [] : [wildcard.body];
  }
  const all = await claims.list<{ readonly account: string }>(domainNameKinds.claim);
  return all.filter(({ id }) => id.slice(id.indexOf(".")) === base).map(({ body }) => body);
}

/** Checks and claims a new domain name and writes what belongs to it. The family writes the document itself. */
export async function newDomainName(
  work: ControlChange,
  members: DomainNameMembers,
  uploaded: UploadedCertificate | undefined,
): Promise<DomainName> {
  const { account, region, ids } = work.call;
  const { domainName } = members;
  const isPrivate = members.endpointConfiguration.types.includes("PRIVATE");
  const domainNameId = isPrivate ? ids.id(10) : undefined;
  const path = domainNameKey(present<Pick<DomainName, "domainName" | "domainNameId">>({ domainName, domainNameId }));
  const made = present<DomainName>({
    ...members,
    domainNameId,
    domainNameArn: `arn:aws:apigateway:${region}:${isPrivate ? account : ""}:/domainnames/${path}`,
    certificateUploadDate: nowSeconds(work.call),
    // AWS: EDGE domain names are UPDATING for a while. Portico has no distribution to wait for.
    domainNameStatus: "AVAILABLE",
  } as DomainName);
  const item = withTargets(made, undefined, work.call);
  checkDomainName(item, uploaded !== undefined, region);
  if (!isPrivate) await claimName(work, domainName);
  await requireRoomFor(work, isPrivate);
  if (uploaded !== undefined) await work.tx.put(domainNameKinds.certificate, path, uploaded);
  return item;
}

/** Returns whether a certificate was uploaded with the domain name. */
export const isUploaded = async ({ tx }: ControlWork, item: DomainName): Promise<boolean> =>
  (await tx.get(domainNameKinds.certificate, domainNameKey(item))) !== undefined;

/** Checks a changed domain name and returns it as it is stored, with the targets of its present endpoint types. */
export async function changedDomainName(
  work: ControlChange,
  changed: DomainName,
  before: DomainName,
): Promise<DomainName> {
  const isNewCertificate =
    changed.certificateArn !== before.certificateArn || changed.certificateName !== before.certificateName;
  const { certificateUploadDate = nowSeconds(work.call) } = before;
  const item = withTargets(
    { ...changed, certificateUploadDate: isNewCertificate ? nowSeconds(work.call) : certificateUploadDate },
    before,
    work.call,
  );
  const wasUploaded = await isUploaded(work, before);
  checkDomainName(item, wasUploaded, work.call.region);
  await refuseLosingMappings(work.tx, item);
  // The uploaded certificate is deleted when its name is removed.
  if (wasUploaded && item.certificateName === undefined) {
    await work.tx.delete(domainNameKinds.certificate, domainNameKey(before));
  }
  return item;
}

/** Deletes everything that belongs to a domain name: its mappings, rules, certificate, associations and the claim. */
export async function deleteWithDomainName(item: DomainName, work: ControlChange): Promise<void> {
  const key = domainNameKey(item);
  await work.tx.deleteAll(domainNameKinds.basePathMapping, `${key}/`);
  await work.tx.deleteAll(domainNameKinds.routingRule, `${key}/`);
  await work.tx.delete(domainNameKinds.certificate, key);
  if (item.domainNameId === undefined) await work.tx.in(everywhere).delete(domainNameKinds.claim, item.domainName);
  const associations = await work.tx.list<DomainNameAccessAssociation>(domainNameKinds.accessAssociation);
  for (const { id, body } of associations) {
    if (body.domainNameArn === item.domainNameArn) await work.tx.delete(domainNameKinds.accessAssociation, id);
  }
}

/** Returns the domain names whose mappings use an API, or one of its stages. */
export async function domainsMappedTo(work: ControlWork, apiId: string, stage?: string): Promise<readonly string[]> {
  const where = { index: "api", key: apiId };
  const mappings = await work.tx.list<BasePathMapping>(domainNameKinds.basePathMapping, { where });
  const users = mappings.filter(({ body }) => stage === undefined || body.stage === stage);
  return [...new Set(users.map(({ id }) => id.slice(0, id.indexOf("/")).split("+", 1)[0]!))];
}
