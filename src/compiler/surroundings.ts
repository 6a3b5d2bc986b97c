import type { RoleAccess } from "../access/role-access.ts";
import type { VpcLink } from "../definition/vpc-link.ts";

/** What a stage depends on besides its deployment: of its account and region, and of the server's settings. Plain data. */
export interface Surroundings {
  /** By id. */
  readonly vpcLinks: ReadonlyMap<string, VpcLink>;
  /** `host` or `host:port` where a link leads, by the link's id, name or load balancer (`--vpc-link`). */
  readonly vpcLinkAddresses: Readonly<Record<string, readonly string[]>>;
  /** Is the stage's client certificate there, with its key? */
  readonly hasClientCertificate: boolean;
  /** The roles that integrations name, by their ARNs. */
  readonly roles: ReadonlyMap<string, KnownRole>;
}

export interface KnownRole {
  /** Undefined: it is not there. */
  readonly role: RoleAccess | undefined;
  /** Are its account's roles kept here? Otherwise those whom integrations call may know it. */
  readonly isAccountHere: boolean;
}

export const noSurroundings: Surroundings = {
  vpcLinks: new Map(),
  vpcLinkAddresses: {},
  hasClientCertificate: false,
  roles: new Map(),
};
