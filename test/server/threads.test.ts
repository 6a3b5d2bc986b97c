import assert from "node:assert/strict";
import { test } from "node:test";
import { developmentListener } from "../../src/http/listener.ts";
import type { ToThread } from "../../src/server/messages.ts";
import { ThreadPool, type ThreadPoolOptions } from "../../src/server/threads.ts";
import { type Logger, makeLogger } from "../../src/telemetry/logger.ts";
import { until } from "../until.ts";

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

const empty = (): SharedArrayBuffer => new SharedArrayBuffer(8);

async function withPool(
  options: {
    count: number;
    port?: number;
    host?: string;
    replay?: () => readonly ToThread[];
    refused?: ThreadPoolOptions["refused"];
  },
  use: (pool: ThreadPool, lines: Line[]) => Promise<void>,
): Promise<void> {
  const lines: Line[] = [];
  const logger: Logger = makeLogger("debug", (level, message, fields) => lines.push({ level, message, fields }));
  const pool = new ThreadPool({
    entry: new URL("./fake-thread.ts", import.meta.url),
    count: options.count,
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    start: {
      controlSocket: "/nowhere",
      metrics: new SharedArrayBuffer(8),
      throttles: { methods: new SharedArrayBuffer(8), clients: new SharedArrayBuffer(8) },
      wafRates: new SharedArrayBuffer(8),
      sampling: new SharedArrayBuffer(8),
      geo: {},
      clock: new SharedArrayBuffer(8),
      listener: developmentListener,
      authority: { certificate: "", privateKey: "", name: "" },
      settings: {
        payloadBytesMax: 1,
        accountThrottle: { ratePerSecond: 1, burst: 1 },
        connectThrottle: { ratePerSecond: 1, burst: 1 },
        connectionsMax: 1_000,
        headerBytesMax: 1,
        headerTimeoutMs: 1,
        bodyTimeoutMs: 1,
        keepAliveMs: 1,
        logLevel: "debug",
        otlpShare: undefined,
        otlpLogs: [],
        accessLog: "-",
        backendAuthorities: [],
        domains: [],
        allowedOrigins: [],
        beyondAws: [],
        resume: undefined,
        isEnforced: false,
        services: { endpoints: {} },
        cacheFillWaitMs: 0,
      },
    },
    logger,
    connectFunctions: (port) => port.unref(),
    connectLogs: (port) => port.unref(),
    connectTraces: (port) => port.unref(),
    connectMetrics: (port) => port.unref(),
    connectApiKeys(port) {
      port.unref();
      return { salt: "", header: empty(), chains: empty(), keys: [], memberships: [] };
    },
    saveUsage: () => Promise.resolve(true),
    acceptEvent: () => Promise.reject(new Error("no events here")),
    noteAccessKey: () => undefined,
    refused: options.refused ?? (() => undefined),
    replay: options.replay ?? (() => [{ kind: "revision", revision: 0 }]),
  });
  try {
    await use(pool, lines);
  } finally {
    await pool.stop(0);
  }
}

const plan = (key: string): ToThread => ({ kind: "plan", key, revision: 1, value: null });
const told = (lines: readonly Line[]): readonly Line[] => lines.filter(({ message }) => message === "told");

test("with port 0 the first thread picks one and the others share it", async () => {
  await withPool({ count: 3 }, async (pool, lines) => {
    assert.equal(await pool.start(), 40_000);
    assert.ok(pool.isEveryThreadListening);
    pool.post(plan("tell"));
    await until(() => told(lines).length === 3);
    const ports = told(lines).map(({ fields }) => [fields["thread"], fields["port"], fields["isPortShared"]]);
    assert.deepEqual(ports.sort(), [
      [0, 0, true],
      [1, 40_000, true],
      [2, 40_000, true],
    ]);
  });
});

