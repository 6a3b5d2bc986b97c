// The pets' own service. It checks nothing: what reaches it has been validated.
import { createServer } from "node:http";

const pets = [
  { id: 1, type: "dog", price: 249.99 },
  { id: 2, type: "cat", price: 124.99 },
  { id: 3, type: "fish", price: 26 },
];
let taken = 0;

const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url, "http://pets");
  response.setHeader("Content-Type", "application/json");
  if (request.method === "GET") {
    response.end(JSON.stringify(pets.filter(({ type }) => type === searchParams.get("type"))));
    return;
  }
  const pet = JSON.parse(Buffer.concat(await request.toArray()));
  taken++;
  response.end(JSON.stringify({ pet, by: request.headers.custom_h1, taken }));
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.stdin.on("end", () => process.exit()).resume();
