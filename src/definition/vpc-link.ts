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

/** An HTTP API's way into a private network: a link of the second version. */
export interface HttpVpcLink extends VpcLinkLife {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** Seconds since 1970. */
  readonly createdDate: number;
}

/** Tells the documents of both versions apart. */
export const isHttpVpcLink = (link: VpcLink | HttpVpcLink): link is HttpVpcLink => "subnetIds" in link;

/**
 * What the operator may call a link. A name that is an ARN is none: anyone may name a link so, and an ARN's address is for
 * its own account.
 */
export const operatorsNamesOf = ({ id, name }: Pick<VpcLinkLife, "id" | "name">): readonly string[] =>
  name.startsWith("arn:") ? [id] : [id, name];

/** `{vpcLinkId}` → {@link VpcLink} or {@link HttpVpcLink}, in the account's and region's scope. */
export const vpcLinkKind = "vpc-link";
