import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";

createServer(async (_request, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const word of ["tick", "tock", "tick"]) {
    response.write(`data: ${word}\n\n`);
    await wait(200);
  }
  response.end();
}).listen(Number(process.env.PORT), "127.0.0.1");
