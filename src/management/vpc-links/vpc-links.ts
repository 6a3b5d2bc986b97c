/** The life of VPC links of either version. Each version has its own kind of target. */
import type { Integration } from "../../definition/rest-api.ts";
import {
  type HttpVpcLink,
  isHttpVpcLink,
  type VpcLink,
  type VpcLinkLife,
  vpcLinkKind,
} from "../../definition/vpc-link.ts";
import { badRequest } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import type { ControlWork } from "../control-service.ts";

/** The state of a link that was made; on Portico this takes no minutes. */
export const readyState = { status: "AVAILABLE", statusMessage: "Your vpc link is ready for use" } as const;

/** The state of a link of the second version. */
export const httpReadyState = { status: "AVAILABLE", statusMessage: "VPC link is ready to route traffic" } as const;

/** Refuses to delete a link that is used: `references` in the words of its `format`. */
export function refuseReferenced(linkId: string, references: readonly string[], format: string): void {
  if (references.length === 0) return;
  const list = references.slice(0, referencesNamed).join(", ");
  throw badRequest(
    `Cannot delete vpc link. Vpc link '${linkId}', is referenced in [${list}] in format of [${format}].`,
    // The second version's model has no such error for this operation.
    { status: 400 },
  );
}

/**
 * Returns AWS's words, as its users quote them, for an integration that goes through a link of the second version and does
 * not say where to. A link that is not there yet, or that a stage variable names, is known when the method is deployed.
 */
export async function problemOfTarget(
  { connectionType, connectionId, integrationTarget }: Integration,
  { tx }: Pick<ControlWork, "tx">,
): Promise<string | undefined> {
  if (connectionType !== "VPC_LINK" || connectionId === undefined || integrationTarget !== undefined) return undefined;
  const link = await tx.get<VpcLink | HttpVpcLink>(vpcLinkKind, connectionId);
  return link !== undefined && isHttpVpcLink(link.body)
    ? `IntegrationTarget is required for VpcLinkV2 ${connectionId}`
    : undefined;
}

/** The greatest number of references that a refusal names. */
const referencesNamed = 20;

/** Returns a new link as AWS shows it at first; the next read shows its real state. */
export function pendingView<Link extends VpcLinkLife>(link: Link): Omit<Link, "statusMessage"> {
  const { statusMessage: _, ...pending } = link;
  return { ...pending, status: "PENDING" };
}

/** Returns the name, or throws AWS's error if a link may not have it. */
export function checkedLinkName(name: string): string {
  if (name.trim() === "") throw badRequest("Name cannot be empty");
  return name;
}

/** A link, and where it stands in the order in which links were made. */
export interface ListedLink<Link> {
  readonly link: Link;
  readonly position: string;
}

async function linksThat<Link extends VpcLinkLife>(
  { tx }: ControlWork,
  isOne: (link: VpcLink | HttpVpcLink) => boolean,
): Promise<readonly ListedLink<Link>[]> {
  const all = await tx.list<VpcLink | HttpVpcLink>(vpcLinkKind, { order: creationOrder });
  return all
    .filter(({ body }) => isOne(body))
    .map(({ body, position = "" }) => ({ link: body as unknown as Link, position }));
}

/** Returns the links of REST APIs. There are few, so that both versions' are read. */
export const restVpcLinks = (work: ControlWork): Promise<readonly ListedLink<VpcLink>[]> =>
  linksThat(work, (link) => !isHttpVpcLink(link));

/** Returns the links of HTTP APIs. */
export const httpVpcLinks = (work: ControlWork): Promise<readonly ListedLink<HttpVpcLink>[]> =>
  linksThat(work, isHttpVpcLink);
