import { createPrivateKey, X509Certificate } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import { isObject } from "../../base/json-object.ts";
import {
  type BasePathMapping,
  type DomainEndpointType,
  type DomainName,
  type DomainNameAccessAssociation,
  distributionHostedZone,
  domainNameKey,
  domainNameKinds,
  isDomainName,
  regionalHostedZone,
  type UploadedCertificate,
} from "../../definition/domain-name.ts";
import { endpointAccessModes, securityPolicies } from "../../definition/endpoint-rules.ts";
import {
  type Draft,
  invalidValue,
  member,
  oneOf,
  type PatchRule,
  type PatchStep,
  type PatchTable,
  text,
} from "../../families/patch.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { everywhere } from "../../store/store.ts";
import { requireRoom } from "../control-service.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { type Change, defineResource, documents, type Work } from "./work.ts";

/** Where domain names are kept. Private ones are named by their id, too. */
export const domainNames = documents({
  kind: domainNameKinds.domainName,
  member: "domainName",
  idOf: (domainName: DomainName) => domainNameKey(domainName),
  idFrom(domainName, input) {
    const domainNameId = input["domainNameId"];
    // A key's plus sign is not part of a name.
    if (domainName.includes("+")) return undefined;
    return typeof domainNameId === "string" && domainNameId !== ""
      ? domainNameKey({ domainName, domainNameId })
      : domainName;
  },
  missing: () => notFound("Invalid domain name identifier specified"),
});

// Certificates

const certificateArn = /^arn:aws[a-z-]*:(acm|iam):([a-z0-9-]*):\d{12}:(certificate|server-certificate)\/\S+$/;

/** Certificates are not looked up: there is no Certificate Manager yet. Their form and region are AWS's. */
function checkCertificateArn(arn: string | undefined, region: string): void {
  if (arn === undefined) return;
  const match = certificateArn.exec(arn);
  if (match === null) throw badRequest("Invalid ARN specified in the request");
  if (match[1] === "acm" && match[2] !== region) {
    throw badRequest(`Invalid certificate ARN: ${arn}. Certificate must be in '${region}'.`);
  }
}

/** An uploaded certificate with its key, both readable and of one pair. Nothing of the key is ever in a message. */
function readUploaded(
  input: Work<"CreateDomainName">["input"],
  type: DomainEndpointType,
): UploadedCertificate | undefined {
  const { certificateName, certificateBody, certificatePrivateKey, certificateChain } = input;
  if (!certificateBody && !certificatePrivateKey && !certificateChain) return undefined;
  if (type !== "EDGE") throw badRequest(`Uploading certificates is not supported for ${type}.`);
  // Unconfirmed: how AWS words these three; see docs/compatibility.md, "custom domain names, words".
  if (!certificateName || !certificateBody || !certificatePrivateKey) {
    throw badRequest("A certificate needs its name, its body and its private key");
  }
  try {
    const certificate = new X509Certificate(certificateBody);
    if (certificateChain) new X509Certificate(certificateChain);
    if (!certificate.checkPrivateKey(createPrivateKey(certificatePrivateKey))) {
      throw new Error("another pair's key");
    }
  } catch {
    throw badRequest("Invalid certificate specified: body, chain and private key have to be PEM and belong together");
  }
  return present<UploadedCertificate>({
    certificate: certificateBody,
    chain: certificateChain || undefined,
    privateKey: certificatePrivateKey,
  });
}

// What follows from the endpoint types

const has = (item: DomainName, type: DomainEndpointType): boolean => item.endpointConfiguration.types.includes(type);
/** The types that there is a certificate for. A name alone is none, unless it is that of an upload. */
function certifiedTypes(item: DomainName, isUploaded: boolean): ReadonlySet<DomainEndpointType> {
  const types = new Set<DomainEndpointType>();
  if (item.certificateArn || (item.certificateName && isUploaded)) types.add("EDGE");
  if (item.certificateArn) types.add("PRIVATE");
  if (item.regionalCertificateArn) types.add("REGIONAL");
  return types;
}

