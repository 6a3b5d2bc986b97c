import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateMetrics, Metrics, renderMetrics } from "../../telemetry/metrics.ts";
import { readSample } from "./metrics-sample.ts";
import { compareSamples, quantileMs } from "./route-rates.ts";

test("what the server renders is read, and the difference of two readings is by second", () => {
  const buffer = allocateMetrics(1);
  const metrics = new Metrics(buffer, 1);
  const pets = metrics.route("abc/prod", 'GET /"pets"\\{id}');
  const stage = metrics.route("abc/prod");
  metrics.set("connectionsOpen", 3);
  for (let count = 0; count < 5; count++) metrics.request(pets, 200, 2_000);
  metrics.routeEvent(pets, "cacheHits");
  const before = readSample(renderMetrics(buffer), 1_000);
  for (let count = 0; count < 98; count++) metrics.request(pets, 200, 3);
  metrics.request(pets, 404, 3);
  metrics.request(pets, 502, 700);
  metrics.request(stage, 404, 0);
  metrics.routeEvent(pets, "throttled");
  metrics.routeEvent(pets, "cacheHits");
  for (let count = 0; count < 3; count++) metrics.routeEvent(pets, "cacheMisses");
  const { seconds, connectionsOpen, routes } = compareSamples(before, readSample(renderMetrics(buffer), 3_000));
  assert.deepEqual([seconds, connectionsOpen, routes.length], [2, 3, 2]);
  const [busiest, other] = routes;
  assert.ok(busiest && other);
  const { p50Ms = 0, p99Ms = 0, ...rates } = busiest;
  assert.deepEqual(rates, {
    api: "abc",
    stage: "prod",
    route: 'GET /"pets"\\{id}',
    requests: 100,
    requestsPerSecond: 50,
    clientErrorsPerSecond: 0.5,
    serverErrorsPerSecond: 0.5,
    throttledPerSecond: 0.5,
    cacheHitShare: 0.25,
  });
  assert.ok(p50Ms > 2.5 && p50Ms <= 5, String(p50Ms));
  assert.ok(p99Ms > 2.5 && p99Ms <= 5, String(p99Ms));
  assert.deepEqual([other.route, other.requests, other.cacheHitShare], ["", 1, undefined]);
});

test("a server that has restarted counts from 0", () => {
  const sampleOf = (count: number) => {
    const buffer = allocateMetrics(1);
    const metrics = new Metrics(buffer, 1);
    const route = metrics.route("abc/prod", "GET /");
    for (let index = 0; index < count; index++) metrics.request(route, 200, 1);
    return renderMetrics(buffer);
  };
  const { routes } = compareSamples(readSample(sampleOf(10), 0), readSample(sampleOf(4), 1_000));
  assert.deepEqual(
    routes.map(({ requests, p99Ms }) => [requests, p99Ms! > 0]),
    [[4, true]],
  );
});

test("quantiles are between the bounds of their bucket, and never beyond the last bound", () => {
  const buckets = [
    { upTo: 0.01, count: 50 },
    { upTo: 0.02, count: 100 },
    { upTo: Number.POSITIVE_INFINITY, count: 200 },
  ];
  assert.equal(quantileMs(buckets, 0.125), 5);
  assert.equal(quantileMs(buckets, 0.375), 15);
  assert.equal(quantileMs(buckets, 0.99), 20);
  assert.equal(quantileMs([], 0.5), 0);
});
