// An HTTP service that takes and gives bytes: it answers an image as it came.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  response.writeHead(200, { "Content-Type": request.headers["content-type"] });
  request.pipe(response);
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.stdin.on("end", () => process.exit()).resume();
