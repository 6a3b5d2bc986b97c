import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateMetrics, Metrics, renderMetrics } from "./metrics.ts";

test("threads count for themselves, and the sum is rendered", () => {
  const buffer = allocateMetrics(2);
  const [control, first, second] = [new Metrics(buffer, 0), new Metrics(buffer, 1), new Metrics(buffer, 2)];
  control.add("managementRequests");
  first.add("connectionsTotal", 2);
  second.add("connectionsTotal", 3);
  second.set("connectionsOpen", 4);
  const route = first.route("abc/prod", "GET /pets");
  assert.equal(second.route("abc/prod", "GET /pets"), route);
  for (const other of [second.route("abc/dev", "GET /pets"), second.route("abc/prod")]) assert.notEqual(other, route);
  first.request(route, 200, 4);
  second.request(route, 503, 40);
  second.routeEvent(route, "throttled");
  first.routeEvent(route, "cacheHits");
  second.routeEvent(route, "cacheHits");
  second.integration(2_000);
  second.request(second.route("abc/prod"), 304, 1);
  const text = renderMetrics(buffer);
  assert.ok(
    !text.includes('cache_hits_total{api="abc",stage="prod",route=""}'),
    "a route without a cache has no counts of it",
  );
  for (const line of [
    "portico_management_requests_total 1",
    "portico_connections_total 5",
    "portico_connections_open 4",
    'portico_requests_total{api="abc",stage="prod",route="GET /pets",class="2xx"} 1',
    'portico_requests_total{api="abc",stage="prod",route="GET /pets",class="5xx"} 1',
    'portico_requests_total{api="abc",stage="prod",route="GET /pets",class="4xx"} 0',
    'portico_route_throttled_total{api="abc",stage="prod",route="GET /pets"} 1',
    'portico_cache_misses_total{api="abc",stage="prod",route="GET /pets"} 0',
    'portico_cache_hits_total{api="abc",stage="prod",route="GET /pets"} 2',
    'portico_request_duration_seconds_bucket{api="abc",stage="prod",route="GET /pets",le="0.005"} 1',
    'portico_request_duration_seconds_bucket{api="abc",stage="prod",route="GET /pets",le="+Inf"} 2',
    'portico_request_duration_seconds_sum{api="abc",stage="prod",route="GET /pets"} 0.044',
    'portico_request_duration_seconds_count{api="abc",stage="prod",route="GET /pets"} 2',
    "portico_integration_duration_seconds_sum 2",
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  new Metrics(buffer, 2);
  assert.match(renderMetrics(buffer), /connections_open 0\n/, "a replaced thread's open connections are gone");
});

test("a route beyond the table's end counts for its stage, and a stage for no stage", () => {
  const buffer = allocateMetrics(1);
  const metrics = new Metrics(buffer, 1);
  const stage = metrics.route("abc/prod");
  const rows = new Set<number>();
  for (let index = 0; index < 100_000; index++) {
    const row = metrics.route("abc/prod", `GET /${index}`);
    if (row !== stage) assert.ok(!rows.has(row));
    rows.add(row);
  }
  assert.ok(rows.size > 1_000 && rows.size <= 1_024, String(rows.size));
  assert.equal(metrics.route("abc/prod", `GET /${"x".repeat(300)}`), stage);
  assert.equal(metrics.route("x".repeat(300)), metrics.noStage);
  assert.equal(metrics.route("late/prod", "GET /"), metrics.noStage);
  for (const row of rows) metrics.request(row, 200, 1);
  const text = renderMetrics(buffer);
  assert.equal(text.match(/^portico_requests_total\{/gm)?.length, 3 * rows.size);
});

test("labels are escaped", () => {
  const buffer = allocateMetrics(1);
  const metrics = new Metrics(buffer, 1);
  metrics.request(metrics.route('a"b\\c/p', 'say "x"'), 200, 1);
  assert.match(renderMetrics(buffer), /\{api="a\\"b\\\\c",stage="p",route="say \\"x\\"",class="2xx"\} 1/);
});
