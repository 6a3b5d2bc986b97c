// DynamoDB on this machine, by the npm package dynalite. setup.sh makes the table.
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import dynalite from "dynalite";

export async function start() {
  const server = dynalite({ createTableMs: 0 });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const dynamodb = `http://127.0.0.1:${server.address().port}`;
  return {
    endpoints: { dynamodb },
    // Where functions find AWS's SDK.
    flags: [`--aws-sdk=${fileURLToPath(new URL("..", import.meta.url))}`],
    variables: { AWS_ENDPOINT_URL_DYNAMODB: dynamodb },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
