// A pet store whose answers tell what it was asked: which query, and which of the headers that the example is about.
import { createServer } from "node:http";

const shownHeaders = ["header1", "header2", "header3", "x-plan", "x-stage", "x-trace"];

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://petstore");
  response.setHeader("Content-Type", "application/json");
  if (pathname.startsWith("/pets/")) {
    const id = Number(pathname.slice("/pets/".length));
    // A service that reports errors with status 200.
    const error = { errors: [{ key: "GetPetRequest.petId", message: "The value is out of range." }] };
    response.end(JSON.stringify(id >= 1 && id <= 3 ? { id, type: ["dog", "cat", "fish"][id - 1] } : error));
    return;
  }
  const query = Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]));
  const headers = Object.fromEntries(
    shownHeaders.filter((name) => name in request.headers).map((name) => [name, request.headers[name]]),
  );
  response.end(JSON.stringify({ path: pathname, query, headers }));
});
server.listen(Number(process.env.PORT), "127.0.0.1");
process.stdin.on("end", () => process.exit()).resume();