test("a revision is applied when every thread says so", async () => {
  await withPool({ count: 2, port: 4000 }, async (pool) => {
    await pool.start();
    await pool.applied(0);
    assert.equal(pool.hasApplied(5), false);
    const applied = pool.applied(5);
    pool.post({ kind: "revision", revision: 5 });
    await applied;
    assert.ok(pool.hasApplied(5));
  });
});

for (const way of ["die", "throw"] as const) {
  test(`a thread that ends by ${way} is replaced and told everything; the others are left alone`, async () => {
    let replayed = 0;
    const replay = (): ToThread[] => [plan(`api/${++replayed}`), { kind: "revision", revision: 3 }];
    await withPool({ count: 2, port: 4000, replay }, async (pool, lines) => {
      await pool.start();
      pool.post(plan(`${way}/0`));
      await until(() => !pool.isEveryThreadListening);
      // Nobody has to wait for a dead thread.
      await pool.applied(3);
      await until(() => pool.isEveryThreadListening);
      await pool.applied(3);
      pool.post(plan("tell"));
      await until(() => told(lines).length === 2);
      const applied = Object.fromEntries(told(lines).map(({ fields }) => [fields["thread"], fields["applied"]]));
      assert.deepEqual(applied, { 0: ["api/3"], 1: ["api/2"] });
      assert.ok(lines.some(({ level, message }) => level === "error" && /died and is replaced/.test(message)));
    });
  });
}

test("whoever reads metrics waits for threads that hang in bounded time, and not for those that die", async () => {
  await withPool({ count: 3, port: 4000 }, async (pool) => {
    await pool.start();
    await pool.collectMetrics();
    pool.post(plan("deaf/0"));
    const collected = pool.collectMetrics();
    await pool.terminate(1);
    await collected;
  });
});

test("a thread that dies again and again is replaced more and more slowly", async () => {
  let isSick = true;
  const replay = (): ToThread[] => [...(isSick ? [plan("die/1")] : []), { kind: "revision", revision: 0 }];
  isSick = false;
  await withPool({ count: 2, port: 4000, replay }, async (pool, lines) => {
    await pool.start();
    isSick = true;
    pool.post(plan("die/1"));
    const delays = (): unknown[] => lines.flatMap(({ fields }) => fields["delayMs"] ?? []);
    await until(() => delays().length === 3);
    assert.deepEqual(delays(), [0, 200, 400]);
    isSick = false;
    await until(() => pool.isEveryThreadListening);
  });
});

test("a port that can't be had is a sentence for the user", async () => {
  await withPool({ count: 2, host: "refused", port: 4000 }, async (pool) => {
    await assert.rejects(pool.start(), /Can't listen on refused:4000\. Another program has that port\. .*--port/);
  });
});

test("a thread that dies while the server starts ends the start", async () => {
  const replay = (): ToThread[] => [plan("die/0"), { kind: "revision", revision: 0 }];
  await withPool({ count: 1, port: 4000, replay }, async (pool) => {
    await assert.rejects(pool.start(), /thread 0 ended with code 7/);
  });
});

test("a thread that does not stop is ended after the drain time", async () => {
  await withPool({ count: 2, port: 4000 }, async (pool) => {
    await pool.start();
    pool.post(plan("deaf/1"));
    // tidy-allow: time – a thread may not be ended before its time
    const started = performance.now();
    await pool.stop(50);
    // tidy-allow: time – as above
    const ms = performance.now() - started;
    assert.ok(ms >= 1000, `${ms}`);
    // Whoever waited for it is let go.
    await pool.applied(99);
  });
});

test("a publication that a thread could not take in is told of, with the reason", async () => {
  const heard: unknown[] = [];
  await withPool({ count: 2, port: 4000, refused: (...told) => heard.push(told) }, async (pool) => {
    await pool.start();
    pool.post(plan("refuse/1"));
    await until(() => heard.length > 0);
    assert.deepEqual(heard, [[{ kind: "plan", key: "refuse/1", revision: 1 }, "the thread was told to"]]);
  });
});
