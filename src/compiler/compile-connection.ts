import type { Integration, RestApiDefinition } from "../definition/rest-api.ts";
import {
  accountOfTarget,
  type HttpVpcLink,
  isHttpVpcLink,
  operatorsNamesOf,
  type VpcLink,
} from "../definition/vpc-link.ts";
import { substituteStageVariables } from "../language/substitution.ts";
import type { VpcLinkPlan } from "../plan/steps.ts";
import type { IntegrationContext } from "./compile-integration.ts";
import { closed, misconfigured } from "./refusal.ts";

/**
 * Returns where a private integration's connections go. The URI gives the rest: scheme, `Host`, the name that the
 * certificate is checked for, and the port if the link's address has none.
 * AWS: API Gateway REST API reference, "PutIntegration", uri: "for a private HTTP integration, the URI is not used for
 * routing".
 */
export function compileVpcLink(
  integration: Integration,
  origin: string,
  { account, variables, surroundings }: IntegrationContext,
): { readonly vpcLink?: VpcLinkPlan } {
  if (integration.connectionType !== "VPC_LINK") return {};
  const { integrationTarget: target } = integration;
  if (target !== undefined) checkTarget(target, account);
  const { text: id, unset } = substituteStageVariables(integration.connectionId ?? "", variables);
  if (unset.length > 0) throw misconfigured(`Invalid connectionId: stage variable ${unset[0]} is not set`);
  const link = surroundings.vpcLinks.get(id);
  if (link?.status !== "AVAILABLE") {
    const why = link === undefined ? `there is no VPC link ${id}` : `the VPC link ${id} is ${link.status}`;
    // AWS: Knowledge Center, "How do I resolve 500 errors for my API Gateway VPC link integration?"
    throw misconfigured(`There was an internal error while executing your request: ${why}`);
  }
  const { vpcLinkAddresses } = surroundings;
  const names = isHttpVpcLink(link) ? namesThrough(link, target) : namesOf(link, target, account);
  const known = names.find((name) => Object.hasOwn(vpcLinkAddresses, name));
  if (known === undefined) {
    const asked = isHttpVpcLink(link) ? target! : id;
    throw closed(`VPC link ${id} without an address; --vpc-link ${asked}=HOST:PORT says where it leads`);
  }
  const { port, protocol } = new URL(origin);
  const portOfUri = port === "" ? (protocol === "https:" ? "443" : "80") : port;
  return {
    vpcLink: {
      id: link.id,
      addresses: vpcLinkAddresses[known]!.map((address) =>
        /:\d+$/.test(address) ? address : `${address}:${portOfUri}`,
      ),
    },
  };
}

/**
 * AWS: API Gateway Developer Guide, "Private integrations for REST APIs in API Gateway": "All resources must be owned by the
 * same AWS account." What the operator says of a balancer is for its own account; anyone may write its ARN.
 */
function checkTarget(target: string, account: string): void {
  const owner = accountOfTarget(target);
  if (owner === undefined) throw closed(`integrationTarget ${target}: it is no load balancer's or listener's ARN`);
  if (owner !== account) throw closed(`integrationTarget of another account: ${target}`);
}

/** Returns what the operator may call the target of a link of the first version. */
function namesOf(link: VpcLink, target: string | undefined, account: string): readonly string[] {
  if (target !== undefined) throw closed(`integrationTarget with the VPC link ${link.id} of the first version`);
  // AWS: API Gateway REST API reference, "VpcLink", targetArns: "must be owned by the same AWS account of the API owner".
  return [...operatorsNamesOf(link), ...link.targetArns.filter((arn) => arn.split(":")[4] === account)];
}

/** Returns what the operator may call a target behind a link of the second version, which leads to any number of them. */
function namesThrough(link: HttpVpcLink, target: string | undefined): readonly string[] {
  // AWS: PutIntegration refuses it with these words; a link that is named by a stage variable is known here first.
  if (target === undefined) throw misconfigured(`IntegrationTarget is required for VpcLinkV2 ${link.id}`);
  return [target, ...operatorsNamesOf(link)];
}

/** Returns the ids of all VPC links that a stage's methods name, sorted, whether they exist or not. */
export function vpcLinksOf(
  definition: RestApiDefinition,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const ids = new Set<string>();
  for (const { resourceMethods } of definition.resources) {
    for (const { methodIntegration } of Object.values(resourceMethods ?? {})) {
      if (methodIntegration?.connectionType !== "VPC_LINK") continue;
      ids.add(substituteStageVariables(methodIntegration.connectionId ?? "", variables).text);
    }
  }
  return [...ids].sort();
}
