// SQS and EventBridge by moto, with a rule that sends events to the queue; Kinesis by kinesalite, with one stream; Step
// Functions as in its own example.
import { start as startKinesis } from "../aws-kinesis/services.mjs";
import { start as startStepFunctions } from "../aws-step-functions/services.mjs";
import { account, startMoto } from "../moto.mjs";

export async function start() {
  const moto = await startMoto();
  const kinesis = await startKinesis();
  const stepFunctions = await startStepFunctions();
  const call = (service, target, body) =>
    moto.call(service, { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target }, JSON.stringify(body));
  await call("sqs", "AmazonSQS.CreateQueue", { QueueName: "orders" });
  await call("events", "AWSEvents.PutRule", { Name: "orders", EventPattern: JSON.stringify({ source: ["shop"] }) });
  const targets = [{ Id: "queue", Arn: `arn:aws:sqs:us-east-1:${account}:orders` }];
  await call("events", "AWSEvents.PutTargets", { Rule: "orders", Targets: targets });
  await fetch(kinesis.endpoints.kinesis, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-amz-json-1.1",
      "X-Amz-Target": "Kinesis_20131202.CreateStream",
      "X-Amz-Date": "20260101T000000Z",
      Authorization:
        "AWS4-HMAC-SHA256 Credential=0/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
    },
    body: JSON.stringify({ StreamName: "orders", ShardCount: 1 }),
  });
  return {
    endpoints: { sqs: moto.url, events: moto.url, ...kinesis.endpoints, ...stepFunctions.endpoints },
    close: () => Promise.all([moto, kinesis, stepFunctions].map((each) => each.close())),
  };
}
