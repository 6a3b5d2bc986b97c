import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../base/clock.ts";
import type { AwsServicePlan } from "../../plan/steps.ts";
import { AwsServices, endpointName } from "./aws-services.ts";

const clock = new ManualClock(1_700_000_000_000);
const service = (...names: string[]): AwsServicePlan => ({
  names,
  host: `${names[0]}.eu-west-1.amazonaws.com`,
  signingName: names[0]!,
  signingRegion: "eu-west-1",
});

test("a service is where its own endpoint is, by any of its names, else where the others are", () => {
  const endpoints = { sfn: "http://steps:1", cognitoidp: "http://users:2", "*": "http://all:3" };
  const services = new AwsServices({ endpoints }, clock);
  assert.equal(services.originOf(service("states", "SFN")), "http://steps:1");
  assert.equal(services.originOf(service("cognito-idp", "Cognito Identity Provider")), "http://users:2");
  assert.equal(services.originOf(service("constructor")), "http://all:3");
  assert.equal(endpointName("COGNITO_IDENTITY_PROVIDER"), endpointName("Cognito Identity Provider"));
});

test("without an endpoint a service is nowhere, and AWS's own only with credentials for it", () => {
  assert.equal(new AwsServices({ endpoints: {} }, clock).originOf(service("sqs")), undefined);
  const credentials = { accessKeyId: "AKIA", secretAccessKey: "s" };
  const services = new AwsServices({ endpoints: { s3: "http://local:1" }, credentials }, clock);
  assert.equal(services.originOf(service("sqs")), "https://sqs.eu-west-1.amazonaws.com");
  assert.equal(services.originOf(service("s3")), "http://local:1");
});

test("a local server gets the role's account as access key, never the operator's own", () => {
  const credentials = { accessKeyId: "AKIA", secretAccessKey: "s" };
  const services = new AwsServices({ endpoints: { s3: "http://local:1" }, credentials }, clock);
  const role = services.acquireRole("arn:aws:iam::123456789012:role/r", service("s3"));
  assert.deepEqual(role.current(), { accessKeyId: "123456789012", secretAccessKey: "portico" });
});

test("this server gets a session of its role, and its STS is not asked", async () => {
  const arn = "arn:aws:iam::123456789012:role/r";
  const session = { accessKeyId: "ASIA", secretAccessKey: "s", sessionToken: "t" };
  const account = { accessKeyId: "123456789012", secretAccessKey: "portico" };
  const acquire = (endpoints: Record<string, string>, found: typeof session | undefined, own = ["http://self:1"]) =>
    new AwsServices({ endpoints, own }, clock, (asked) => (asked === arn ? found : undefined)).acquireRole(
      arn,
      service("logs"),
    );
  const toSelf = acquire({ logs: "http://self:1" }, session);
  assert.deepEqual([toSelf.current(), toSelf.latest, await toSelf.wait()], [session, session, undefined]);
  assert.deepEqual(acquire({ logs: "http://other:1" }, session).current(), account, "nobody else gets one");
  assert.deepEqual(acquire({ logs: "http://self:1" }, session, []).current(), account);
  assert.deepEqual(acquire({ logs: "http://self:1" }, undefined).current(), account, "the role is not here");
  const bySts = { logs: "http://other:1", sts: "http://self:1" };
  assert.deepEqual(acquire(bySts, session).current(), session);
  const unknown = acquire(bySts, undefined);
  assert.equal(unknown.current(), undefined);
  assert.match((await unknown.wait())!, /does not have permission to assume the provided role .*not on this server/);
});
