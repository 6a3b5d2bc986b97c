// The warehouse: an HTTP service of its own, in front of which the API stands (GET /inventory/{petId}). It knows nothing
// of gateways; anything that speaks HTTP could be in its place.
import { createServer } from "node:http";

const stock = { 1: 3, 2: 7, 3: 120 };

const server = createServer((request, response) => {
  const id = /^\/stock\/([^/?]+)$/.exec(request.url)?.[1];
  const known = id !== undefined && Object.hasOwn(stock, id);
  response.writeHead(known ? 200 : 404, { "Content-Type": "application/json" });
  response.end(
    JSON.stringify(known ? { petId: Number(id), inStock: stock[id] } : { message: "not in this warehouse" }),
  );
});

// `portico up` chooses the port.
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");

// It also holds our standard input open: when that ends, `portico up` is gone, however it went, and so are we.
process.stdin.on("end", () => process.exit()).resume();