/** The domain name with the targets of its endpoint types, and without what belongs to a type that has gone. */
function withTargets(item: DomainName, before: DomainName | undefined, work: Work): DomainName {
  const { region, ids } = work.call;
  const isEdge = has(item, "EDGE");
  const isRegional = has(item, "REGIONAL");
  const noEdge = before !== undefined && has(before, "EDGE") && !isEdge;
  const noRegional = before !== undefined && has(before, "REGIONAL") && !isRegional;
  return present<DomainName>({
    ...item,
    certificateArn: noEdge ? undefined : item.certificateArn,
    certificateName: noEdge ? undefined : item.certificateName,
    certificateUploadDate: isEdge ? item.certificateUploadDate : undefined,
    distributionDomainName: isEdge ? (item.distributionDomainName ?? `d${ids.id(13)}.cloudfront.net`) : undefined,
    distributionHostedZoneId: isEdge ? distributionHostedZone : undefined,
    regionalCertificateArn: noRegional ? undefined : item.regionalCertificateArn,
    regionalCertificateName: noRegional ? undefined : item.regionalCertificateName,
    regionalDomainName: isRegional
      ? (item.regionalDomainName ?? `d-${ids.id(10)}.execute-api.${region}.amazonaws.com`)
      : undefined,
    regionalHostedZoneId: isRegional ? regionalHostedZone(region) : undefined,
  } as DomainName);
}

/** What has to hold of every domain name, new or changed. */
// Unconfirmed: how AWS words what has no source below; see docs/compatibility.md, "custom domain names, words".
function check(item: DomainName, isUploaded: boolean, work: Work): void {
  const { types, ipAddressType } = item.endpointConfiguration;
  const isPrivate = types.includes("PRIVATE");
  if (types.length === 0 || (isPrivate && types.length > 1)) {
    throw badRequest(`Invalid endpoint configuration types specified: [${types.join(", ")}]`);
  }
  if (isPrivate && ipAddressType !== "dualstack") {
    throw badRequest("Only the dualstack IP address type is supported for PRIVATE endpoints");
  }
  checkCertificateArn(item.certificateArn, isPrivate ? work.call.region : "us-east-1");
  checkCertificateArn(item.regionalCertificateArn, work.call.region);
  checkCertificateArn(item.ownershipVerificationCertificateArn, work.call.region);
  const certified = certifiedTypes(item, isUploaded);
  const bare = types.find((type) => !certified.has(type));
  if (bare !== undefined) throw badRequest(`A certificate is required for ${bare} domain names`);
  checkMutualTls(item, types);
  if (!isPrivate && (item.policy !== undefined || item.managementPolicy !== undefined)) {
    throw badRequest("Policies are only supported for PRIVATE domain names");
  }
  if (isPrivate && item.securityPolicy === "TLS_1_0") {
    throw badRequest("The security policy TLS_1_0 is not supported for PRIVATE domain names");
  }
}

/** AWS: "Configuring mutual TLS authentication for a REST API": regional domain names, TLS 1.2, a truststore in S3. */
function checkMutualTls({ mutualTlsAuthentication, securityPolicy }: DomainName, types: readonly string[]): void {
  if (mutualTlsAuthentication === undefined) return;
  const { truststoreUri } = mutualTlsAuthentication;
  if (truststoreUri === undefined || !/^s3:\/\/[^/\s]+\/\S+$/.test(truststoreUri)) {
    throw badRequest(`Invalid truststore URI specified: ${truststoreUri ?? "null"}`);
  }
  if (!types.every((type) => type === "REGIONAL")) {
    throw badRequest("Mutual TLS authentication is only supported for REGIONAL domain names");
  }
  if (securityPolicy === "TLS_1_0") {
    throw badRequest("Mutual TLS authentication needs a security policy of TLS 1.2 at least");
  }
}

/** AWS: "Amazon API Gateway quotas and important notes". */
const policyLengthMax = bounds.resourcePolicyCharsMax.value;

