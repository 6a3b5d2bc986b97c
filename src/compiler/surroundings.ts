import type { RoleAccess } from "../access/role-access.ts";
import type { BeyondAws } from "../definition/beyond-aws.ts";
import type { HttpVpcLink, VpcLink } from "../definition/vpc-link.ts";

/**
 * What a stage depends on besides its deployment: documents of its account and region, and the server's settings. Plain
 * data.
 */
export interface Surroundings {
  /** The VPC links of both versions, by id. */
  readonly vpcLinks: ReadonlyMap<string, VpcLink | HttpVpcLink>;
  /**
   * The addresses (`host` or `host:port`) that links lead to, by the link's id, name or load balancer, or by the ARN of a
   * listener or of a service of Cloud Map, whose instances may have attributes behind it (`--vpc-link`).
   */
  readonly vpcLinkAddresses: Readonly<Record<string, readonly string[]>>;
  /** Whether the server knows who comes through a VPC endpoint (`--vpc-endpoint`). Without it, private APIs are closed. */
  readonly hasVpcEndpoints: boolean;
  /** What the server may do beyond AWS (`--beyond-aws`). What asks for another feature is closed. */
  readonly beyondAws: readonly BeyondAws[];
  /** Whether the stage's client certificate exists, with its key. */
  readonly hasClientCertificate: boolean;
  /** The roles that integrations name, by their ARNs. */
  readonly roles: ReadonlyMap<string, KnownRole>;
}

export interface KnownRole {
  /** Undefined if the role does not exist. */
  readonly role: RoleAccess | undefined;
  /** Whether its account's roles are kept here. If not, the services that integrations call may know it. */
  readonly isAccountHere: boolean;
}

export const noSurroundings: Surroundings = {
  vpcLinks: new Map(),
  vpcLinkAddresses: {},
  hasVpcEndpoints: false,
  beyondAws: [],
  hasClientCertificate: false,
  roles: new Map(),
};
