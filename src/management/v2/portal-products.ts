import { namesOf } from "../../access/authorize.ts";
import { type Policy, parsePolicy } from "../../access/policy.ts";
import { type PortalProduct, parsePortalProductArn, portalKinds, portalProductArn } from "../../definition/portal.ts";
import type { Documents } from "../../families/place.ts";
import { ApiError, badRequest, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { creationOrder, everywhere, type Reader, type Scope, type Transaction } from "../../store/store.ts";
import type { ControlWork } from "../control-service.ts";
import { documents, type V2Service } from "./work.ts";

export interface SharingPolicy {
  readonly PortalProductId: string;
  readonly PolicyDocument: string;
}

/** The actions of a product that another account may be given. A portal of another account does all of them. */
const sharedActions = [
  "GetPortalProduct",
  "GetProductPage",
  "ListProductPages",
  "GetProductRestEndpointPage",
  "ListProductRestEndpointPages",
] as const;
type SharedAction = (typeof sharedActions)[number];

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
const ofOwner = <W extends ControlWork>(work: W): W => ({ ...work, tx: work.tx.in(ownerOf(work)) as W["tx"] });

/** Finds the product of whichever account a call is about, as the parent of its pages. */
export const productOfOwner: Pick<typeof portalProducts, "locate"> = {
  locate: (work) => portalProducts.locate(ofOwner(work)),
};

/**
 * Returns the place for the calls of all accounts: products, or what belongs to them, are read of whom a call is about, if
 * that account shares these uses of the product.
 */
export function sharedPlace<Item, ParentItem, Named>(
  place: Documents<V2Service, Item, ParentItem, Named>,
  uses: { readonly find: SharedAction; readonly list?: SharedAction },
): typeof place {
  const { list } = uses;
  return {
    ...place,
    async find(work) {
      await requireShared(work, uses.find);
      return place.find(ofOwner(work));
    },
    ...(list !== undefined && {
      async list(work) {
        await requireShared(work, list);
        return place.list(ofOwner(work));
      },
    }),
  };
}

/**
 * Throws AccessDenied unless the caller's account owns the product, or its sharing policy allows the account the action.
 * AWS: API Gateway developer guide, "Share portal products in API Gateway".
 */
async function requireShared(work: ControlWork, action: SharedAction): Promise<void> {
  const owner = ownerOf(work);
  if (owner.account === work.call.account) return;
  // Every operation on a product or its pages names the product so.
  const { PortalProductId: id } = work.input as { readonly PortalProductId: string };
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
  const { account, caller } = call;
  const names =
    caller === undefined ? { awsPrincipal: { account, arns: [] } } : namesOf({ kind: "principal", principal: caller });
  return actions.every(
    (action) =>
      policy.decide({
        action: `apigateway:${action}`,
        resource: portalProductArn(product, product.id),
        ...names,
        // No condition can be answered, so that one which asks for something allows nothing.
        context: () => undefined,
      }).kind === "allowed",
  );
}

/** A product, and whose it is. */
export interface SharedProduct extends PortalProduct {
  readonly owner: Scope;
}

const sharedKey = ({ account, region }: Scope, id: string): string => `${region}/${account}/${id}`;

/** Notes that a product has a sharing policy, or has none any more. */
export async function noteSharing(
  { tx, call }: { readonly tx: Transaction; readonly call: CallContext },
  id: string,
  hasPolicy: boolean,
): Promise<void> {
  const { account, region } = call;
  const all = tx.in(everywhere);
  if (hasPolicy) await all.put(portalKinds.sharedProduct, sharedKey(call, id), { account, region, id });
  else await all.delete(portalKinds.sharedProduct, sharedKey(call, id));
}

/** Returns the products of other accounts in the caller's region whose sharing policies let its account read them. */
export async function findShared({ tx, call }: Pick<ControlWork, "tx" | "call">): Promise<readonly SharedProduct[]> {
  const { region } = call;
  const found: SharedProduct[] = [];
  for (const { body: place } of await tx
    .in(everywhere)
    .list<ProductOwner>(portalKinds.sharedProduct, { prefix: `${region}/` })) {
    const owner = { account: place.account, region };
    if (owner.account === call.account) continue;
    const theirs = tx.in(owner);
    const product = await theirs.get<PortalProduct>(portalKinds.product, place.id);
    if (product !== undefined && (await isShared(theirs, { ...owner, id: place.id }, call, ["GetPortalProduct"]))) {
      found.push({ ...product.body, owner });
    }
  }
  return found;
}

interface IncludedProduct {
  readonly product: PortalProduct;
  readonly owner: ProductOwner;
  /** The owner's documents. */
  readonly tx: Reader;
}

/** Returns the product that a portal names. Throws if it is not there, or the portal may not show it. */
export async function requireIncluded(work: ControlWork, arn: string): Promise<IncludedProduct> {
  const included = await findIncluded(work, arn);
  if (included !== undefined) return included;
  throw badRequest(`The portal product ${arn} does not exist, or is not shared with account ${work.call.account}`);
}

async function findIncluded({ tx, call }: ControlWork, arn: string): Promise<IncludedProduct | undefined> {
  const owner = parsePortalProductArn(arn);
  // AWS: "API Gateway portals", Considerations: a portal shows what is in its own region.
  if (owner === undefined || owner.region !== call.region) return undefined;
  const scoped = tx.in({ account: owner.account, region: owner.region });
  const found = await scoped.get<PortalProduct>(portalKinds.product, owner.id);
  if (found === undefined) return undefined;
  if (owner.account !== call.account && !(await isShared(scoped, owner, call, sharedActions))) return undefined;
  return { product: found.body, owner, tx: scoped };
}
