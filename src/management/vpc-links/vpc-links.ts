/** The life of VPC links of either version. Each version has its own kind of target. */
import type { VpcLinkLife } from "../../definition/vpc-link.ts";
import { badRequest } from "../../protocol/errors.ts";

/** The state of a link that was made; on Portico this takes no minutes. */
export const readyState = { status: "AVAILABLE", statusMessage: "Your vpc link is ready for use" } as const;

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
