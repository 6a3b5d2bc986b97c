/**
 * Checks a REST API's resource policy, and writes it as it is saved.
 * AWS: API Gateway developer guide, "Control access to a REST API with API Gateway resource policies".
 */

import { isConditionOperator } from "../access/condition-operators.ts";
import { parsePolicy } from "../access/policy.ts";
import { bounds } from "../base/bounds.ts";
import { duplicateMembers } from "../base/duplicate-members.ts";
import { isObject } from "../base/json-object.ts";

/** AWS: "Amazon API Gateway quotas and important notes". */
const policyLengthMax = bounds.resourcePolicyCharsMax.value;

const invalidPolicy = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid.";

const strings = (value: unknown): readonly string[] | undefined => {
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string")
    ? value
    : undefined;
};
/** AWS: IAM User Guide, "AWS JSON policy elements: Principal". */
const principalForms: Readonly<Record<string, RegExp>> = {
  AWS: /^(?:\*|\d{12}|arn:aws[a-z-]*:(?:iam|sts)::\d{12}:[\x21-\x7e]+|A[A-Z0-9]{15,127})$/,
  Service: /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i,
  Federated: /^[\x21-\x7e]+$/,
  CanonicalUser: /^[0-9a-f]{64}$/,
};
const isPrincipal = (value: unknown): boolean =>
  value === "*" ||
  (isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(
      ([kind, names]) =>
        Object.hasOwn(principalForms, kind) &&
        strings(names)?.every((name) => principalForms[kind]!.test(name)) === true,
    ));
const isCondition = (value: unknown): boolean =>
  isObject(value) && Object.entries(value).every(([operator, keys]) => isConditionOperator(operator) && isObject(keys));
const isStatement = (value: unknown): value is Record<string, unknown> => {
  if (!isObject(value)) return false;
  const has = (member: string): boolean => Object.hasOwn(value, member);
  return (
    (value["Effect"] === "Allow" || value["Effect"] === "Deny") &&
    has("Principal") !== has("NotPrincipal") &&
    isPrincipal(value["Principal"] ?? value["NotPrincipal"]) &&
    has("Action") !== has("NotAction") &&
    strings(value["Action"] ?? value["NotAction"]) !== undefined &&
    has("Resource") !== has("NotResource") &&
    strings(value["Resource"] ?? value["NotResource"]) !== undefined &&
    (value["Condition"] === undefined || isCondition(value["Condition"]))
  );
};

export type PolicyResult =
  | { readonly kind: "policy"; readonly policy: string }
  | { readonly kind: "refused"; readonly message: string };

/**
 * Checks a policy document and writes it as it is saved: compact, with the short form of resources
 * (`execute-api:/stage/GET/pets`) as full ARNs.
 */
export function normalisePolicy(
  text: string,
  owner: { readonly region: string; readonly account: string; readonly apiId: string },
): PolicyResult {
  const refused: PolicyResult = { kind: "refused", message: invalidPolicy };
  if (text.length > policyLengthMax) return refused;
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return refused;
  }
  if (!isObject(document)) return refused;
  // AWS: IAM User Guide, "Troubleshoot IAM policies", More than one Effect, Action, or Resource element.
  if (duplicateMembers(text).length > 0) return refused;
  if (!["2012-10-17", "2008-10-17", undefined].includes(document["Version"] as string | undefined)) return refused;
  const statements = Array.isArray(document["Statement"]) ? document["Statement"] : [document["Statement"]];
  if (statements.length === 0 || !statements.every(isStatement)) return refused;
  const prefix = `arn:aws:execute-api:${owner.region}:${owner.account}:${owner.apiId}/`;
  const expand = (resource: string): string =>
    resource.startsWith("execute-api:/") ? prefix + resource.slice("execute-api:/".length) : resource;
  const expandAll = (resources: unknown): unknown =>
    Array.isArray(resources) ? resources.map((resource) => expand(resource as string)) : expand(resources as string);
  const expanded = statements.map((statement) =>
    Object.fromEntries(
      Object.entries(statement).map(([member, value]) =>
        member === "Resource" || member === "NotResource" ? [member, expandAll(value)] : [member, value],
      ),
    ),
  );
  const statement = Array.isArray(document["Statement"]) ? expanded : expanded[0];
  const policy = JSON.stringify({ ...document, Statement: statement });
  // What can't be read would close the stage.
  return parsePolicy(policy).problem === undefined ? { kind: "policy", policy } : refused;
}
