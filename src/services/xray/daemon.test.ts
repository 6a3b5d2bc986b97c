import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { until } from "../../../test/until.ts";
import { bounds } from "../../base/bounds.ts";
import { DaemonSender } from "./daemon.ts";

const datagrams: string[] = [];
const daemon = createSocket("udp4").on("message", (message) => datagrams.push(message.toString()));
await new Promise<void>((resolve) => daemon.bind(0, "127.0.0.1", resolve));
const { port } = daemon.address() as AddressInfo;
after(() => daemon.close());

const most = bounds.traceDatagramsUnderWayMax.value;
const here = { address: "127.0.0.1", family: 4 };

test("what was sent before the end arrives, and a name is looked up once", async () => {
  const asked: string[] = [];
  const losses: string[] = [];
  const sender = new DaemonSender(
    `daemon.test:${port}`,
    (why) => losses.push(why),
    async (host) => {
      asked.push(host);
      return here;
    },
  );
  datagrams.length = 0;
  for (let each = 0; each < 50; each++) sender.send(`{"n":${each}}`);
  await sender.close();
  await until(() => datagrams.length === 50, { what: "all datagrams arrive" });
  assert.equal(datagrams[0], '{"format": "json", "version": 1}\n{"n":0}');
  assert.deepEqual(asked.filter((host) => host === "daemon.test").length, 1);
  assert.deepEqual(losses, []);
});

test("while a name is not found, a bounded number waits; more is lost, and the end comes all the same", async () => {
  const losses: string[] = [];
  const sender = new DaemonSender(
    `daemon.test:${port}`,
    (why) => losses.push(why),
    (host) => (host === "daemon.test" ? new Promise(() => undefined) : Promise.resolve({ address: host, family: 4 })),
  );
  for (let each = 0; each < most + 5; each++) sender.send("{}");
  assert.deepEqual(losses, Array(5).fill(`${most} segments are on their way to daemon.test`));
  await sender.close();
});

test("a name that is not found loses segments, which are told of", async () => {
  const losses: string[] = [];
  const sender = new DaemonSender(
    `daemon.test:${port}`,
    (why) => losses.push(why),
    async (host) => {
      if (host === "daemon.test") throw new Error("getaddrinfo ENOTFOUND daemon.test");
      return { address: host, family: 4 };
    },
  );
  for (let each = 0; each < 3; each++) sender.send("{}");
  await until(() => losses.length === 3, { what: "three segments are lost" });
  assert.deepEqual(new Set(losses), new Set(["getaddrinfo ENOTFOUND daemon.test"]));
  sender.send("x".repeat(bounds.traceDatagramBytesMax.value));
  assert.equal(losses.at(-1), "a segment is longer than a datagram");
  await sender.close();
});
