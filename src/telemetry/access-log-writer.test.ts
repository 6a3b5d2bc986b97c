import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../../test/until.ts";
import { AccessLogWriter } from "./access-log-writer.ts";
import type { LogSink } from "./log-sink.ts";
import { allocateMetrics, Metrics } from "./metrics.ts";

const logGroup = (name: string): string => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`;

const stage = {
  ...{ account: "000000000000", region: "us-east-1", apiKind: "rest" },
  ...{ apiId: "abc123", apiName: "pets", stageName: "prod" },
};

function makeWriter(
  target: string,
  options: Partial<ConstructorParameters<typeof AccessLogWriter>[0]> = {},
): { writer: AccessLogWriter; errors: unknown[]; events: unknown[] } {
  const errors: unknown[] = [];
  const events: unknown[] = [];
  const logs: LogSink = {
    open: ({ account, region, group, stream, exported }) => ({
      write: (message, _ms, facts) =>
        events.push([account, region, group, stream, message, ...(exported ? [exported, facts?.request] : [])]),
    }),
  };
  const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => errors.push(message) };
  const writer = new AccessLogWriter({ target, logs, metrics: new Metrics(allocateMetrics(1), 1), logger, ...options });
  return { writer, errors, events };
}

test("each log group has a file in the folder, and nothing leaves it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-access-"));
  const { writer, errors } = makeWriter(join(folder, "logs"));
  const destinations = [
    logGroup("/aws/pets"),
    `${logGroup("pets")}:*`,
    logGroup("../../etc/passwd"),
    "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-pets",
    "",
  ];
  const logs = destinations.map((destination) => writer.open(destination, { stream: "s", stage }));
  for (const [index, log] of logs.entries()) log?.write(`line ${index}\n`);
  await until(() =>
    readdirSync(join(folder, "logs")).every((name) => readFileSync(join(folder, "logs", name)).length > 0),
  );
  assert.deepEqual(readdirSync(join(folder, "logs")).sort(), [
    "access.log",
    "amazon-apigateway-pets.log",
    "aws-pets.log",
    "etc-passwd.log",
    "pets.log",
  ]);
  const [first, second] = [
    writer.open(destinations[0]!, { stream: "s", stage }),
    writer.open(destinations[0]!, { stream: "s", stage }),
  ];
  logs[0]?.close();
  first?.write("still open\n");
  first?.close();
  second?.write("last\n");
  second?.close();
  second?.write("after the end\n");
  writer.close();
  assert.equal(readFileSync(join(folder, "logs", "aws-pets.log"), "utf8"), "line 0\nstill open\nlast\n");
  assert.deepEqual(errors, []);
  rmSync(folder, { recursive: true });
});

test("lines whose destination is a log group become its events, whatever becomes of the file", () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-access-"));
  writeFileSync(join(folder, "file"), "");
  const { writer, events } = makeWriter(join(folder, "file", "logs"));
  for (const destination of [logGroup("/aws/pets"), `${logGroup("pets")}:*`]) {
    writer.open(destination, { stream: "hashed", stage })?.write("one\n");
  }
  assert.deepEqual(events, [
    ["000000000000", "us-east-1", "/aws/pets", "hashed", "one"],
    ["000000000000", "us-east-1", "pets", "hashed", "one"],
  ]);
  writer.close();
  rmSync(folder, { recursive: true });
});

test("a canary's lines go to the stage's group and to the canary's, and to a file of each", async () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-access-"));
  const { writer, events } = makeWriter(folder);
  writer.open(`${logGroup("pets")}:*`, { stream: "s", isOfCanary: true, stage })?.write("one\n");
  assert.deepEqual(events, [
    ["000000000000", "us-east-1", "pets", "s", "one"],
    ["000000000000", "us-east-1", "pets/Canary", "s", "one"],
  ]);
  writer.close();
  assert.deepEqual(readdirSync(folder).sort(), ["pets-Canary.log", "pets.log"]);
  for (const name of readdirSync(folder)) assert.equal(readFileSync(join(folder, name), "utf8"), "one\n");
  rmSync(folder, { recursive: true });
});

test("a folder that can't be written is said once for each log, and requests go on", () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-access-"));
  writeFileSync(join(folder, "file"), "");
  const { writer, errors } = makeWriter(join(folder, "file", "logs"));
  const delivery = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-pets";
  assert.equal(writer.open(delivery, { stream: "s", stage }), undefined);
  assert.deepEqual(errors, ["access log can't be opened"]);
  writer.close();
  rmSync(folder, { recursive: true });
});

test("a collector gets each line once, with its request, also of a delivery stream and of a destination that is no log", () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-access-"));
  const streamed: string[] = [];
  const { writer, events } = makeWriter(folder, {
    isExported: true,
    openStream: (arn) =>
      arn.includes(":firehose:") ? { write: (line) => streamed.push(line), close() {} } : undefined,
  });
  const request = { requestId: "r", traceId: "1-0-0", spanId: undefined };
  const delivery = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-pets";
  for (const destination of [logGroup("pets"), delivery, "nothing"]) {
    writer
      .open(destination, { stream: "s", isOfCanary: true, stage })
      ?.write("one\n", { ...request, sampled: undefined });
  }
  const { account, region, ...api } = stage;
  const exported = { kind: "access", ...api };
  assert.deepEqual(events, [
    [account, region, "pets", "s", "one", exported, request],
    [account, region, "pets/Canary", "s", "one"],
    [account, region, delivery, "s", "one", { ...exported, isOnlyExported: true }, request],
    [account, region, "nothing", "s", "one", { ...exported, isOnlyExported: true }, request],
  ]);
  assert.deepEqual(streamed, ["one\n"]);
  writer.close();
  rmSync(folder, { recursive: true });
});
