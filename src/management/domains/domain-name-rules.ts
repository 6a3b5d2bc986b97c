/** The rules that every domain name has to satisfy, whichever version of the API makes it. */
import { bounds } from "../../base/bounds.ts";
import { isObject } from "../../base/json-object.ts";
import type { DomainName } from "../../definition/domain-name.ts";
import { badRequest } from "../../protocol/errors.ts";
import { certifiedTypes, checkCertificateArn } from "./certificates.ts";

/** Checks a new or changed domain name. */
// Unconfirmed: how AWS words what has no source below; see docs/compatibility.md, "custom domain names, words".
export function checkDomainName(item: DomainName, isUploaded: boolean, region: string): void {
  const { types, ipAddressType } = item.endpointConfiguration;
  const isPrivate = types.includes("PRIVATE");
  if (types.length === 0 || (isPrivate && types.length > 1)) {
    throw badRequest(`Invalid endpoint configuration types specified: [${types.join(", ")}]`);
  }
  if (isPrivate && ipAddressType !== "dualstack") {
    throw badRequest("Only the dualstack IP address type is supported for PRIVATE endpoints");
  }
  checkCertificateArn(item.certificateArn, isPrivate ? region : "us-east-1");
  checkCertificateArn(item.regionalCertificateArn, region);
  checkCertificateArn(item.ownershipVerificationCertificateArn, region);
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

/** AWS: S3 User Guide, "Bucket naming rules", "Naming Amazon S3 objects": 63 characters, and 1,024 bytes. */
const truststoreForm = /^s3:\/\/[^/\s]{1,63}\/\S{1,1024}$/;

/** AWS: "Configuring mutual TLS authentication for a REST API": regional domain names, TLS 1.2, a truststore in S3. */
function checkMutualTls({ mutualTlsAuthentication, securityPolicy }: DomainName, types: readonly string[]): void {
  if (mutualTlsAuthentication === undefined) return;
  const { truststoreUri } = mutualTlsAuthentication;
  if (truststoreUri === undefined || !truststoreForm.test(truststoreUri)) {
    throw badRequest(`Invalid truststore URI specified: ${truststoreUri?.slice(0, 256) ?? "null"}`);
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

/** Returns a policy as it is stored: compact JSON. */
export function savedPolicy(policy: string | undefined): string | undefined {
  if (!policy) return undefined;
  try {
    const document: unknown = JSON.parse(policy);
    if (isObject(document) && "Statement" in document && policy.length <= policyLengthMax)
      return JSON.stringify(document);
  } catch {
    // The policy is refused below.
  }
  throw badRequest("Invalid policy document. Please check the policy syntax and ensure that Principals are valid.");
}
