import type { IpNetwork } from "../base/ip-address.ts";

/** What a listener offers to its clients. Every request names its listener in `listener`. */
export interface Listener {
  /** Whether errors that Portico makes say why in `x-portico-hint`. */
  readonly hasHints: boolean;
  /** Whether requests for no address of an API go to the management API and the operations pages. */
  readonly hasManagement: boolean;
  /**
   * Management and operations answer clients on this machine only, whoever the proxies say they are: without
   * `--auth enforce` callers of management are not authenticated.
   */
  readonly isManagementLocal: boolean;
  readonly isEncrypted: boolean;
  /**
   * Proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Port` are believed. `InboundRequest.client` says
   * what follows from them; nothing else reads those headers to find out who calls.
   */
  readonly trustedProxies: readonly IpNetwork[];
  /** Every connection begins with a PROXY header, and comes from one of `trustedProxies`. Others are closed. */
  readonly hasProxyProtocol: boolean;
  /** The VPC endpoints that clients are taken to come through, by the client's network. The first that fits counts. */
  readonly vpcEndpoints: readonly VpcEndpoint[];
}

/** A VPC endpoint for `execute-api`, as an operator maps it to a network. */
export interface VpcEndpoint {
  /** `vpce-0123456789abcdef0` */
  readonly id: string;
  /** The endpoint's VPC: `vpc-…`; undefined if the operator does not name it. */
  readonly vpcId: string | undefined;
  readonly network: IpNetwork;
}

/** The listener for a developer's machine: it offers everything, unencrypted. */
export const developmentListener: Listener = {
  hasHints: true,
  hasManagement: true,
  isManagementLocal: true,
  isEncrypted: false,
  trustedProxies: [],
  hasProxyProtocol: false,
  vpcEndpoints: [],
};

/** The listener for everybody: it offers the APIs and nothing else. */
export const publicListener: Listener = { ...developmentListener, hasHints: false, hasManagement: false };
