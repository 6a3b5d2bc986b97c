import { makeConditionContext } from "../access/condition-keys.ts";
import { assumedRoleArn } from "../access/principal.ts";
import { gatewaySessionName, parseRoleArn, Role, type RoleAccess } from "../access/role-access.ts";
import type { Integration, Method, RestApiDefinition } from "../definition/rest-api.ts";
import { substituteStageVariables } from "../language/substitution.ts";
import type { AwsCall } from "./aws-call.ts";
import { closed, misconfigured, type Refusal } from "./refusal.ts";
import type { Surroundings } from "./surroundings.ts";

/** Who uses a role: the API's account, and the method by its ARN. */
export interface RoleAsker {
  readonly account: string;
  readonly methodArn: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly surroundings: Pick<Surroundings, "roles">;
}

/**
 * Returns whether an integration makes its calls with the caller's own credentials, which only methods with AWS_IAM know.
 * Unconfirmed: what AWS answers for other methods; see docs/compatibility.md, "credentials, the caller's own".
 */
export function usesCaller(
  { credentials }: Pick<Integration, "credentials">,
  { authorizationType }: Pick<Method, "authorizationType">,
  { variables }: Pick<RoleAsker, "variables">,
): boolean {
  if (substituteStageVariables(credentials ?? "", variables).text !== "arn:aws:iam::*:user/*") return false;
  if (authorizationType === "AWS_IAM") return true;
  throw misconfigured(
    "The integration uses the caller's credentials, and the method does not know its callers",
    `Its authorizationType is ${authorizationType}; AWS_IAM knows them`,
  );
}

/** Returns the role that `credentials` names. AWS: API reference, "Integration": credentials. */
export function roleOf(credentials: string | undefined, asker: RoleAsker): string | undefined {
  const { text: arn, unset } = substituteStageVariables(credentials ?? "", asker.variables);
  if (arn === "" && unset.length === 0) return undefined;
  if (/^arn:aws[a-z-]*:iam::\*:/.test(arn)) throw closed(`integration credentials of the caller: ${arn}`);
  const account = parseRoleArn(arn)?.account;
  if (account === undefined) throw cannotAssume(arn);
  // Another account's role is never used, whatever it grants: AWS refuses it when it is configured. An integration that
  // was stored before is closed.
  if (account !== asker.account) throw closed(`integration credentials of another account: ${arn}`);
  return arn;
}

/** Returns the roles that a stage's integrations and authorizers name, sorted, whether they exist or not. */
export function rolesOf(definition: RestApiDefinition, variables: Readonly<Record<string, string>>): readonly string[] {
  const arns = new Set<string>();
  const add = (credentials: string | undefined): void => {
    const { text } = substituteStageVariables(credentials ?? "", variables);
    if (parseRoleArn(text) !== undefined) arns.add(text);
  };
  for (const { resourceMethods } of definition.resources) {
    for (const { methodIntegration } of Object.values(resourceMethods ?? {})) {
      add(methodIntegration?.credentials);
    }
  }
  for (const { authorizerCredentials } of definition.authorizers) add(authorizerCredentials);
  return [...arns].sort();
}

/**
 * Throws unless the role lets API Gateway make the call or, without a call, assume it. An unknown role is refused if it
 * would have to be here: for services that Portico runs itself, and for accounts whose roles are here. Otherwise the
 * called service, or its STS, is assumed to know it.
 * AWS: API Gateway Developer Guide, "API Gateway permissions model for invoking an API".
 */
