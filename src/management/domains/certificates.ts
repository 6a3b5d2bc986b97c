/** The certificates of domain names, whichever version of the API they are given in. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { DomainEndpointType, DomainName, UploadedCertificate } from "../../definition/domain-name.ts";
import { present } from "../../families/work.ts";
import { badRequest } from "../../protocol/errors.ts";

const certificateArn = /^arn:aws[a-z-]*:(acm|iam):([a-z0-9-]*):\d{12}:(certificate|server-certificate)\/\S+$/;

/**
 * Checks the form and region of a certificate's ARN as AWS does. The certificate is not looked up, because there is no
 * Certificate Manager yet.
 */
export function checkCertificateArn(arn: string | undefined, region: string): void {
  if (arn === undefined) return;
  const match = certificateArn.exec(arn);
  if (match === null) throw badRequest("Invalid ARN specified in the request");
  if (match[1] === "acm" && match[2] !== region) {
    throw badRequest(`Invalid certificate ARN: ${arn}. Certificate must be in '${region}'.`);
  }
}

/** A certificate as a caller uploads it, in PEM. */
interface PemCertificate {
  readonly body: string;
  readonly privateKey: string;
  readonly chain: string | undefined;
}

/**
 * Reads an uploaded certificate with its private key, and checks that both are readable and belong together. No message
 * ever contains a part of the key.
 */
export function readUploadedCertificate({ body, privateKey, chain }: PemCertificate): UploadedCertificate {
  try {
    const certificate = new X509Certificate(body);
    if (chain) new X509Certificate(chain);
    if (!certificate.checkPrivateKey(createPrivateKey(privateKey))) {
      throw new Error("another pair's key");
    }
  } catch {
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "custom domain names, words".
    throw badRequest("Invalid certificate specified: body, chain and private key have to be PEM and belong together");
  }
  return present<UploadedCertificate>({
    certificate: body,
    chain: chain || undefined,
    privateKey,
  });
}

/**
 * Returns the endpoint types that there is a certificate for. A certificate's name counts only if it is the name of an
 * upload.
 */
export function certifiedTypes(item: DomainName, isUploaded: boolean): ReadonlySet<DomainEndpointType> {
  const types = new Set<DomainEndpointType>();
  if (item.certificateArn || (item.certificateName && isUploaded)) types.add("EDGE");
  if (item.certificateArn) types.add("PRIVATE");
  if (item.regionalCertificateArn) types.add("REGIONAL");
  return types;
}
