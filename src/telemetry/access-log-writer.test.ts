import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../../test/until.ts";
import { AccessLogWriter } from "./access-log-writer.ts";
import { allocateMetrics, Metrics } from "./metrics.ts";

const logGroup = (name: string): string => `arn:aws:logs:us-east-1:000000000000:log-group:${name}`;

function makeWriter(target: string): { writer: AccessLogWriter; errors: unknown[] } {
  const errors: unknown[] = [];
  const logger = { debug() {}, info() {}, warn() {}, error: (message: string) => errors.push(message) };
  return { writer: new AccessLogWriter({ target, metrics: new Metrics(allocateMetrics(1), 1), logger }), errors };
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
  const logs = destinations.map((destination) => writer.open(destination));
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
  const [first, second] = [writer.open(destinations[0]!), writer.open(destinations[0]!)];
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

test("a folder that can't be written is said once for each log, and requests go on", () => {
  const folder = mkdtempSync(join(tmpdir(), "portico-access-"));
  writeFileSync(join(folder, "file"), "");
  const { writer, errors } = makeWriter(join(folder, "file", "logs"));
  assert.equal(writer.open(logGroup("a")), undefined);
  assert.deepEqual(errors, ["access log can't be opened"]);
  writer.close();
  rmSync(folder, { recursive: true });
});
