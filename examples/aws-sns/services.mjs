// SNS and SQS on this machine, by the npm package fauxqs: a topic, and a queue that gets what is published.
import { startFauxqs } from "fauxqs";

export async function start() {
  const server = await startFauxqs({ port: 0, logger: false });
  server.createTopic("weather");
  server.createQueue("readers");
  server.subscribe({ topic: "weather", queue: "readers", attributes: { RawMessageDelivery: "true" } });
  const url = `http://127.0.0.1:${server.port}`;
  return { endpoints: { sns: url, sqs: url }, close: () => server.stop() };
}
