import type { AccessDemand } from "../../protocol/operation.ts";
import { type AccessRow, type AccessTable, tableOf } from "./access-rows.ts";

/**
 * A call's method and path are its permission. The paths of the second version are written without their `/v2`.
 * AWS: API Gateway Developer Guide, "Control who can create and manage an API Gateway API with IAM policies".
 */
const callOfPath: AccessRow = ({ operation, httpMethod, path, input }, { call }) => {
  const plain = path.replace(/^\/v2(?=\/)/, "").replace(/^\/tags\/arn%3Aaws[a-z-]*%3A/, "/tags/arn%3Aaws%3A");
  const resource = `arn:aws:apigateway:${call.region}::${plain}`;
  const demands: AccessDemand[] = [{ action: `apigateway:${httpMethod}`, resource }];
  if (setsPolicy(operation, input)) demands.push({ action: "apigateway:UpdateRestApiPolicy", resource });
  // A copy shows all of the API that it is made of.
  const source = operation === "CreateRestApi" ? input["cloneFrom"] : undefined;
  if (typeof source === "string") {
    demands.push({ action: "apigateway:GET", resource: `${resource}/${encodeURIComponent(source)}` });
  }
  return demands;
};

/**
 * A resource policy needs a permission of its own; imported ones ask for it when the document is read. AWS: Service
 * Authorization Reference, "Amazon API Gateway Management".
 */
function setsPolicy(operation: string, input: Readonly<Record<string, unknown>>): boolean {
  if (operation === "CreateRestApi") return input["policy"] !== undefined;
  if (operation !== "UpdateRestApi") return false;
  const patches = (input["patchOperations"] ?? []) as readonly { readonly path?: string; readonly from?: string }[];
  return patches.some(({ path = "", from = "" }) => [path, from].some((given) => /^\/?policy(?:\/|$)/i.test(given)));
}

/** The first and the second version. */
export const apiGatewayTable: AccessTable = { unsigned: [], rowOf: () => callOfPath };

/** AWS: API Gateway Developer Guide, "Control access to a WebSocket API with IAM authorization", @connections. */
const manageConnection: AccessRow = ({ httpMethod, path }, { call }) => ({
  action: "execute-api:ManageConnections",
  // The API and stage are known by the host that the call came to; nothing serves these operations yet.
  resource: `arn:aws:execute-api:${call.region}:${call.account}:*/*/${httpMethod}${path}`,
});

export const connectionsTable: AccessTable = tableOf({
  PostToConnection: manageConnection,
  GetConnection: manageConnection,
  DeleteConnection: manageConnection,
});
