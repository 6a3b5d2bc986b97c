/** A REST API's way into a private network: the integrations of connection type `VPC_LINK` name one. */
export interface VpcLink {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** One Network Load Balancer. */
  readonly targetArns: readonly string[];
  readonly status: "AVAILABLE" | "PENDING" | "DELETING" | "FAILED";
  readonly statusMessage?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** `{vpcLinkId}` → {@link VpcLink}, in the account's and region's scope. */
export const vpcLinkKind = "vpc-link";
