import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileHttpApi } from "../../../src/compiler/http-api/compile-http-api.ts";
import { anHttpApi, anHttpStage, aUrl } from "../../../test/exchange/an-http-api.ts";
import type { Bench } from "../../bench.ts";
import { leastCost, load, loadCost } from "../../measure.ts";
import { startPlanProcess } from "../start-gateway-process.ts";

const origin = "https://app.example";
const asks = `wrk.method = "OPTIONS"
wrk.headers["Origin"] = "${origin}"
wrk.headers["Access-Control-Request-Method"] = "PUT"
wrk.headers["Access-Control-Request-Headers"] = "content-type"
`;

/** The goal is 60,000 requests a second, which is 16.7 µs of a core. */
export const bench: Bench = {
  title: "a preflight that an HTTP API answers itself, one core",
  needs: ["wrk"],
  async run() {
    const cors = { AllowOrigins: [origin], AllowMethods: ["*"], AllowHeaders: ["content-type"], MaxAge: 300 };
    const definition = anHttpApi(
      { "PUT /pets/{id}": { integration: aUrl("https://backend.example/") } },
      { api: { CorsConfiguration: cors } },
    );
    const plan = compileHttpApi(definition, anHttpStage(), { account: "000000000000", region: "us-east-1" });
    const folder = mkdtempSync(join(tmpdir(), "portico-bench-"));
    const script = join(folder, "preflight.lua");
    writeFileSync(script, asks);
    await using gateway = await startPlanProcess(0, plan);
    const answer = await fetch(`${gateway.url}/pets/1`, {
      method: "OPTIONS",
      headers: { Origin: origin, "Access-Control-Request-Method": "PUT" },
    });
    if (answer.status !== 204 || answer.headers.get("access-control-allow-origin") !== origin)
      throw new Error(`no preflight: ${answer.status}`);
    await load(`${gateway.url}/pets/1`, { seconds: 2, script });
    const { rate, cpuUs } = await leastCost(5, () => loadCost(`${gateway.url}/pets/1`, gateway.cpuUs, { script }));
    rmSync(folder, { recursive: true });
    return { "requests/s": rate, "CPU µs a request": cpuUs };
  },
};
