// All routes of the chat. A table has who is connected: what a function remembers in variables, others do not know.
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from "@aws-sdk/client-apigatewaymanagementapi";
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";

const TableName = "connections";
const dynamodb = new DynamoDBClient({});
const origins = process.env.ORIGINS.split(" ");

export async function handler({ requestContext, headers, queryStringParameters, body }) {
  const { routeKey, connectionId } = requestContext;
  switch (routeKey) {
    case "$connect":
      return connect(connectionId, headers, queryStringParameters?.name ?? "");
    case "$disconnect":
      await forget(connectionId);
      return { statusCode: 200 };
    case "sendmessage":
      return sendMessage(requestContext, JSON.parse(body));
    default:
      await post(requestContext, connectionId, { error: 'send {"action": "sendmessage", "message": "…"}' });
      return { statusCode: 200 };
  }
}

async function connect(id, headers, name) {
  // Browsers let every page connect, and say here which one it is. Other programs say nothing, or what they like.
  const [, origin] = Object.entries(headers).find(([header]) => header.toLowerCase() === "origin") ?? [];
  if (origin !== undefined && !origins.includes(origin)) return { statusCode: 403, body: "not from there" };
  if (!/^\w{1,20}$/.test(name)) return { statusCode: 400, body: "say who you are: ?name=ann" };
  await dynamodb.send(new PutItemCommand({ TableName, Item: { connectionId: { S: id }, name: { S: name } } }));
  return { statusCode: 200 };
}

async function forget(id) {
  await dynamodb.send(new DeleteItemCommand({ TableName, Key: { connectionId: { S: id } } }));
}

async function sendMessage(requestContext, { message }) {
  const Key = { connectionId: { S: requestContext.connectionId } };
  const { Item: sender } = await dynamodb.send(new GetItemCommand({ TableName, Key }));
  const { Items: all } = await dynamodb.send(new ScanCommand({ TableName }));
  const others = all.map(({ connectionId }) => connectionId.S).filter((id) => id !== requestContext.connectionId);
  await Promise.all(others.map((id) => post(requestContext, id, { from: sender?.name.S, message: String(message) })));
  return { statusCode: 200 };
}

async function post({ domainName, stage }, id, message) {
  const client = new ApiGatewayManagementApiClient({ endpoint: `https://${domainName}/${stage}` });
  try {
    await client.send(new PostToConnectionCommand({ ConnectionId: id, Data: JSON.stringify(message) }));
  } catch (error) {
    // The client has gone, and $disconnect has not come to it yet.
    if (error.name !== "GoneException") throw error;
    await forget(id);
  }
}
