import type { Integration, RestApiDefinition } from "../definition/rest-api.ts";
import { isHttpVpcLink, operatorsNamesOf } from "../definition/vpc-link.ts";
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
  if (integration.integrationTarget !== undefined) throw closed("integrationTarget: VPC links V2");
  const { text: id, unset } = substituteStageVariables(integration.connectionId ?? "", variables);
  if (unset.length > 0) throw misconfigured(`Invalid connectionId: stage variable ${unset[0]} is not set`);
  const link = surroundings.vpcLinks.get(id);
  if (link !== undefined && isHttpVpcLink(link)) {
    throw misconfigured(`the VPC link ${id} is one of the second version, which HTTP APIs use`);
  }
  if (link?.status !== "AVAILABLE") {
    const why = link === undefined ? `there is no VPC link ${id}` : `the VPC link ${id} is ${link.status}`;
    // AWS: Knowledge Center, "How do I resolve 500 errors for my API Gateway VPC link integration?"
    throw misconfigured(`There was an internal error while executing your request: ${why}`);
  }
  const { vpcLinkAddresses } = surroundings;
  // AWS: API Gateway REST API reference, "VpcLink", targetArns: "must be owned by the same AWS account of the API owner".
  // What the operator says of a balancer is for its own account; anyone may write its ARN into a link.
  const balancers = link.targetArns.filter((arn) => arn.split(":")[4] === account);
  const known = [...operatorsNamesOf(link), ...balancers].find((name) => Object.hasOwn(vpcLinkAddresses, name));
  if (known === undefined) {
    throw closed(`VPC link ${link.id} without an address; --vpc-link ${link.id}=HOST:PORT says where it leads`);
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
