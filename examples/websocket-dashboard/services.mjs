import { once } from "node:events";
import { makeBackend } from "./backend.mjs";

/** Starts the backend, and tells setup.sh where it is. */
export async function start() {
  const server = makeBackend();
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    endpoints: {},
    variables: { BACKEND: `http://127.0.0.1:${server.address().port}` },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
