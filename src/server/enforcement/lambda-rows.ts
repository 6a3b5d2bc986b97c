import type { AccessDemand, AccessQuestion } from "../../protocol/operation.ts";
import { parseFunctionName } from "../../services/lambda/function-name.ts";
import { readPermissions } from "../../services/lambda/policy-owner.ts";
import { type AccessRow, type AccessTable, type RowFacts, rowsOf, tableOf, text } from "./access-rows.ts";

/** An action on the function that the input names, with its qualifier if it has one. */
const onFunction =
  (action?: string): AccessRow =>
  (question, facts) =>
    functionDemand(action ?? `lambda:${question.operation}`, question, facts);

function functionDemand(action: string, question: AccessQuestion, { call, store }: RowFacts): AccessDemand {
  const reference = parseFunctionName(text(question, "FunctionName") ?? "", text(question, "Qualifier"), call);
  return {
    action,
    resource: reference.qualifiedArn,
    policy: () => readPermissions(store, reference, call),
  };
}

const passRole = (roleArn: string): AccessDemand => ({
  action: "iam:PassRole",
  resource: roleArn,
  keys: { "iam:passedtoservice": "lambda.amazonaws.com" },
});

const withRole: AccessRow = (question, facts) => {
  const role = text(question, "Role");
  const demand = functionDemand(`lambda:${question.operation}`, question, facts);
  return role === undefined ? demand : [demand, passRole(role)];
};

/** A function by its ARN, whole or in part; nothing else has tags here. */
const onResource: AccessRow = (question, { call }) => {
  const given = text(question, "Resource") ?? "";
  const isFunction = given.includes(":function:");
  return {
    action: `lambda:${question.operation}`,
    resource: isFunction ? parseFunctionName(given, undefined, call).qualifiedArn : given,
  };
};

const onEverything: AccessRow = ({ operation }) => ({ action: `lambda:${operation}`, resource: "*" });

/** AWS: Service Authorization Reference, "AWS Lambda". */
export const lambdaTable: AccessTable = tableOf({
  ...rowsOf(
    [
      "AddPermission",
      "CreateAlias",
      "CreateFunctionUrlConfig",
      "DeleteAlias",
      "DeleteFunction",
      "DeleteFunctionConcurrency",
      "DeleteFunctionEventInvokeConfig",
      "DeleteFunctionUrlConfig",
      "DeleteProvisionedConcurrencyConfig",
      "GetAlias",
      "GetFunction",
      "GetFunctionConcurrency",
      "GetFunctionConfiguration",
      "GetFunctionCodeSigningConfig",
      "GetFunctionEventInvokeConfig",
      "GetFunctionRecursionConfig",
      "GetFunctionUrlConfig",
      "GetPolicy",
      "GetProvisionedConcurrencyConfig",
      "GetRuntimeManagementConfig",
      "ListAliases",
      "ListFunctionEventInvokeConfigs",
      "ListFunctionUrlConfigs",
      "ListProvisionedConcurrencyConfigs",
      "ListVersionsByFunction",
      "PublishVersion",
      "PutFunctionConcurrency",
      "PutFunctionEventInvokeConfig",
      "PutFunctionRecursionConfig",
      "PutProvisionedConcurrencyConfig",
      "PutRuntimeManagementConfig",
      "RemovePermission",
      "UpdateAlias",
      "UpdateFunctionCode",
      "UpdateFunctionEventInvokeConfig",
      "UpdateFunctionUrlConfig",
    ],
    onFunction(),
  ),
  Invoke: onFunction("lambda:InvokeFunction"),
  InvokeWithResponseStream: onFunction("lambda:InvokeFunction"),
  InvokeAsync: onFunction("lambda:InvokeAsync"),
  CreateFunction: withRole,
  UpdateFunctionConfiguration: withRole,
  ListTags: onResource,
  TagResource: onResource,
  UntagResource: onResource,
  GetAccountSettings: onEverything,
  ListFunctions: onEverything,
  ListLayers: onEverything,
});