/** A policy as it is stored: compact JSON. */
function savedPolicy(policy: string | undefined): string | undefined {
  if (!policy) return undefined;
  try {
    const document: unknown = JSON.parse(policy);
    if (isObject(document) && "Statement" in document && policy.length <= policyLengthMax)
      return JSON.stringify(document);
  } catch {
    // Refused below.
  }
  throw badRequest("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.");
}

// Creating

async function requireRoomFor(work: Work, type: DomainEndpointType): Promise<void> {
  const all = await work.tx.list<DomainName>(domainNameKinds.domainName);
  const isPrivate = type === "PRIVATE";
  const count = all.filter(({ body }) => has(body, "PRIVATE") === isPrivate).length;
  requireRoom(work, isPrivate ? "privateDomainNames" : "publicDomainNames", count);
}

/** A public domain name is a host name: it belongs to one account and region only. */
async function claimName(work: Change, domainName: string): Promise<void> {
  const claims = work.tx.in(everywhere);
  if ((await claims.get(domainNameKinds.claim, domainName)) !== undefined) {
    throw badRequest("The domain name you provided already exists.");
  }
  const { account, region } = work.call;
  await claims.put(domainNameKinds.claim, domainName, { account, region, kind: domainNameKinds.domainName });
}

async function createDomainName(work: Change<"CreateDomainName">): Promise<DomainName> {
  const { input } = work;
  const { account, region, ids } = work.call;
  const { domainName } = input;
  // Unconfirmed: how AWS words these; see docs/compatibility.md, "custom domain names, words".
  if (!isDomainName(domainName)) throw badRequest(`Invalid domain name specified: ${domainName}`);
  const types = (input.endpointConfiguration?.types ?? []) as readonly DomainEndpointType[];
  if (types.length > 1) throw badRequest("Only one endpoint type is allowed for a new domain name");
  if ((input.endpointConfiguration?.vpcEndpointIds?.length ?? 0) > 0) {
    throw badRequest("VPC endpoint ids are not supported for domain names");
  }
  const type = types[0] ?? "EDGE";
  const isPrivate = type === "PRIVATE";
  if (isPrivate && domainName.startsWith("*.")) {
    throw badRequest("Wildcards are not supported for PRIVATE domain names");
  }
  checkTags(input.tags ?? {}, work.limits);
  const uploaded = readUploaded(input, type);
  const domainNameId = isPrivate ? ids.id(10) : undefined;
  const arnOwner = isPrivate ? account : "";
  const item = withTargets(
    present<DomainName>({
      domainName,
      domainNameId,
      domainNameArn: `arn:aws:apigateway:${region}:${arnOwner}:/domainnames/${domainName}${isPrivate ? `+${domainNameId}` : ""}`,
      certificateName: input.certificateName || undefined,
      certificateArn: input.certificateArn || undefined,
      certificateUploadDate: nowSeconds(work.call),
      regionalCertificateName: input.regionalCertificateName || undefined,
      regionalCertificateArn: input.regionalCertificateArn || undefined,
      endpointConfiguration: {
        types: [type],
        ipAddressType: input.endpointConfiguration?.ipAddressType ?? (isPrivate ? "dualstack" : "ipv4"),
      },
      // AWS: EDGE ones are UPDATING for a while. There is no distribution to wait for.
      domainNameStatus: "AVAILABLE",
      securityPolicy: input.securityPolicy ?? "TLS_1_2",
      endpointAccessMode: input.endpointAccessMode,
      tags: nonEmpty(input.tags),
      mutualTlsAuthentication: input.mutualTlsAuthentication && nonEmpty(present({ ...input.mutualTlsAuthentication })),
      ownershipVerificationCertificateArn: input.ownershipVerificationCertificateArn || undefined,
      policy: savedPolicy(input.policy),
      routingMode: input.routingMode ?? "BASE_PATH_MAPPING_ONLY",
    } as DomainName),
    undefined,
    work,
  );
  check(item, uploaded !== undefined, work);
  if (!isPrivate) await claimName(work, domainName);
  await requireRoomFor(work, type);
  if (uploaded !== undefined) await work.tx.put(domainNameKinds.certificate, domainNameKey(item), uploaded);
  return item;
}

