import type { ModelName } from "../../protocol/model.ts";
import { type AccessTable, nothing, tableOf } from "./access-rows.ts";
import { apiGatewayTable, connectionsTable } from "./api-gateway-rows.ts";
import { cloudWatchTable } from "./cloudwatch-rows.ts";
import { iamTable } from "./iam-rows.ts";
import { lambdaTable } from "./lambda-rows.ts";
import { logsTable } from "./logs-rows.ts";
import { wafTable } from "./waf-rows.ts";
import { xrayTable } from "./xray-rows.ts";

/**
 * AWS: STS API reference. Nothing is needed to say who one is, nor for a session of one's own; sessions of roles and of
 * federated users are decided where they are made, by the role's trust policy as well.
 */
const stsTable: AccessTable = tableOf(
  {
    GetCallerIdentity: nothing,
    GetSessionToken: nothing,
    AssumeRole: nothing,
    GetFederationToken: nothing,
    AssumeRoleWithWebIdentity: nothing,
    DecodeAuthorizationMessage: () => ({ action: "sts:DecodeAuthorizationMessage", resource: "*" }),
    GetAccessKeyInfo: () => ({ action: "sts:GetAccessKeyInfo", resource: "*" }),
  },
  ["AssumeRoleWithWebIdentity"],
);

/** What every operation of every service needs. */
export const accessTables: Readonly<Record<ModelName, AccessTable>> = {
  apigateway: apiGatewayTable,
  apigatewayv2: apiGatewayTable,
  apigatewaymanagementapi: connectionsTable,
  cloudwatch: cloudWatchTable,
  iam: iamTable,
  lambda: lambdaTable,
  logs: logsTable,
  sts: stsTable,
  wafv2: wafTable,
  xray: xrayTable,
};
