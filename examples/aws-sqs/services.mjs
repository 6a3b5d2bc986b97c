// SQS on this machine, by the npm package fauxqs, with one queue.
import { startFauxqs } from "fauxqs";

export async function start() {
  const server = await startFauxqs({ port: 0, logger: false });
  server.createQueue("orders");
  return { endpoints: { sqs: `http://127.0.0.1:${server.port}` }, close: () => server.stop() };
}
