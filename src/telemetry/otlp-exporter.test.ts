import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { until } from "../../test/until.ts";
import { bounds } from "../base/bounds.ts";
import { OtlpExporter } from "./otlp-exporter.ts";

interface Collector {
  readonly exporter: OtlpExporter<number>;
  readonly losses: (readonly [count: number, why: string])[];
}

/** Runs a test with an exporter to a collector that answers like this. */
async function withCollector(
  answer: RequestListener,
  run: (collector: Collector) => Promise<void>,
  charsOf: (item: number) => number = () => 0,
): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const losses: Collector["losses"] = [];
  const exporter = new OtlpExporter<number>({
    target: { url: `http://127.0.0.1:${port}/base/`, headers: { "api-key": "k" } },
    path: "/v1/traces",
    envelope: (items) => ({ items }),
    charsOf,
    onLoss: (count, why) => losses.push([count, why]),
  });
  try {
    await run({ exporter, losses });
  } finally {
    await exporter.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Reads a request's items. */
const itemsOf = async (request: Parameters<RequestListener>[0]): Promise<number[]> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return (JSON.parse(Buffer.concat(chunks).toString()) as { items: number[] }).items;
};

test("a batch is sent again after the answers that allow it, and as soon as it is asked for", async () => {
  const seen: unknown[] = [];
  const statuses = [503, 429, 200];
  await withCollector(
    async (request, response) => {
      seen.push([request.url, request.headers["api-key"], await itemsOf(request)]);
      response.writeHead(statuses.shift() ?? 200, { "retry-after": "0" }).end("{}");
    },
    async ({ exporter, losses }) => {
      exporter.add(1);
      exporter.add(2);
      await until(() => seen.length === 3);
      await exporter.close();
      assert.deepEqual(seen, Array(3).fill(["/base/v1/traces", "k", [1, 2]]));
      assert.deepEqual(losses, []);
    },
  );
});

test("what the collector refuses is told of, and not sent again", async () => {
  let requests = 0;
  await withCollector(
    (request, response) => {
      requests++;
      request.resume();
      if (requests === 1) response.writeHead(400).end("no");
      else response.end('{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}');
    },
    async ({ exporter, losses }) => {
      exporter.add(1);
      await until(() => losses.length === 1);
      exporter.add(2);
      exporter.add(3);
      await until(() => losses.length === 2);
      assert.deepEqual(losses, [
        [1, "the collector answered 400"],
        [1, "the collector refused them: too old"],
      ]);
      assert.equal(requests, 2);
    },
  );
});

test("a collector that does not answer costs what finds no room, and does not hold up the end", async () => {
  await withCollector(
    () => undefined,
    async ({ exporter, losses }) => {
      const waiting = bounds.otlpItemsWaitingMax.value;
      for (let item = 0; item < waiting + bounds.otlpBatchItemsMax.value + 10; item++) exporter.add(item);
      await exporter.close();
      const lost = losses.reduce((sum, [count]) => sum + count, 0);
      assert.equal(lost, waiting + bounds.otlpBatchItemsMax.value + 10);
    },
  );
});

test("what waits, and what goes in one request, is bounded by its length, too; one long item goes alone", async () => {
  const batches: number[][] = [];
  const chars = bounds.otlpBatchCharsMax.value;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await withCollector(
    async (request, response) => {
      batches.push(await itemsOf(request));
      await held;
      response.end("{}");
    },
    async ({ exporter, losses }) => {
      exporter.add(2 * chars);
      await until(() => batches.length === 1);
      for (let item = 0; item < 3; item++) exporter.add(chars / 2);
      let room = bounds.otlpCharsWaitingMax.value - 1.5 * chars;
      for (; room >= chars; room -= chars) exporter.add(chars);
      exporter.add(room);
      exporter.add(1);
      release();
      await exporter.close();
      assert.deepEqual(batches.slice(0, 3), [[2 * chars], [chars / 2, chars / 2], [chars / 2]]);
      assert.deepEqual(losses, [[1, "they came faster than the collector takes them"]]);
    },
    (item) => item,
  );
});

test("a redirect and an endless answer are no acceptance of anything else", async () => {
  let requests = 0;
  await withCollector(
    (request, response) => {
      requests++;
      request.resume();
      if (requests > 1) response.end("x".repeat(1_000_000));
      else response.writeHead(307, { location: "http://127.0.0.1:1/" }).end();
    },
    async ({ exporter, losses }) => {
      exporter.add(1);
      await until(() => requests === 2);
      await exporter.close();
      assert.deepEqual(losses, []);
    },
  );
});
