// The queries of examples/grafana-dashboard.json in a real Prometheus that reads a server under load.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { examplesFolder } from "../../scripts/example-file.ts";
import { type Portico, startPortico } from "../portico.ts";
import { call, send } from "../server/mock-api.ts";
import { connectMock, mockApi } from "../server/websocket-mock-api.ts";
import { run, tool } from "../tool.ts";
import { until } from "../until.ts";
import { type Prometheus, type Sample, startPrometheus } from "./prometheus.ts";

interface Query {
  readonly panel: string;
  readonly legend: string;
  readonly expression: string;
}

interface Variable {
  readonly name: string;
  readonly selector: string;
  readonly label: string;
}

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly datasource: unknown;
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string; readonly datasource: unknown }[];
  }[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { query: string };
    }[];
  };
}

const dashboard = JSON.parse(readFileSync(join(examplesFolder, "grafana-dashboard.json"), "utf8")) as Dashboard;

const queries: readonly Query[] = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr, legendFormat }) => ({ panel: title, legend: legendFormat, expression: expr })),
);

const variables: readonly Variable[] = dashboard.templating.list.flatMap(({ name, type, query }) => {
  if (type !== "query" || typeof query === "string") return [];
  const [, selector = "", label = ""] = /^label_values\((.+), (\w+)\)$/.exec(query.query) ?? [];
  return { name, selector, label };
});

/** Puts in what Grafana puts in. */
function fill(expression: string, values: Readonly<Record<string, string>>): string {
  return expression.replaceAll(/\$(\w+)/g, (_, name: string) => values[name] ?? assert.fail(`$${name}`));
}

/** "All" is `.*` (`allValue`). */
const all = { instance: ".*", api: ".*", stage: ".*", route: ".*", __rate_interval: "10s" };

/** What stays 0 under this load: no function is called. */
const mayBeZero: ReadonlySet<string> = new Set(["errors of functions"]);

test("every panel and query takes its data source from the dashboard's variable", () => {
  const wanted = { type: "prometheus", uid: `\${datasource}` };
  assert.equal(dashboard.templating.list[0]?.name, "datasource");
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  for (const { datasource, targets } of dashboard.panels) {
    for (const one of [{ datasource }, ...targets]) assert.deepEqual(one.datasource, wanted);
  }
});

const prometheusThere = tool("prometheus", ["--version"], existsSync("/usr/bin/apt-get"));

test("every query of the dashboard finds what a server under load has counted", prometheusThere, async () => {
  const backend = createServer((request, response) => {
    if (request.url === "/gone") request.destroy();
    else response.writeHead(request.url === "/fail" ? 500 : 200).end("done");
  }).listen(0, "127.0.0.1");
  await once(backend, "listening");
  const portico = await startPortico();
  let isLoading = true;
  try {
    const restApi = await aRestApi(portico, `http://127.0.0.1:${(backend.address() as AddressInfo).port}`);
    const webSocketApi = await mockApi(portico.url);
    await using prometheus = await startPrometheus(`127.0.0.1:${portico.port}`);
    const load = keepLoading(portico, { restApi, webSocketApi }, () => isLoading);
    try {
      await checkDashboard(prometheus, restApi);
      const page = await (await fetch(`${portico.url}/_portico/metrics`)).text();
      const checked = await run("promtool", ["check", "metrics"], { input: page });
      assert.equal(checked.stdout + checked.stderr, "", "promtool finds nothing to complain of");
    } finally {
      isLoading = false;
      await load;
    }
  } finally {
    await portico.stop();
    backend.close();
  }
});

