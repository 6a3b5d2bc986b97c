// A backend that answers what it is sent: what the response templates see is what the request templates made.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  console.log(`${request.method} ${request.url}`);
  response.writeHead(200, { "Content-Type": "application/json" });
  request.pipe(response);
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.stdin.on("end", () => process.exit()).resume();
