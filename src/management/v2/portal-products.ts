import { type Policy, parsePolicy } from "../../access/policy.ts";
import { type PortalProduct, parsePortalProductArn, portalKinds, portalProductArn } from "../../definition/portal.ts";
import { ApiError, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { creationOrder, type Reader } from "../../store/store.ts";
import type { ControlWork } from "../control-service.ts";
import { documents } from "./work.ts";

export interface SharingPolicy {
  readonly PortalProductId: string;
  readonly PolicyDocument: string;
}

/** The actions of a product that another account may be given. */
type SharedAction =
  | "GetPortalProduct"
  | "GetProductPage"
  | "ListProductPages"
  | "GetProductRestEndpointPage"
  | "ListProductRestEndpointPages";

/** What a portal of another account does with a product. */
const usesOfPortal: readonly SharedAction[] = [
  "GetPortalProduct",
  "GetProductPage",
  "ListProductPages",
  "GetProductRestEndpointPage",
  "ListProductRestEndpointPages",
];

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
const missing = () => notFound("Invalid Portal Product identifier specified");

/** The account's own products. */
export const portalProducts = documents({
  kind: portalKinds.product,
  member: "PortalProductId",
  idOf: (product: PortalProduct) => product.PortalProductId,
  order: creationOrder,
  missing,
});

/** Whose product a call is about: another account's, if the input says so. */
export function ownerOf({ input, call }: Pick<ControlWork, "input" | "call">): { account: string; region: string } {
  const { ResourceOwnerAccountId: account } = input as { readonly ResourceOwnerAccountId?: string };
  return { account: account || call.account, region: call.region };
}

/** Returns the work with the documents of the product's owner. */
export const ofOwner = <W extends ControlWork>(work: W): W => ({ ...work, tx: work.tx.in(ownerOf(work)) as W["tx"] });

/**
 * Throws AccessDenied unless the caller's account owns the product, or its sharing policy allows the account the action.
 * AWS: API Gateway developer guide, "Share portal products in API Gateway".
 */
export async function requireShared(work: ControlWork, id: string, action: SharedAction): Promise<void> {
  const owner = ownerOf(work);
  if (owner.account === work.call.account) return;
  if (!(await isShared(work.tx.in(owner), { ...owner, id }, work.call, [action]))) {
    throw new ApiError(
      "AccessDeniedException",
      `The sharing policy of the portal product ${portalProductArn(owner, id)} does not allow account ${work.call.account} the action apigateway:${action}`,
    );
  }
}

type ProductOwner = NonNullable<ReturnType<typeof parsePortalProductArn>>;

async function isShared(
  tx: Reader,
  product: ProductOwner,
  call: CallContext,
  actions: readonly string[],
): Promise<boolean> {
  const stored = await tx.get<SharingPolicy>(portalKinds.sharingPolicy, product.id);
  if (stored === undefined) return false;
  const policy: Policy = parsePolicy(stored.body.PolicyDocument);
  return actions.every(
    (action) =>
      policy.decide({
        action: `apigateway:${action}`,
        resource: portalProductArn(product, product.id),
        awsPrincipal: { account: call.account, arns: [] },
        // No condition can be answered, so that one which asks for something allows nothing.
        context: () => undefined,
      }).kind === "allowed",
  );
}

/** Returns the product that a portal names and may show, with its documents; undefined if there is none. */
export async function findIncluded(
  { tx, call }: ControlWork,
  arn: string,
): Promise<{ readonly product: PortalProduct; readonly owner: ProductOwner; readonly tx: Reader } | undefined> {
  const owner = parsePortalProductArn(arn);
  // AWS: "API Gateway portals", Considerations: a portal shows what is in its own region.
  if (owner === undefined || owner.region !== call.region) return undefined;
  const scoped = tx.in({ account: owner.account, region: owner.region });
  const found = await scoped.get<PortalProduct>(portalKinds.product, owner.id);
  if (found === undefined) return undefined;
  if (owner.account !== call.account && !(await isShared(scoped, owner, call, usesOfPortal))) return undefined;
  return { product: found.body, owner, tx: scoped };
}
