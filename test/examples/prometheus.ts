import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../until.ts";

/** A value of a query's answer, or NaN. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of its own that reads one server's metrics twice a second. */
export interface Prometheus extends AsyncDisposable {
  /** Runs an instant query. Rejects with Prometheus's words if it is none. */
  query(expression: string): Promise<Sample[]>;
  /** Returns the values of a label of the series that a selector chooses. */
  labelValues(selector: string, label: string): Promise<string[]>;
  /** How the last reading went: empty if well. */
  readingProblem(): Promise<string>;
}

/** Starts Prometheus on loopback; resolves when it answers. `target` is the host and port that it reads. */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "portico-prometheus-"));
  const config = join(folder, "prometheus.yml");
  writeFileSync(
    config,
    `global: { scrape_interval: 500ms, scrape_timeout: 500ms }
scrape_configs:
  - job_name: portico
    metrics_path: /_portico/metrics
    static_configs: [{ targets: ["${target}"] }]
`,
  );
  const port = await freePort();
  const child = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = once(child, "close");
  const killAtExit = (): void => void child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const stop = async (): Promise<void> => {
    process.off("exit", killAtExit);
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended:\n${output}`);
    return fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  };
  try {
    await until(isReady, { ms: 60_000, what: "Prometheus is ready" });
  } catch (error) {
    await stop();
    throw error;
  }
  const ask = async <Data>(path: string, query: Readonly<Record<string, string>> = {}): Promise<Data> => {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(query)}`);
    const answer = (await response.json()) as { status: string; error?: string; data: Data };
    if (answer.status !== "success") throw new Error(`${answer.error}: ${Object.values(query).join()}`);
    return answer.data;
  };
  return {
    async query(expression) {
      type Vector = { result: readonly { metric: Sample["metric"]; value: readonly [number, string] }[] };
      const { result } = await ask<Vector>("query", { query: expression });
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    labelValues: (selector, label) => ask(`label/${label}/values`, { "match[]": selector }),
    async readingProblem() {
      const { activeTargets } = await ask<{ activeTargets: { lastError: string; health: string }[] }>("targets");
      const [{ lastError, health } = { lastError: "no target", health: "" }] = activeTargets;
      return health === "up" ? "" : `${health} ${lastError}`;
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
