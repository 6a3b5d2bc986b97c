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
  const stage = first.stage("abc/prod");
  assert.equal(second.stage("abc/prod"), stage);
  assert.notEqual(second.stage("abc/dev"), stage);
  first.request(stage, 200, 4);
  second.request(stage, 503, 40);
  second.integration(2_000);
  const text = renderMetrics(buffer);
  for (const line of [
    "portico_management_requests_total 1",
    "portico_connections_total 5",
    "portico_connections_open 4",
    'portico_requests_total{api="abc",stage="prod",class="2xx"} 1',
    'portico_requests_total{api="abc",stage="prod",class="5xx"} 1',
    'portico_request_duration_seconds_bucket{le="0.005"} 1',
    'portico_request_duration_seconds_bucket{le="+Inf"} 2',
    "portico_request_duration_seconds_sum 0.044",
    "portico_integration_duration_seconds_sum 2",
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
  new Metrics(buffer, 2);
  assert.match(renderMetrics(buffer), /connections_open 0\n/, "a replaced thread's open connections are gone");
});

test("stages beyond the table's end share a label", () => {
  const metrics = new Metrics(allocateMetrics(1), 1);
  const indexes = new Set<number>();
  for (let index = 0; index < 300; index++) indexes.add(metrics.stage(`api${index}/prod`));
  assert.equal(indexes.size, 256);
  assert.equal(metrics.stage("x".repeat(300)), metrics.noStage);
});

test("labels are escaped", () => {
  const buffer = allocateMetrics(1);
  const metrics = new Metrics(buffer, 1);
  metrics.request(metrics.stage('a"b\\c/p'), 200, 1);
  assert.match(renderMetrics(buffer), /\{api="a\\"b\\\\c",stage="p",class="2xx"\} 1/);
});
