// Keeps notes, and knows nothing of CORS.
import { createServer } from "node:http";

const server = createServer(async (request, response) => {
  const { text } = JSON.parse(Buffer.concat(await request.toArray()));
  response.writeHead(200, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ id: request.url.split("/").at(-1), text }));
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.stdin.on("end", () => process.exit()).resume();
