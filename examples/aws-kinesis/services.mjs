// Kinesis on this machine, by the npm package kinesalite.
import { once } from "node:events";
import kinesalite from "kinesalite";

export async function start() {
  const server = kinesalite({ createStreamMs: 0, deleteStreamMs: 0 });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    endpoints: { kinesis: `http://127.0.0.1:${server.address().port}` },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
