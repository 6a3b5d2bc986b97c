// A web site of another origin: its page calls the API, and shows what the browser lets it see.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const server = createServer((_request, response) => {
  response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
  response.end(readFileSync(new URL("page.html", import.meta.url)));
});
const port = Number(process.env.PORT);
server.listen(port, "127.0.0.1", () => console.log(`the page is at http://127.0.0.1:${port}/`));
process.stdin.on("end", () => process.exit()).resume();
