// EventBridge by moto: a bus whose rule sends what it matches to a queue of SQS.
import { account, startMoto } from "../moto.mjs";

export async function start() {
  const moto = await startMoto();
  const call = (service, target, body) =>
    moto.call(service, { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target }, JSON.stringify(body));
  await call("sqs", "AmazonSQS.CreateQueue", { QueueName: "orders" });
  await call("events", "AWSEvents.CreateEventBus", { Name: "shop" });
  const pattern = JSON.stringify({ source: ["shop.orders"] });
  await call("events", "AWSEvents.PutRule", { Name: "orders", EventBusName: "shop", EventPattern: pattern });
  const targets = [{ Id: "queue", Arn: `arn:aws:sqs:us-east-1:${account}:orders` }];
  await call("events", "AWSEvents.PutTargets", { Rule: "orders", EventBusName: "shop", Targets: targets });
  return { endpoints: { events: moto.url, sqs: moto.url }, close: () => moto.close() };
}
