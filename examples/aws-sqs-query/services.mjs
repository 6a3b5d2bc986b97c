// SQS with its query protocol, by moto.
import { startMoto } from "../moto.mjs";

export async function start() {
  const moto = await startMoto();
  await moto.call("sqs", {}, new URLSearchParams({ Action: "CreateQueue", QueueName: "orders" }));
  return { endpoints: { sqs: moto.url }, close: () => moto.close() };
}
