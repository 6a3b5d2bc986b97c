import { documentElements, type PolicyKind, parsePolicy, statementElements } from "../../access/policy.ts";
import { isObject, type JsonObject } from "../../base/json-object.ts";
import { ApiError } from "../../protocol/errors.ts";

const malformed = (message: string): ApiError => new ApiError("MalformedPolicyDocumentException", message);
const syntax = (): ApiError => malformed("Syntax errors in policy.");

/** AWS: IAM User Guide, "IAM JSON policy elements: Condition operators". */
const operators: ReadonlySet<string> = new Set(
  [
    ...["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike"],
    ...["StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals"],
    ...["NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals", "DateNotEquals", "DateLessThan"],
    ...["DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals", "Bool", "BinaryEquals", "IpAddress"],
    ...["NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null"],
  ].map((operator) => operator.toLowerCase()),
);

/**
 * Throws for a malformed policy, with AWS's words. AWS: IAM User Guide, "Grammar of the IAM JSON policy language"; the
 * words are AWS's, as users quote them.
 */
export function validatePolicy(text: string, kind: Exclude<PolicyKind, "resource">): void {
  const document = parse(text, kind);
  if (!isObject(document) || !hasOnly(document, documentElements)) throw syntax();
  const version = document["Version"];
  if (version !== undefined && version !== "2012-10-17" && version !== "2008-10-17") {
    throw malformed("The policy must contain a valid version string");
  }
  if (document["Id"] !== undefined && typeof document["Id"] !== "string") throw syntax();
  const given = document["Statement"];
  const statements: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (statements.length === 0) throw syntax();
  const sids = new Set<string>();
  for (const statement of statements) {
    if (!isObject(statement) || !hasOnly(statement, statementElements)) throw syntax();
    validateSid(statement["Sid"], sids);
    if (statement["Effect"] !== "Allow" && statement["Effect"] !== "Deny") throw syntax();
    validateActions(statement, kind);
    if (kind === "trust") validateTrust(statement);
    else validateResources(statement);
    validateCondition(statement["Condition"]);
  }
  // AWS: "Troubleshoot IAM policies": a member that stands twice in an object. Nothing else is left that can't be read.
  if (parsePolicy(text, kind).problem !== undefined) throw syntax();
}

function parse(text: string, kind: PolicyKind): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw kind === "trust" ? malformed("This policy contains invalid Json") : syntax();
  }
}

const hasOnly = (object: JsonObject, allowed: ReadonlySet<string>): boolean =>
  Object.keys(object).every((name) => allowed.has(name));

function validateSid(sid: unknown, others: Set<string>): void {
  if (sid === undefined) return;
  if (typeof sid !== "string") throw syntax();
  if (!/^[0-9A-Za-z]*$/.test(sid)) {
    throw malformed(
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    );
  }
  if (sid !== "" && others.has(sid)) throw malformed("Statement IDs (SID) in a single policy must be unique.");
  others.add(sid);
}

function validateActions(statement: JsonObject, kind: PolicyKind): void {
  const actions = values(statement, "Action");
  if (actions.length === 0) throw malformed("Policy statement must contain actions.");
  for (const action of actions) {
    if (action !== "*" && !/^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) {
      throw malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
    }
    if (kind === "trust" && !/^sts:/i.test(action)) {
      throw malformed("AssumeRole policy may only specify STS AssumeRole actions.");
    }
  }
}

function validateResources(statement: JsonObject): void {
  if (statement["Principal"] !== undefined || statement["NotPrincipal"] !== undefined) {
    throw malformed("Policy document should not specify a principal.");
  }
  const resources = values(statement, "Resource");
  if (resources.length === 0) throw malformed("Policy statement must contain resources.");
  for (const resource of resources) {
    if (resource !== "*" && !/^arn:(?:[^:]*:){4}.|^arn:.*\*$/s.test(resource)) {
      throw malformed(`Resource ${resource.slice(0, 256)} must be in ARN format or "*".`);
    }
  }
}

function validateTrust(statement: JsonObject): void {
  for (const element of ["Resource", "NotResource"]) {
    if (statement[element] !== undefined) throw malformed(`Has prohibited field ${element}`);
  }
  const principal = statement["Principal"] ?? statement["NotPrincipal"];
  if (principal === undefined) throw malformed("Missing required field Principal");
  if (principal === "*") return;
  if (!isObject(principal)) throw malformed(`Invalid principal in policy: "STAR":"${String(principal).slice(0, 256)}"`);
  if (Object.keys(principal).length === 0) throw malformed("Missing required field Principal cannot be empty!");
  for (const type of Object.keys(principal)) {
    const isPrincipal = Object.hasOwn(principals, type) ? principals[type] : undefined;
    if (isPrincipal === undefined) throw syntax();
    for (const value of values(principal, type)) {
      if (isPrincipal.test(value)) continue;
      throw malformed(`Invalid principal in policy: "${type.toUpperCase()}":"${value.slice(0, 256)}"`);
    }
  }
}

/** AWS: IAM User Guide, "AWS JSON policy elements: Principal". */
const principals: Readonly<Record<string, RegExp>> = {
  AWS: /^(\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::(\d{12}|cloudfront|aws):[\x21-\x7e]+|A[A-Z0-9]{15,127})$/,
  Service: /^[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|com\.cn|internal)$/i,
  Federated: /^[\x21-\x7e]+$/,
  CanonicalUser: /^[0-9a-f]{64}$/,
};

function validateCondition(condition: unknown): void {
  if (condition === undefined) return;
  if (!isObject(condition)) throw syntax();
  for (const [operator, keys] of Object.entries(condition)) {
    const base = operator
      .toLowerCase()
      .replace(/^for(anyvalue|allvalues):/, "")
      .replace(/ifexists$/, "");
    if (!operators.has(base) || !isObject(keys)) throw syntax();
    for (const value of Object.values(keys)) {
      if (!(Array.isArray(value) ? value : [value]).every(isScalar)) throw syntax();
    }
  }
}

const isScalar = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

/** Returns the texts of an element, one or several, in its plain or its negated form. */
function values(object: JsonObject, element: string): readonly string[] {
  const negated = object[`Not${element}`];
  const plain = object[element];
  if (plain !== undefined && negated !== undefined) throw syntax();
  const given = plain ?? negated;
  if (given === undefined) return [];
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (!list.every((value) => typeof value === "string")) throw syntax();
  return list;
}

/** Returns a policy's length for the quotas. AWS: IAM User Guide, "IAM and AWS STS quotas": white space does not. */
export const policyLength = (text: string): number => text.replaceAll(/\s+/g, "").length;