export function requireRole(
  arn: string,
  call: AwsCall | undefined,
  asker: RoleAsker,
  { isOwnService }: { readonly isOwnService: boolean },
): void {
  const known = asker.surroundings.roles.get(arn);
  if (known?.role === undefined) {
    if (isOwnService || known?.isAccountHere === true) throw cannotAssume(arn, hintToCreate(arn, call));
    return;
  }
  const role = parsed(known.role);
  const context = makeConditionContext({
    kind: "service",
    sourceArn: asker.methodArn,
    sourceAccount: asker.account,
    resource: arn,
  });
  if (!role.canBeAssumed({ servicePrincipal: "apigateway.amazonaws.com", context })) {
    const { name } = parseRoleArn(arn)!;
    throw cannotAssume(
      arn,
      `Its trust policy does not let API Gateway: aws iam update-assume-role-policy --role-name ${name} --policy-document ${quote(trust)}`,
    );
  }
  if (call !== undefined) requireAllowed(role, call);
}

const parsedRoles = new WeakMap<RoleAccess, Role>();

/** A role's policies are parsed once for all methods that name it. */
function parsed(access: RoleAccess): Role {
  const role = parsedRoles.get(access) ?? new Role(access);
  parsedRoles.set(access, role);
  return role;
}

/**
 * Returns the role that invokes a function. Without one API Gateway itself invokes it, and the function's policy has to
 * allow that.
 */
export function compileInvoker(
  functionArn: string,
  credentials: string | undefined,
  asker: RoleAsker,
): { readonly roleArn?: string } {
  const roleArn = roleOf(credentials, asker);
  if (roleArn === undefined) return {};
  // Both policies would have to allow it. AWS: IAM User Guide, "Cross-account policy evaluation logic".
  if (functionArn.split(":")[4] !== roleArn.split(":")[4]) throw closed("integration credentials of another account");
  requireRole(roleArn, invocationOf(functionArn), asker, { isOwnService: true });
  return { roleArn };
}

/** Returns the call that invokes a function. */
export const invocationOf = (functionArn: string): AwsCall => ({
  action: "lambda:InvokeFunction",
  resource: functionArn,
  isPrefix: false,
  region: functionArn.split(":")[3]!,
});

function requireAllowed(role: Role, call: AwsCall): void {
  const { action, resource, isPrefix } = call;
  const context = makeConditionContext({
    kind: "session",
    roleArn: role.arn,
    userId: `${role.id}:${gatewaySessionName}`,
    roleTags: role.tags,
    resource,
    isResourcePrefix: isPrefix,
    region: call.region,
  });
  const problem = role.problemWith({ action, resource, isResourcePrefix: isPrefix, context });
  if (problem === undefined) return;
  const on = isPrefix ? `${resource}*` : resource;
  throw misconfigured(
    `User: ${assumedRoleArn(role.arn, gatewaySessionName)} is not authorized to perform: ${action} on resource: ${on} ${problem}`,
    problem.startsWith("because no identity") ? `Allow it with: ${putPolicy(role.arn, call)}` : undefined,
  );
}

const cannotAssume = (arn: string, hint?: string): Refusal =>
  misconfigured(`API Gateway does not have permission to assume the provided role ${arn}`, hint);

const policyOf = (statement: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: { Effect: "Allow", ...statement } });

const trust = policyOf({ Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:AssumeRole" });

/** Quotes a text for a shell: hints are commands to copy, and ARNs may come from others' documents. */
const quote = (text: string): string => (/^[\w/.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function hintToCreate(arn: string, call: AwsCall | undefined): string {
  const { name, path } = parseRoleArn(arn)!;
  const below = path === "/" ? "" : ` --path ${quote(path)}`;
  const make = `aws iam create-role --role-name ${name}${below} --assume-role-policy-document ${quote(trust)}`;
  return `There is no such role; make it with: ${make}${call === undefined ? "" : ` && ${putPolicy(arn, call)}`}`;
}

const putPolicy = (arn: string, { action, resource, isPrefix }: AwsCall): string =>
  `aws iam put-role-policy --role-name ${parseRoleArn(arn)!.name} --policy-name ${action.replace(":", "-")} ` +
  `--policy-document ${quote(policyOf({ Action: action, Resource: isPrefix ? `${resource}*` : resource }))}`;