// Changing

const endpointTypes = oneOf("EDGE", "REGIONAL", "PRIVATE");
const typesOf = (draft: Draft): readonly string[] => (draft["endpointConfiguration"] as { types: string[] }).types;
const setTypes = (draft: Draft, types: readonly string[]): void => {
  draft["endpointConfiguration"] = { ...(draft["endpointConfiguration"] as object), types };
};

/** AWS: "Migrate a custom domain name to a different API endpoint type": both types at once, then the old one goes. */
const changeTypes: PatchRule = {
  ops: ["add", "remove"],
  apply(draft, step) {
    const types = typesOf(draft);
    // The guide's REST sample removes a type without naming it; what certificates stay tells which: see `typesLeft`.
    if (step.op === "remove" && !step.value) return setTypes(draft, []);
    const type = endpointTypes(step) as string;
    if (step.op === "remove")
      return setTypes(
        draft,
        types.filter((other) => other !== type),
      );
    if (!types.includes(type)) setTypes(draft, [...types, type].toSorted());
  },
};

const replaceType: PatchRule = {
  ops: ["replace"],
  apply(draft, step) {
    const wanted = endpointTypes(step) as string;
    const types = typesOf(draft);
    const key = step.keys[0]!;
    const index = /^\d$/.test(key) ? Number(key) : types.indexOf(key);
    if (index < 0 || index >= types.length) throw badRequest(`${step.path} Invalid request input`);
    const next = types.map((type, at) => (at === index ? wanted : type));
    setTypes(draft, [...new Set(next)]);
  },
};

const certificate = (name: string): PatchRule =>
  member(name, text, { ops: ["add", "replace", "remove"], clears: true });

const truststore = (name: string): PatchRule => {
  const rule = member(`mutualTlsAuthentication.${name}`, text, { clears: true });
  return {
    ...rule,
    apply(draft, step) {
      rule.apply(draft, step);
      // AWS: "Configuring mutual TLS authentication": an empty truststore URI turns it off.
      if (name === "truststoreUri" && !step.value) delete draft["mutualTlsAuthentication"];
    },
    tidy(draft) {
      const settings = draft["mutualTlsAuthentication"];
      if (settings !== undefined && Object.keys(settings as object).length === 0) {
        delete draft["mutualTlsAuthentication"];
      }
    },
  };
};

const policy = (step: PatchStep): string | undefined => {
  try {
    return savedPolicy(step.value);
  } catch {
    throw invalidValue(step, "Must be a policy document");
  }
};

const patch: PatchTable = {
  rules: {
    "/certificateArn": certificate("certificateArn"),
    "/certificateName": certificate("certificateName"),
    "/regionalCertificateArn": certificate("regionalCertificateArn"),
    "/regionalCertificateName": certificate("regionalCertificateName"),
    "/ownershipVerificationCertificateArn": member("ownershipVerificationCertificateArn", text, { clears: true }),
    "/securityPolicy": member("securityPolicy", oneOf(...securityPolicies)),
    "/endpointAccessMode": member("endpointAccessMode", oneOf(...endpointAccessModes), { clears: true }),
    "/endpointConfiguration/types": changeTypes,
    "/endpointConfiguration/types/{type}": replaceType,
    "/endpointConfiguration/ipAddressType": member("endpointConfiguration.ipAddressType", oneOf("ipv4", "dualstack")),
    "/mutualTlsAuthentication/truststoreUri": truststore("truststoreUri"),
    "/mutualTlsAuthentication/truststoreVersion": truststore("truststoreVersion"),
    "/policy": member("policy", policy, { clears: true }),
    "/managementPolicy": member("managementPolicy", policy, { clears: true }),
    "/routingMode": member(
      "routingMode",
      oneOf("BASE_PATH_MAPPING_ONLY", "ROUTING_RULE_ONLY", "ROUTING_RULE_THEN_BASE_PATH_MAPPING"),
    ),
  },
};

