import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { makeClient } from "../../src/protocol/client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { call, MockApi } from "../server/mock-api.ts";
import { until } from "../until.ts";

const rounds = 5;
const writers = 4;
const folder = mkdtempSync(join(tmpdir(), "portico-crash-logs-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const data = join(folder, "data");
const restart = (): Promise<Portico> => startPortico({ args: ["--data", data, "--threads", "1"] });
const clientOf = (url: string) => makeClient({ endpoint: url, model: "logs", timeoutMs: 10_000 });

/** All messages of a group. */
async function messagesOf(url: string, logGroupName: string): Promise<string[]> {
  const messages: string[] = [];
  for (let nextToken: unknown; ; ) {
    const page = await clientOf(url).call("FilterLogEvents", {
      logGroupName,
      ...(nextToken === undefined ? {} : { nextToken }),
    });
    for (const { message } of page["events"] as { message: string }[]) messages.push(message);
    nextToken = page["nextToken"];
    if (nextToken === undefined) return messages;
  }
}

/** Puts batches until the server dies; answers how many were acknowledged. */
async function putUntilKilled(url: string, logStreamName: string): Promise<number> {
  const client = clientOf(url);
  for (let batch = 0; ; batch++) {
    const now = Date.now();
    const logEvents = Array.from({ length: 50 }, (_, index) => ({
      timestamp: now,
      message: `${logStreamName} ${batch} ${index}`,
    }));
    try {
      await client.call("PutLogEvents", { logGroupName: "put", logStreamName, logEvents });
    } catch {
      return batch;
    }
  }
}

/** Requests, each of which makes an access log line, until the server dies; answers their ids. */
async function getUntilKilled(url: string, apiId: string): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    try {
      const response = await fetch(`${url}/_aws/execute-api/${apiId}/prod/`);
      ids.push(response.headers.get("x-amzn-requestid") ?? "");
      await response.arrayBuffer();
    } catch {
      return ids;
    }
  }
}

test(`after kill -9, ${rounds} times: acknowledged events are there, of access logs only the last moment is lost`, async (t) => {
  let server = await restart();
  await clientOf(server.url).call("CreateLogGroup", { logGroupName: "put" });
  const api = await MockApi.create(server.url);
  await api.deploy("hello");
  const replace = (path: string, value: string) => ({ op: "replace", path, value });
  await call(server.url, "PATCH", "/account", {
    patchOperations: [replace("/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")],
  });
  await call(server.url, "PATCH", `/restapis/${api.id}/stages/prod`, {
    patchOperations: [
      replace("/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:access"),
      replace("/accessLogSettings/format", "$context.requestId"),
    ],
  });
  let acknowledged = 0;
  let lost = 0;
  let expected: string[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const { url } = server;
      const names = Array.from({ length: writers }, (_, writer) => `${round}.${writer}`);
      for (const logStreamName of names) {
        await clientOf(url).call("CreateLogStream", { logGroupName: "put", logStreamName });
      }
      const putting = names.map((name) => putUntilKilled(url, name));
      const getting = getUntilKilled(url, api.id);
      // Well into the writes, at a different moment of a batch each time.
      await until(async () => (await messagesOf(url, "access").catch(() => [])).length > expected.length + 20);
      // tidy-allow: time – the moment of the kill is meant to be any
      await new Promise((resolve) => setTimeout(resolve, 37 * round));
      await server.kill();
      const batches = await Promise.all(putting);
      const ids = await getting;

      server = await restart();
      const found = await messagesOf(server.url, "put");
      for (const [index, name] of names.entries()) {
        const own = found.filter((message) => message.startsWith(`${name} `));
        const least = (batches[index] as number) * 50;
        acknowledged += least;
        // A batch under way is there whole or not at all.
        assert.ok(own.length === least || own.length === least + 50, `${own.length} events, ${least} acknowledged`);
        assert.deepEqual(
          own,
          Array.from({ length: own.length }, (_, at) => `${name} ${Math.floor(at / 50)} ${at % 50}`),
        );
      }
      const lines = await messagesOf(server.url, "access");
      const all = [...expected, ...ids];
      // The request that was cut off may have its line, too.
      const known = lines.slice(0, all.length);
      assert.deepEqual(known, all.slice(0, known.length), "nothing is missing but the end");
      assert.ok(lines.length > expected.length + 20 && lines.length <= all.length + 1);
      lost += Math.max(0, all.length - lines.length);
      expected = lines;
    }
    t.diagnostic(`${acknowledged} events were acknowledged; ${expected.length} access log lines kept, ${lost} lost`);
  } finally {
    await server.kill();
  }
  const database = new DatabaseSync(join(data, "logs.db"));
  assert.deepEqual({ ...database.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
  database.close();
});
