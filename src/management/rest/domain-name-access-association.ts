import type {
  CreateDomainNameAccessAssociationRequest,
  RejectDomainNameAccessAssociationRequest,
} from "@aws-sdk/client-api-gateway";
import { type DomainName, type DomainNameAccessAssociation, domainNameKinds } from "../../definition/domain-name.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import type { Operations } from "../../protocol/operation.ts";
import { pageOf, reading, writing } from "./define-resource.ts";
import { checkTags } from "./tags.ts";
import { type Change, type Dependencies, nonEmpty, present, requireRoom, type Work } from "./work.ts";

const kind = domainNameKinds.accessAssociation;

/** The caller's own private domain name with this ARN. */
async function findDomainName(work: Work, arn: string): Promise<DomainName | undefined> {
  const key = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:\d{12}:\/domainnames\/([^/+]+\+[a-z0-9]+)$/.exec(arn)?.[1];
  const stored = key === undefined ? undefined : await work.tx.get<DomainName>(domainNameKinds.domainName, key);
  return stored?.body.domainNameArn === arn ? stored.body : undefined;
}

async function createAssociation(work: Change): Promise<DomainNameAccessAssociation> {
  const input = work.input as unknown as CreateDomainNameAccessAssociationRequest;
  const { account, region } = work.call;
  const source = input.accessAssociationSource!;
  // Unconfirmed: how AWS words these; see docs/compatibility.md, "custom domain names, words".
  const domainName = await findDomainName(work, input.domainNameArn!);
  if (domainName === undefined) throw badRequest(`Invalid domain name ARN specified: ${input.domainNameArn}`);
  if (!/^vpce-[a-z0-9-]+$/.test(source)) {
    throw badRequest(`Invalid access association source specified: ${source}. Must be a VPC endpoint id`);
  }
  checkTags(input.tags ?? {}, work.limits);
  const arn = `arn:aws:apigateway:${region}:${account}:/domainnameaccessassociations/domainname/${domainName.domainName}/vpcesource/${source}`;
  if ((await work.tx.get(kind, arn)) !== undefined) {
    throw conflict("A domain name access association already exists for this domain name and source");
  }
  requireRoom(work, "accessAssociations", (await work.tx.list(kind)).length);
  const association = present<DomainNameAccessAssociation>({
    domainNameAccessAssociationArn: arn,
    domainNameArn: domainName.domainNameArn,
    accessAssociationSourceType: input.accessAssociationSourceType!,
    accessAssociationSource: source,
    tags: nonEmpty(input.tags),
  });
  await work.tx.put(kind, arn, association);
  return association;
}

async function requireAssociation(work: Work): Promise<DomainNameAccessAssociation> {
  const arn = work.input["domainNameAccessAssociationArn"] as string;
  const stored = await work.tx.get<DomainNameAccessAssociation>(kind, arn);
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "custom domain names, words".
  if (stored === undefined) throw notFound("Invalid domain name access association identifier specified");
  return stored.body;
}

/** The domain name's owner takes an association away. */
async function rejectAssociation(work: Change): Promise<unknown> {
  const { domainNameArn } = work.input as unknown as RejectDomainNameAccessAssociationRequest;
  const association = await requireAssociation(work);
  if ((await findDomainName(work, domainNameArn!)) === undefined) {
    throw notFound("Invalid domain name identifier specified");
  }
  if (association.domainNameArn !== domainNameArn) {
    throw badRequest("The domain name access association is not one of this domain name");
  }
  await work.tx.delete(kind, association.domainNameAccessAssociationArn);
  return {};
}

/**
 * AWS: API Gateway REST API reference, "DomainNameAccessAssociation". Domain names of other accounts are shared through
 * AWS RAM, which there is not: associations are within an account.
 */
export const accessAssociationOperations = (dependencies: Dependencies): Operations => ({
  CreateDomainNameAccessAssociation: writing(dependencies, createAssociation),
  GetDomainNameAccessAssociations: reading(dependencies, async (work) =>
    work.input["resourceOwner"] === "OTHER_ACCOUNTS"
      ? { items: [] }
      : pageOf<DomainNameAccessAssociation>(work, kind, ""),
  ),
  DeleteDomainNameAccessAssociation: writing(dependencies, async (work) => {
    const association = await requireAssociation(work);
    await work.tx.delete(kind, association.domainNameAccessAssociationArn);
    return {};
  }),
  RejectDomainNameAccessAssociation: writing(dependencies, rejectAssociation),
});
