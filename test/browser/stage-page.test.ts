// A page that a stage serves may be anybody's: an attacker's text in a proxied site. In a browser it must not reach management.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  GetRestApisCommand,
  ImportRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import { type Portico, startPortico } from "../portico.ts";
import { tool } from "../tool.ts";
import { openTab } from "./chromium.ts";

const html = (body: string) => ({
  type: "mock",
  requestTemplates: { "application/json": '{"statusCode": 200}' },
  responses: {
    default: {
      statusCode: "200",
      responseParameters: { "method.response.header.Content-Type": "'text/html'" },
      responseTemplates: { "application/json": body },
    },
  },
});
const text = { schema: { type: "string" } };
const responses = { "200": { description: "ok", headers: { "Content-Type": text, "Cache-Control": text } } };
const kept = html("<!doctype html><title>kept</title>hello");
Object.assign(kept.responses.default.responseParameters, { "method.response.header.Cache-Control": "'max-age=3600'" });
const document = {
  openapi: "3.0.1",
  info: { title: "Shop", version: "1" },
  paths: {
    "/page": {
      get: { responses, "x-amazon-apigateway-integration": html("<!doctype html><title>stage</title>hello") },
    },
    "/kept": { get: { responses, "x-amazon-apigateway-integration": kept } },
    "/own": { get: { responses, "x-amazon-apigateway-integration": html("mine") } },
    "/worker": { get: { responses, "x-amazon-apigateway-integration": html("self.close()") } },
  },
};

describe("a page that a stage serves, in Chromium", tool("chromium", ["--version"], true), () => {
  let portico: Portico;
  let client: APIGatewayClient;
  let id: string;

  before(async () => {
    portico = await startPortico();
    client = new APIGatewayClient({
      endpoint: portico.url,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    ({ id = "" } = await client.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) })));
    await client.send(new CreateDeploymentCommand({ restApiId: id, stageName: "dev" }));
  });
  after(() => portico?.stop());

  const names = async () => ((await client.send(new GetRestApisCommand({}))).items ?? []).map(({ name }) => name);

  for (const name of ["localhost", "127.0.0.1"]) {
    test(`opened at ${name}, has the origin of its stage's own host`, async () => {
      const tab = await openTab(`http://${name}:${portico.port}/_aws/execute-api/${id}/dev/page?a=b`);
      try {
        await tab.until("document.title === 'stage'");
        const host = `${id}.execute-api.us-east-1.localhost:${portico.port}`;
        assert.equal(await tab.evaluate("location.href"), `http://${host}/dev/page?a=b`);
        assert.equal(await tab.evaluate("fetch('own').then((answer) => answer.text())"), "mine");
      } finally {
        await tab.close();
      }
    });
  }

  test("neither creates an API nor reads one, by fetch, form, frame, popup or worker, from its origin or management's", async () => {
    const management = `http://localhost:${portico.port}`;
    const attack = `(async () => {
      const tell = (work) => work.then(async (answer) => answer.status + " " + (await answer.text()).slice(0, 40), (error) => error.name);
      const outcomes = {};
      for (const base of ["", ${JSON.stringify(management)}]) {
        outcomes["post " + base] = await tell(fetch(base + "/restapis", { method: "POST", body: '{"name":"evil"}' }));
        outcomes["json " + base] = await tell(fetch(base + "/restapis", {
          method: "POST", headers: { "Content-Type": "application/json" }, body: '{"name":"evil"}',
        }));
        await tell(fetch(base + "/restapis", { method: "POST", mode: "no-cors", body: '{"name":"evil"}' }));
        outcomes["read " + base] = await tell(fetch(base + "/restapis"));
        outcomes["operations " + base] = await tell(fetch(base + "/_portico/status"));
        navigator.sendBeacon(base + "/restapis", '{"name":"evil"}');
        const frame = document.createElement("iframe");
        frame.src = base + "/_portico/docs";
        const loaded = new Promise((resolve) => { frame.onload = resolve; frame.onerror = resolve; });
        document.body.append(frame);
        await loaded;
        try { outcomes["frame " + base] = frame.contentDocument?.title ?? "hidden"; } catch (error) { outcomes["frame " + base] = error.name; }
        const form = document.createElement("form");
        const sink = document.createElement("iframe");
        sink.name = "sink" + base.length;
        Object.assign(form, { method: "POST", action: base + "/restapis", target: sink.name, enctype: "text/plain" });
        form.innerHTML = '<input name=\\'{"name":"evil","x":"\\' value=\\'"}\\'>';
        document.body.append(sink, form);
        const sent = new Promise((resolve) => { sink.onload = resolve; });
        form.submit();
        await sent;
      }
      return outcomes;
    })()`;
    for (const page of [`/_aws/execute-api/${id}/dev/page`, `/restapis/${id}/dev/_user_request_/page`]) {
      const tab = await openTab(`${management}${page}`);
      try {
        await tab.until("document.title === 'stage'");
        const outcomes = await tab.evaluate<Record<string, string>>(attack);
        for (const [what, outcome] of Object.entries(outcomes)) {
          assert.doesNotMatch(outcome, /^20\d|Portico|Shop/, `${what}: ${outcome}`);
        }
      } finally {
        await tab.close();
      }
    }
    assert.deepEqual(await names(), ["Shop"]);
  });

  test("a page with management's origin calls nothing either, and workers of a stage don't get it", async () => {
    const tab = await openTab(`http://localhost:${portico.port}/_portico/docs`);
    try {
      await tab.until("location.pathname === '/_portico/docs' && document.readyState === 'complete'");
      const status = (what: string) => tab.evaluate<number>(`fetch(${what}).then(({ status }) => status)`);
      assert.equal(await status(`"/restapis", { method: "POST", body: '{"name":"evil"}' }`), 403);
      assert.equal(await status('"/restapis"'), 403);
      assert.equal(await status('"/_portico/status"'), 403);
      assert.equal(await status('"/_portico/docs/stages.json"'), 200);
      const register = `navigator.serviceWorker.register("/_aws/execute-api/${id}/dev/worker").then(() => "registered", ({ name }) => name)`;
      assert.notEqual(await tab.evaluate(register), "registered");
    } finally {
      await tab.close();
    }
    assert.deepEqual(await names(), ["Shop"]);
  });

  test("an answer that the reference page was given is not shown as a page of its origin", async () => {
    const tab = await openTab(`http://localhost:${portico.port}/_portico/docs/${id}/dev#GET/kept`);
    try {
      await tab.until("document.querySelector('#send')");
      await tab.evaluate("document.querySelector('#send').click()");
      await tab.until("document.querySelector('#status')?.textContent.startsWith('200')");
      await tab.evaluate(`setTimeout(() => { location.href = "/_aws/execute-api/${id}/dev/kept"; })`);
      await tab.until("document.title === 'kept'");
      const host = `${id}.execute-api.us-east-1.localhost:${portico.port}`;
      assert.equal(await tab.evaluate("location.host"), host);
    } finally {
      await tab.close();
    }
  });
});
