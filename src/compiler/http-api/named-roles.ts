import { parseRoleArn } from "../../access/role-access.ts";
import type { V2ApiDefinition } from "../../definition/v2-api.ts";
import { substituteStageVariables } from "../../language/substitution.ts";

/** Returns the roles that a stage's integrations and authorizers name, sorted, whether they exist or not. */
export function rolesOfV2Api(
  { integrations, authorizers }: Pick<V2ApiDefinition, "integrations" | "authorizers">,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const named = [
    ...integrations.map(({ CredentialsArn }) => CredentialsArn),
    ...authorizers.map(({ AuthorizerCredentialsArn }) => AuthorizerCredentialsArn),
  ];
  const arns = named.map((arn) => substituteStageVariables(arn ?? "", variables).text);
  return [...new Set(arns.filter((arn) => parseRoleArn(arn) !== undefined))].sort();
}
