import {
  type DomainEndpointType,
  type DomainName,
  domainNameKey,
  domainNameKinds,
  type UploadedCertificate,
} from "../../definition/domain-name.ts";
import { endpointAccessModes, securityPolicies } from "../../definition/endpoint-rules.ts";
import {
  type Draft,
  invalidValue,
  listPaths,
  member,
  oneOf,
  type PatchRule,
  type PatchStep,
  type PatchTable,
  text,
} from "../../families/patch.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { certifiedTypes, readUploadedCertificate } from "../domains/certificates.ts";
import { savedPolicy } from "../domains/domain-name-rules.ts";
import {
  changedDomainName,
  checkNewName,
  type DomainNameMembers,
  deleteWithDomainName,
  isUploaded,
  newDomainName,
} from "../domains/domain-names.ts";
import { hasEndpoint } from "../domains/endpoints.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { type Change, defineResource, documents, type Work } from "./work.ts";

/** The documents of domain names. A private one can be named by its id as well. */
export const domainNames = documents({
  kind: domainNameKinds.domainName,
  member: "domainName",
  idOf: (domainName: DomainName) => domainNameKey(domainName),
  idFrom(domainName, input) {
    const domainNameId = input["domainNameId"];
    // The plus sign belongs to the document's id and can't be part of a name.
    if (domainName.includes("+")) return undefined;
    return typeof domainNameId === "string" && domainNameId !== ""
      ? domainNameKey({ domainName, domainNameId })
      : domainName;
  },
  missing: () => notFound("Invalid domain name identifier specified"),
});

type CreateInput = Work<"CreateDomainName">["input"];

/** Returns the certificate that an input uploads with its private key. */
function uploadedIn(input: CreateInput, type: DomainEndpointType): UploadedCertificate | undefined {
  const { certificateName, certificateBody, certificatePrivateKey, certificateChain } = input;
  if (!certificateBody && !certificatePrivateKey && !certificateChain) return undefined;
  if (type !== "EDGE") throw badRequest(`Uploading certificates is not supported for ${type}.`);
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "custom domain names, words".
  if (!certificateName || !certificateBody || !certificatePrivateKey) {
    throw badRequest("A certificate needs its name, its body and its private key");
  }
  return readUploadedCertificate({
    body: certificateBody,
    privateKey: certificatePrivateKey,
    chain: certificateChain,
  });
}

async function createDomainName(work: Change<"CreateDomainName">): Promise<DomainName> {
  const { input } = work;
  const types: readonly DomainEndpointType[] = input.endpointConfiguration?.types ?? [];
  const type = types[0] ?? "EDGE";
  checkNewName(input.domainName, type);
  // Unconfirmed: how AWS words these; see docs/compatibility.md, "custom domain names, words".
  if (types.length > 1) throw badRequest("Only one endpoint type is allowed for a new domain name");
  if ((input.endpointConfiguration?.vpcEndpointIds?.length ?? 0) > 0) {
    throw badRequest("VPC endpoint ids are not supported for domain names");
  }
  checkTags(input.tags ?? {}, work.limits);
  const uploaded = uploadedIn(input, type);
  const members = present<DomainNameMembers>({
    domainName: input.domainName,
    certificateName: input.certificateName || undefined,
    certificateArn: input.certificateArn || undefined,
    regionalCertificateName: input.regionalCertificateName || undefined,
    regionalCertificateArn: input.regionalCertificateArn || undefined,
    endpointConfiguration: {
      types: [type],
      ipAddressType: input.endpointConfiguration?.ipAddressType ?? (type === "PRIVATE" ? "dualstack" : "ipv4"),
    },
    securityPolicy: input.securityPolicy ?? "TLS_1_2",
    endpointAccessMode: input.endpointAccessMode,
    tags: nonEmpty(input.tags),
    mutualTlsAuthentication: input.mutualTlsAuthentication && nonEmpty(present({ ...input.mutualTlsAuthentication })),
    ownershipVerificationCertificateArn: input.ownershipVerificationCertificateArn || undefined,
    policy: savedPolicy(input.policy),
    managementPolicy: undefined,
    routingMode: input.routingMode ?? "BASE_PATH_MAPPING_ONLY",
  });
  return newDomainName(work, members, uploaded);
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
    // The guide's REST sample removes a type without naming it. The certificates that stay tell which one it was: see
    // `typesLeft`.
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
  refuse: listPaths,
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

/** Returns the types that are left when one was removed without a name: those that there is still a certificate for. */
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
  const certified = certifiedTypes(patched, await isUploaded(work, before));
  const types = typesLeft(patched, before, certified);
  const isMoved = !before.endpointConfiguration.types.some((type) => types.includes(type));
  const isBare = types.some((type) => !certified.has(type));
  if (types.includes("PRIVATE") !== hasEndpoint(before, "PRIVATE") || (isMoved && types.length > 0 && isBare)) {
    throw badRequest("/endpointConfiguration/types/0 Invalid request input");
  }
  const item = { ...patched, endpointConfiguration: { ...patched.endpointConfiguration, types } };
  return changedDomainName(work, item, before);
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
  // Other accounts would share private domain names through AWS RAM, which Portico does not have.
  list: async (work) =>
    work.input.resourceOwner === "OTHER_ACCOUNTS" ? { items: [], next: undefined } : domainNames.list(work),
  patch,
  complete: completeDomainName,
  onDelete: deleteWithDomainName,
});
