import type { HttpIntegration } from "../../definition/http-api.ts";
import { defaultStageName, type HttpApiDefinition } from "../../definition/http-api.ts";
import { isHttpVpcLink, operatorsNamesOf } from "../../definition/vpc-link.ts";
import { substituteStageVariables } from "../../language/substitution.ts";
import type { BackendPlan, VpcLinkPlan } from "../../plan/steps.ts";
import { badAddress, fillStageVariables, isPath } from "../compile-integration.ts";
import { closed, misconfigured, unreachable } from "../refusal.ts";
import type { Surroundings } from "../surroundings.ts";
import type { RouteContext } from "./compile-route.ts";

/**
 * Compiles the way to a backend behind a VPC link: a load balancer's listener, or a service of Cloud Map. The operator
 * says where they are. The whole path of the request is sent, with the stage's name before it.
 * AWS: API Gateway Developer Guide, "Create private integrations for HTTP APIs in API Gateway".
 */
export function compilePrivateBackend(
  integration: HttpIntegration,
  { variables, surroundings, stage, account }: RouteContext,
): Pick<BackendPlan, "origin" | "vpcLink" | "path"> {
  const uri = fillStageVariables(integration.IntegrationUri, variables);
  const target = parseTarget(uri);
  if (target === undefined) throw badAddress(uri);
  // AWS: same page: "all resources must be owned by the same AWS account".
  if (target.account !== account) throw closed(`IntegrationUri of another account: ${uri}`);
  const linkId = linkOf(integration, variables, surroundings);
  const serverName = integration.TlsConfig?.ServerNameToVerify;
  const isHttps = serverName !== undefined;
  const host = serverName ?? target.name;
  if (!/^[\w.-]+$/.test(host) || !URL.canParse(`http://${host}/`)) throw badAddress(host);
  const prefix = stage.StageName === defaultStageName ? "" : `/${stage.StageName}`;
  if (!isPath(prefix)) throw badAddress(prefix);
  return {
    origin: new URL(`${isHttps ? "https" : "http"}://${host}/`).origin,
    vpcLink: { id: linkId, addresses: addressesOf(target, linkId, surroundings, isHttps ? 443 : 80) },
    path: [...(prefix === "" ? [] : [prefix]), { kind: "request-path" }],
  };
}

/** Returns the ids of the VPC links that a stage's integrations name, sorted, whether they exist or not. */
export const vpcLinksOfHttpApi = (
  { integrations }: HttpApiDefinition,
  variables: Readonly<Record<string, string>>,
): readonly string[] => vpcLinksNamed(integrations, variables);

/** The same of integrations of either kind of API. */
export function vpcLinksNamed(
  integrations: readonly Pick<HttpIntegration, "ConnectionType" | "ConnectionId">[],
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const ids = integrations.flatMap(({ ConnectionType, ConnectionId = "" }) =>
    ConnectionType === "VPC_LINK" ? [substituteStageVariables(ConnectionId, variables).text] : [],
  );
  return [...new Set(ids)].sort();
}

/** Returns the id of the integration's link, which has to be ready. */
function linkOf(
  { ConnectionId }: HttpIntegration,
  variables: Readonly<Record<string, string>>,
  { vpcLinks }: Surroundings,
): string {
  const id = fillStageVariables(ConnectionId, variables);
  const link = vpcLinks.get(id);
  if (link !== undefined && !isHttpVpcLink(link)) {
    throw misconfigured(`the VPC link ${id} is one of the first version, which REST APIs use`);
  }
  if (link?.status !== "AVAILABLE") {
    throw unreachable(link === undefined ? `there is no VPC link ${id}` : `the VPC link ${id} is ${link.status}`);
  }
  return id;
}

/** What an `IntegrationUri` names. */
interface PrivateTarget {
  readonly arn: string;
  readonly account: string;
  /** The load balancer's or service's name, for messages. */
  readonly name: string;
  /** The attributes that the service's instances have to have. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly isService: boolean;
}

/** Reads a listener's ARN, or a service's with attributes behind it; undefined if the text is neither. */
function parseTarget(uri: string): PrivateTarget | undefined {
  const listener =
    /^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:(\d{12}):listener\/(?:app|net)\/([\w-]+)\/\w+\/\w+$/.exec(uri);
  if (listener !== null) {
    return { arn: uri, account: listener[1]!, name: listener[2]!, attributes: new Map(), isService: false };
  }
  const service = /^(arn:aws[a-z-]*:servicediscovery:[a-z0-9-]+:(\d{12}):service\/(srv-\w+))(?:\?(.*))?$/s.exec(uri);
  if (service === null) return undefined;
  const [, arn = "", account = "", name = "", query = ""] = service;
  return { arn, account, name, attributes: new Map(new URLSearchParams(query)), isService: true };
}

/**
 * Returns the addresses that the operator gave to the ARN. Those of a service may have attributes behind its ARN, and those
 * that have what the integration asks for are used. What names no attributes may be given by the link's id or name as well.
 */
function addressesOf(
  target: PrivateTarget,
  linkId: string,
  { vpcLinkAddresses, vpcLinks }: Surroundings,
  port: number,
): VpcLinkPlan["addresses"] {
  const { arn, attributes, isService } = target;
  const named = Object.entries(vpcLinkAddresses);
  const ofArn = named.flatMap(([name, addresses]) => {
    const other = parseTarget(name);
    const has =
      other !== undefined &&
      other.arn === arn &&
      [...attributes].every(([key, value]) => other.attributes.get(key) === value);
    return has ? addresses : [];
  });
  const isKnown = named.some(([name]) => parseTarget(name)?.arn === arn);
  const byLink = operatorsNamesOf(vpcLinks.get(linkId) ?? { id: linkId, name: linkId });
  const ofLink =
    isKnown || attributes.size > 0
      ? []
      : named.flatMap(([name, addresses]) => (byLink.includes(name) ? addresses : []));
  const addresses = ofArn.length > 0 ? ofArn : ofLink;
  if (addresses.length > 0) return addresses.map((address) => (/:\d+$/.test(address) ? address : `${address}:${port}`));
  const asked = attributes.size === 0 ? arn : `${arn}?${new URLSearchParams([...attributes])}`;
  // AWS: Cloud Map API reference, "DiscoverInstances": none of a service's instances has the attributes.
  if (isKnown && isService) throw unreachable(`no instance of ${arn} has the attributes of ${asked}`);
  throw closed(`${arn} without an address; --vpc-link '${asked}=HOST:PORT' says where it is`);
}
