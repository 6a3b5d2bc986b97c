import { type DomainName, type DomainNameAccessAssociation, domainNameKinds } from "../../definition/domain-name.ts";
import { isVpcEndpointId } from "../../definition/endpoint-rules.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { requireRoom } from "../control-service.ts";
import { checkTags } from "../tags/tag-rules.ts";
import { type Change, defineResource, documents, operations, type Work, writing } from "./work.ts";

const associations = documents({
  kind: domainNameKinds.accessAssociation,
  member: "domainNameAccessAssociationArn",
  idOf: (association: DomainNameAccessAssociation) => association.domainNameAccessAssociationArn,
  order: creationOrder,
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "custom domain names, words".
  missing: () => notFound("Invalid domain name access association identifier specified"),
});

/** Returns the caller's own private domain name with this ARN. */
async function findDomainName(work: Work, arn: string): Promise<DomainName | undefined> {
  const key = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:\d{12}:\/domainnames\/([^/+]+\+[a-z0-9]+)$/.exec(arn)?.[1];
  const stored = key === undefined ? undefined : await work.tx.get<DomainName>(domainNameKinds.domainName, key);
  return stored?.body.domainNameArn === arn ? stored.body : undefined;
}

async function createAssociation(
  work: Change<"CreateDomainNameAccessAssociation">,
): Promise<DomainNameAccessAssociation> {
  const { input } = work;
  const { account, region } = work.call;
  const source = input.accessAssociationSource;
  // Unconfirmed: how AWS words these; see docs/compatibility.md, "custom domain names, words".
  const domainName = await findDomainName(work, input.domainNameArn);
  if (domainName === undefined) throw badRequest(`Invalid domain name ARN specified: ${input.domainNameArn}`);
  if (!isVpcEndpointId(source)) {
    throw badRequest(`Invalid access association source specified: ${source}. Must be a VPC endpoint id`);
  }
  checkTags(input.tags ?? {}, work.limits);
  const arn = `arn:aws:apigateway:${region}:${account}:/domainnameaccessassociations/domainname/${domainName.domainName}/vpcesource/${source}`;
  if ((await associations.get(work, arn)) !== undefined) {
    throw conflict("A domain name access association already exists for this domain name and source");
  }
  requireRoom(work, "accessAssociations", await associations.count(work));
  return present<DomainNameAccessAssociation>({
    domainNameAccessAssociationArn: arn,
    domainNameArn: domainName.domainNameArn,
    accessAssociationSourceType: input.accessAssociationSourceType,
    accessAssociationSource: source,
    tags: nonEmpty(input.tags),
  });
}

/** Deletes an association for the owner of the domain name. */
async function rejectAssociation(work: Change<"RejectDomainNameAccessAssociation">): Promise<unknown> {
  const { domainNameArn } = work.input;
  const association = await associations.find(work);
  if ((await findDomainName(work, domainNameArn)) === undefined) {
    throw notFound("Invalid domain name identifier specified");
  }
  if (association.domainNameArn !== domainNameArn) {
    throw badRequest("The domain name access association is not one of this domain name");
  }
  await associations.delete(association, work);
  return {};
}

/**
 * AWS: API Gateway REST API reference, "DomainNameAccessAssociation". AWS shares domain names of other accounts through
 * AWS RAM, which Portico does not have, so associations are within an account.
 */
export const domainNameAccessAssociation = {
  ...defineResource({
    operations: {
      create: "CreateDomainNameAccessAssociation",
      list: "GetDomainNameAccessAssociations",
      delete: "DeleteDomainNameAccessAssociation",
    },
    place: associations,
    create: createAssociation,
    list: async (work) =>
      work.input.resourceOwner === "OTHER_ACCOUNTS" ? { items: [], next: undefined } : associations.list(work),
  }),
  ...operations({ RejectDomainNameAccessAssociation: writing(rejectAssociation) }),
};
