// DynamoDB on this machine, by the npm package dynalite, with the walk-through's table.
import { once } from "node:events";
import dynalite from "dynalite";

const table = {
  TableName: "Comments",
  AttributeDefinitions: [
    { AttributeName: "commentId", AttributeType: "S" },
    { AttributeName: "pageId", AttributeType: "S" },
  ],
  KeySchema: [{ AttributeName: "commentId", KeyType: "HASH" }],
  ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
  GlobalSecondaryIndexes: [
    {
      IndexName: "pageId-index",
      KeySchema: [{ AttributeName: "pageId", KeyType: "HASH" }],
      Projection: { ProjectionType: "ALL" },
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 },
    },
  ],
};

export async function start() {
  const server = dynalite({ createTableMs: 0 });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const headers = { "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.CreateTable" };
  // It looks for a signature and not into it.
  const signature =
    "AWS4-HMAC-SHA256 Credential=0/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
  await fetch(url, {
    method: "POST",
    headers: { ...headers, "X-Amz-Date": "20260101T000000Z", Authorization: signature },
    body: JSON.stringify(table),
  });
  return {
    endpoints: { dynamodb: url },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