async function checkDashboard(prometheus: Prometheus, restApi: string): Promise<void> {
  await until(async () => (await prometheus.readingProblem()) === "", { what: "the metrics are read", ms: 30_000 });
  assert.ok(queries.length >= 20, String(queries.length));
  for (const { panel, legend, expression } of queries) {
    const filled = fill(expression, all);
    let found: Sample[] = [];
    const isThere = async (): Promise<boolean> => {
      found = await prometheus.query(filled);
      return found.some(({ value }) => value > 0 || (value === 0 && mayBeZero.has(legend)));
    };
    await until(isThere, { what: `${panel}, ${legend}: ${filled}`, ms: 30_000 });
    assert.ok(!found.some(({ value }) => value < 0), panel);
    for (const [, label = ""] of legend.matchAll(/\{\{(\w+)\}\}/g)) {
      assert.ok(
        found.every(({ metric }) => label in metric || label === "route"),
        `${panel}: ${label}`,
      );
    }
  }

  for (const { name, selector, label } of variables) {
    const values = await prometheus.labelValues(fill(selector, all), label);
    assert.ok(values.length > 0, `${name}: ${selector}`);
    if (name === "api") assert.ok(values.includes(restApi));
    if (name === "route") assert.ok(values.includes("GET /pets") && values.includes("$default"), values.join());
  }

  // As Grafana writes one chosen value, and several.
  const chosen = { ...all, api: restApi, stage: "(prod|dev)", route: "GET /pets" };
  const query = queries.find(({ panel }) => panel === "Requests by route");
  const found = await prometheus.query(fill(query?.expression ?? "", chosen));
  assert.deepEqual(
    found.map(({ metric }) => metric),
    [{ api: restApi, stage: "prod", route: "GET /pets" }],
  );
  const percent = await prometheus.query(
    fill(queries.find(({ panel }) => panel === "Threads")?.expression ?? "", chosen),
  );
  assert.deepEqual(percent.map(({ metric }) => metric["thread"]).sort(), ["control", "gateway-0", "gateway-1"]);
  for (const { metric, value } of percent) assert.ok(value <= 1.1, `${metric["thread"]} works ${value} of the time`);
}

/** An API whose stage `prod` caches, throttles one method and fails in two ways. Returns its id. */
async function aRestApi({ url }: Portico, backend: string): Promise<string> {
  const { id, rootResourceId } = await call(url, "POST", "/restapis", { name: "shop" });
  for (const pathPart of ["pets", "busy", "fail", "gone"]) {
    const made = await call(url, "POST", `/restapis/${id}/resources/${rootResourceId}`, { pathPart });
    const method = `/restapis/${id}/resources/${made["id"]}/methods/GET`;
    await call(url, "PUT", method, { authorizationType: "NONE" });
    await call(url, "PUT", `${method}/integration`, {
      ...{ type: "HTTP_PROXY", httpMethod: "GET", uri: `${backend}/${pathPart}` },
    });
  }
  const { id: deploymentId } = await call(url, "POST", `/restapis/${id}/deployments`, {});
  await call(url, "POST", `/restapis/${id}/stages`, {
    ...{ stageName: "prod", deploymentId, cacheClusterEnabled: true, cacheClusterSize: "0.5" },
  });
  const patchOperations = [
    { op: "replace", path: "/~1pets/GET/caching/enabled", value: "true" },
    { op: "replace", path: "/~1pets/GET/caching/ttlInSeconds", value: "1" },
    { op: "replace", path: "/~1busy/GET/throttling/rateLimit", value: "1" },
    { op: "replace", path: "/~1busy/GET/throttling/burstLimit", value: "1" },
  ];
  await call(url, "PATCH", `/restapis/${id}/stages/prod`, { patchOperations });
  return String(id);
}

/** Sends requests and messages, and opens and closes WebSockets, until `isLoading` says no. */
async function keepLoading(
  { url }: Portico,
  { restApi, webSocketApi }: { readonly restApi: string; readonly webSocketApi: string },
  isLoading: () => boolean,
): Promise<void> {
  const webSockets = `${url.replace("http", "ws")}/_aws/execute-api/${webSocketApi}/prod`;
  const { socket: staying } = await connectMock(webSockets);
  while (isLoading()) {
    const paths = ["pets", "pets", "pets", "busy", "busy", "fail", "gone", "nowhere"];
    await Promise.all(paths.map((path) => send(`${url}/_aws/execute-api/${restApi}/prod/${path}`)));
    const { socket } = await connectMock(webSockets);
    staying.send("{}");
    socket.close();
    await once(socket, "close");
  }
  staying.close();
}
