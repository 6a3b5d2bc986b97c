import type { AccessDemand, AccessQuestion } from "../../protocol/operation.ts";
import { type AccessRow, type AccessTable, type RowFacts, rowsOf, tableOf, text } from "./access-rows.ts";

/** What an ARN calls the items that operations are named after. */
const nouns: Readonly<Record<string, string>> = {
  WebACL: "webacl",
  RuleGroup: "rulegroup",
  IPSet: "ipset",
  RegexPatternSet: "regexpatternset",
};

/** An item by its ARN, or by its name and id; a new one has no id yet. */
const onItem: AccessRow = (question, { call }) => {
  const action = `wafv2:${question.operation}`;
  const arn = text(question, "ARN");
  if (arn !== undefined) return { action, resource: arn };
  const noun = nouns[question.operation.replace(/^[A-Z][a-z]+/, "")];
  const place = text(question, "Scope") === "CLOUDFRONT" ? "global" : "regional";
  const id = text(question, "Id");
  return {
    action,
    resource: `arn:aws:wafv2:${call.region}:${call.account}:${place}/${noun}/${text(question, "Name") ?? ""}/${id ?? ""}`,
    isResourcePrefix: id === undefined,
  };
};

const onMember =
  (...members: readonly string[]): AccessRow =>
  (question) =>
    members.map((member) => demand(question, text(question, member) ?? ""));

const demand = ({ operation }: AccessQuestion, resource: string): AccessDemand => ({
  action: `wafv2:${operation}`,
  resource,
});

const onEverything: AccessRow = (question) => demand(question, "*");

/** What guards a stage is a matter of the stage, too. AWS: Service Authorization Reference, "AWS WAF V2". */
const association: AccessRow = (question: AccessQuestion, _facts: RowFacts) => {
  const resource = text(question, "ResourceArn") ?? "";
  const webAcl = text(question, "WebACLArn");
  return [
    ...(webAcl === undefined ? [] : [demand(question, webAcl)]),
    demand(question, resource),
    { action: "apigateway:SetWebACL", resource },
  ];
};

const items = ["WebACL", "RuleGroup", "IPSet", "RegexPatternSet"];

/** AWS: Service Authorization Reference, "AWS WAF V2". */
export const wafTable: AccessTable = tableOf({
  ...rowsOf(
    items.flatMap((item) => ["Create", "Get", "Update", "Delete"].map((verb) => `${verb}${item}`)),
    onItem,
  ),
  ...rowsOf(
    [
      ...items.map((item) => `List${item}s`),
      "CheckCapacity",
      "DescribeAllManagedProducts",
      "DescribeManagedProductsByVendor",
      "DescribeManagedRuleGroup",
      "ListAvailableManagedRuleGroupVersions",
      "ListAvailableManagedRuleGroups",
      "ListLoggingConfigurations",
    ],
    onEverything,
  ),
  AssociateWebACL: association,
  DisassociateWebACL: association,
  GetWebACLForResource: onMember("ResourceArn"),
  ListResourcesForWebACL: onMember("WebACLArn"),
  GetSampledRequests: onMember("WebAclArn"),
  GetLoggingConfiguration: onMember("ResourceArn"),
  DeleteLoggingConfiguration: onMember("ResourceArn"),
  ListTagsForResource: onMember("ResourceARN"),
  PutPermissionPolicy: onMember("ResourceArn"),
  GetPermissionPolicy: onMember("ResourceArn"),
  DeletePermissionPolicy: onMember("ResourceArn"),
  TagResource: onMember("ResourceARN"),
  UntagResource: onMember("ResourceARN"),
  GetRateBasedStatementManagedKeys: (question, { call }) =>
    demand(
      question,
      `arn:aws:wafv2:${call.region}:${call.account}:regional/webacl/${text(question, "WebACLName")}/${text(question, "WebACLId")}`,
    ),
  PutLoggingConfiguration: (question) => {
    const { ResourceArn: resource = "" } = (question.input["LoggingConfiguration"] ?? {}) as {
      readonly ResourceArn?: string;
    };
    return demand(question, resource);
  },
});
