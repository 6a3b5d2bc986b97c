// The machine room: an ordinary HTTP server, which knows nothing of WebSockets. It keeps who looks, and which fans turn.
import { createServer } from "node:http";

/** Returns the server. */
export function makeBackend() {
  const viewers = new Map();
  const fans = new Map([
    ["left", false],
    ["right", false],
  ]);

  function answer(method, { pathname, searchParams }, body) {
    const [, kind, id] = pathname.split("/").map(decodeURIComponent);
    const user = searchParams.get("user") ?? "";
    if (kind === "status") return [200, { fans: Object.fromEntries(fans), viewers: [...viewers.values()].sort() }];
    if (kind === "viewers" && method === "DELETE") return [viewers.delete(id) ? 200 : 404, {}];
    if (kind === "viewers") {
      if (!/^[a-z]+$/.test(user)) return [403, { error: "users have small letters" }];
      viewers.set(id, user);
      return [200, {}];
    }
    if (!fans.has(id)) return [404, { error: `there is no fan ${id}` }];
    fans.set(id, JSON.parse(body).on === true);
    return [200, { fan: id, on: fans.get(id) }];
  }

  return createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    let status = 400;
    let content = { error: "this can't be read" };
    try {
      [status, content] = answer(request.method, new URL(request.url, "http://backend"), body);
    } catch {}
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(content));
  });
}
