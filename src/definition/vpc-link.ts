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

/** A link of the second version, for HTTP APIs and for REST APIs whose integrations name a load balancer. */
export interface HttpVpcLink extends VpcLinkLife {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  /** Seconds since 1970. */
  readonly createdDate: number;
}

/** Tells the documents of both versions apart. */
export const isHttpVpcLink = (link: VpcLink | HttpVpcLink): link is HttpVpcLink => "subnetIds" in link;

const integrationTarget =
  /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:(\d{12}):(?:loadbalancer\/(?:app|net)\/[\w-]+\/\w+|listener\/(?:app|net)\/[\w-]+\/\w+\/\w+)$/;

/**
 * Returns the account of the load balancer, or of its listener, that a REST API's integration names behind a link of the
 * second version; undefined for any other text.
 * AWS: API Gateway Developer Guide, "Set up a private integration", has the balancer's ARN; the REST API reference,
 * "PutIntegration", integrationTarget, the listener's.
 */
export const accountOfTarget = (arn: string): string | undefined => integrationTarget.exec(arn)?.[1];

/**
 * What the operator may call a link. A name that is an ARN is none: anyone may name a link so, and an ARN's address is for
 * its own account.
 */
export const operatorsNamesOf = ({ id, name }: Pick<VpcLinkLife, "id" | "name">): readonly string[] =>
  name.startsWith("arn:") ? [id] : [id, name];

/** `{vpcLinkId}` → {@link VpcLink} or {@link HttpVpcLink}, in the account's and region's scope. */
export const vpcLinkKind = "vpc-link";