/** The types, where one was removed without a name: those that there is still a certificate for. */
function typesLeft(
  item: DomainName,
  before: DomainName,
  certified: ReadonlySet<DomainEndpointType>,
): readonly DomainEndpointType[] {
  const { types } = item.endpointConfiguration;
  if (types.length > 0) return types;
  const old = before.endpointConfiguration.types;
  const left = old.filter((type) => certified.has(type));
  return left.length < old.length ? left : [];
}

async function completeDomainName(patched: DomainName, before: DomainName, work: Change): Promise<DomainName> {
  const key = domainNameKey(before);
  const isUploaded = (await work.tx.get(domainNameKinds.certificate, key)) !== undefined;
  const certified = certifiedTypes(patched, isUploaded);
  const types = typesLeft(patched, before, certified);
  const isMoved = !before.endpointConfiguration.types.some((type) => types.includes(type));
  const isBare = types.some((type) => !certified.has(type));
  if (types.includes("PRIVATE") !== has(before, "PRIVATE") || (isMoved && types.length > 0 && isBare)) {
    throw badRequest("/endpointConfiguration/types/0 Invalid request input");
  }
  const isNewCertificate =
    patched.certificateArn !== before.certificateArn || patched.certificateName !== before.certificateName;
  const { certificateUploadDate = nowSeconds(work.call) } = before;
  const item = withTargets(
    {
      ...patched,
      endpointConfiguration: { ...patched.endpointConfiguration, types },
      certificateUploadDate: isNewCertificate ? nowSeconds(work.call) : certificateUploadDate,
    },
    before,
    work,
  );
  check(item, isUploaded, work);
  // What was uploaded goes when its name goes.
  if (isUploaded && item.certificateName === undefined) await work.tx.delete(domainNameKinds.certificate, key);
  return item;
}

/** Mappings, certificate, associations and the claim go with their domain name. */
async function deleteDomainName(item: DomainName, work: Change): Promise<void> {
  const key = domainNameKey(item);
  await work.tx.deleteAll(domainNameKinds.basePathMapping, `${key}/`);
  await work.tx.delete(domainNameKinds.certificate, key);
  if (item.domainNameId === undefined) await work.tx.in(everywhere).delete(domainNameKinds.claim, item.domainName);
  const associations = await work.tx.list<DomainNameAccessAssociation>(domainNameKinds.accessAssociation);
  for (const { id, body } of associations) {
    if (body.domainNameArn === item.domainNameArn) await work.tx.delete(domainNameKinds.accessAssociation, id);
  }
}

/** The names of the domains whose mappings use an API, or one of its stages. */
export async function domainsMappedTo(work: Work, restApiId: string, stage?: string): Promise<readonly string[]> {
  const mappings = await work.tx.list<BasePathMapping>(domainNameKinds.basePathMapping);
  const users = mappings.filter(
    ({ body }) => body.restApiId === restApiId && (stage === undefined || body.stage === stage),
  );
  return [...new Set(users.map(({ id }) => id.slice(0, id.indexOf("/")).split("+", 1)[0]!))];
}

/** AWS: API Gateway REST API reference, "DomainName". */
export const domainName = defineResource({
  operations: {
    create: "CreateDomainName",
    get: "GetDomainName",
    list: "GetDomainNames",
    update: "UpdateDomainName",
    delete: "DeleteDomainName",
  },
  place: domainNames,
  create: createDomainName,
  // Other accounts share private domain names through AWS RAM, which there is not.
  list: async (work) =>
    work.input.resourceOwner === "OTHER_ACCOUNTS" ? { items: [], next: undefined } : domainNames.list(work),
  patch,
  complete: completeDomainName,
  onDelete: deleteDomainName,
});
