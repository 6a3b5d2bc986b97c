/** What every VPC link has, whichever version of the API it is made by. */
export interface VpcLinkLife {
  readonly id: string;
  readonly name: string;
  readonly status: "AVAILABLE" | "PENDING" | "DELETING" | "FAILED";
  readonly statusMessage?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * A REST API's way into a private network. Integrations of the connection type `VPC_LINK` name one. Version 2's links
 * have subnets and security groups in place of `targetArns`, by which the documents of both can be told apart.
 */
export interface VpcLink extends VpcLinkLife {
  readonly description?: string;
  /** The ARN of one Network Load Balancer. */
  readonly targetArns: readonly string[];
}

/** `{vpcLinkId}` → {@link VpcLink}, in the account's and region's scope. */
export const vpcLinkKind = "vpc-link";
