// Autobahn's own test suite against a route that echoes through an HTTP_PROXY backend. It runs where `wstest` is on the path or named
// by WSTEST: `pip install autobahntestsuite`, in an environment of Python 2.7.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { makeClient } from "../../src/protocol/client.ts";
import { startBackend } from "../exchange/start-gateway.ts";
import { startPortico } from "../portico.ts";

const wstest = process.env["WSTEST"] ?? "wstest";
const isThere = spawnSync(wstest, ["--help"]).status === 0;

/** What Autobahn says of a case. */
interface CaseReport {
  readonly behavior: string;
  readonly behaviorClose: string;
  readonly remoteCloseCode: number | null;
}

/** Cases that AWS's own limits end, with its close codes. */
const limited: readonly (readonly [code: number, cases: RegExp])[] = [
  // Frames of more than 32 KB, and messages of more than 128 KB.
  [1009, /^(?:1\.1\.[678]|9\.[135]\.\d)$/],
  // Binary.
  [1003, /^(?:1\.2|9\.[2468])\.\d$/],
];

/** A frame that breaks the protocol closes at once. The echo of the message before it is still with the backend. */
const overtaken = /^(?:3\.[234]|4\.1\.[345]|4\.2\.[345]|5\.15)$/;

test("Autobahn finds nothing that AWS's limits do not say", {
  skip: isThere ? false : "wstest is not there",
}, async () => {
  await using backend = await startBackend((_, outgoing, body) => outgoing.end(body));
  const folder = mkdtempSync(join(tmpdir(), "portico-autobahn-"));
  const portico = await startPortico({ args: ["--limit", "throttleRate=1000000", "--limit", "throttleBurst=1000000"] });
  try {
    const servers = [{ agent: "Portico", url: await deployEcho(portico.url, backend.origin) }];
    const spec = {
      outdir: folder,
      servers,
      cases: ["*"],
      "exclude-cases": ["12.*", "13.*"],
      "exclude-agent-cases": {},
    };
    const file = join(folder, "spec.json");
    writeFileSync(file, JSON.stringify(spec));
    await promisify(execFile)(wstest, ["-m", "fuzzingclient", "-s", file], { cwd: folder, maxBuffer: 1e9 });
    const { Portico: reports } = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as {
      readonly Portico: Readonly<Record<string, CaseReport>>;
    };
    const names = Object.keys(reports);
    assert.ok(names.length >= 300, String(names.length));
    const wrong = names.filter((name) => {
      const { behavior, behaviorClose, remoteCloseCode } = reports[name]!;
      const code = limited.find(([, cases]) => cases.test(name))?.[0];
      if (code !== undefined) return remoteCloseCode !== code;
      if (behavior === "NON-STRICT" && overtaken.test(name)) return false;
      return !(["OK", "INFORMATIONAL"].includes(behavior) && ["OK", "INFORMATIONAL"].includes(behaviorClose));
    });
    assert.deepEqual(wrong, []);
  } finally {
    await portico.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Deploys an API whose every message a backend echoes, and returns its address. */
async function deployEcho(endpoint: string, backend: string): Promise<string> {
  const { call } = makeClient({ endpoint, model: "apigatewayv2" });
  const { ApiId } = await call("CreateApi", {
    Name: "echo",
    ProtocolType: "WEBSOCKET",
    RouteSelectionExpression: "$request.body.action",
  });
  const { IntegrationId } = await call("CreateIntegration", {
    ApiId,
    IntegrationType: "HTTP_PROXY",
    IntegrationMethod: "POST",
    IntegrationUri: `${backend}/`,
  });
  const { RouteId } = await call("CreateRoute", {
    ApiId,
    RouteKey: "$default",
    Target: `integrations/${IntegrationId}`,
    RouteResponseSelectionExpression: "$default",
  });
  await call("CreateRouteResponse", { ApiId, RouteId, RouteResponseKey: "$default" });
  await call("CreateStage", { ApiId, StageName: "prod" });
  await call("CreateDeployment", { ApiId, StageName: "prod" });
  return `${endpoint.replace("http:", "ws:")}/_aws/execute-api/${ApiId}/prod`;
}
