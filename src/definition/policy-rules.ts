/**
 * Checks a REST API's resource policy, and writes it as it is saved.
 * AWS: API Gateway developer guide, "Control access to a REST API with API Gateway resource policies".
 */

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
const isPrincipal = (value: unknown): boolean =>
  value === "*" ||
  (isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(
      ([kind, names]) =>
        ["AWS", "Service", "Federated", "CanonicalUser"].includes(kind) &&
        strings(names)?.every((name) => name !== "") === true,
    ));
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
    (value["Condition"] === undefined ||
      (isObject(value["Condition"]) && Object.values(value["Condition"]).every(isObject)))
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
  return { kind: "policy", policy: JSON.stringify({ ...document, Statement: statement }) };
}
