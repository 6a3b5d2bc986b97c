/** The life of VPC links, of either version: what they lead to is each version's own. */
import type { VpcLinkLife } from "../../definition/vpc-link.ts";
import { badRequest } from "../../protocol/errors.ts";

/** The state of a link that is made: nothing takes minutes here. */
export const readyState = { status: "AVAILABLE", statusMessage: "Your vpc link is ready for use" } as const;

/** A new link as AWS answers it; the next read has the state that it is in. */
export function pendingView<Link extends VpcLinkLife>(link: Link): Omit<Link, "statusMessage"> {
  const { statusMessage: _, ...pending } = link;
  return { ...pending, status: "PENDING" };
}

/** The name, if a link may have it. */
export function checkedLinkName(name: string): string {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if (name.trim() === "") throw badRequest("Vpc link name must not be blank");
  return name;
}
