import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { APIGatewayClient, CreateDeploymentCommand, ImportRestApiCommand } from "@aws-sdk/client-api-gateway";
import {
  ApiGatewayV2Client,
  CreatePortalCommand,
  CreatePortalProductCommand,
  CreateProductPageCommand,
  CreateProductRestEndpointPageCommand,
  PublishPortalCommand,
} from "@aws-sdk/client-apigatewayv2";
import { makeClient } from "../conformance/sdk/sdk-client.ts";
import { type Portico, startPortico } from "../portico.ts";
import { tool } from "../tool.ts";
import { openTab, type Tab } from "./chromium.ts";

/** Texts that would run, were they read as HTML or their links as links. */
const evil =
  '<script>window.ran=1</script><img src=x onerror="window.ran=1"> [a](javascript:window.ran=1) **<i onclick=window.ran=1>**';

const document = {
  openapi: "3.0.1",
  info: { title: evil, version: "1", description: evil },
  paths: {
    "/pets/{petId}": {
      get: {
        description: evil,
        parameters: [{ name: "petId", in: "path", required: true, schema: { type: "string" } }],
        responses: { "200": { description: "ok" } },
        "x-amazon-apigateway-integration": {
          type: "mock",
          requestTemplates: { "application/json": '{"statusCode": 200}' },
          responses: {
            default: {
              statusCode: "200",
              responseTemplates: { "application/json": '{"id": "$input.params(\'petId\')"}' },
            },
          },
        },
      },
    },
  },
};

describe("a portal in Chromium", tool("chromium", ["--version"], existsSync("/usr/bin/apt-get")), () => {
  let portico: Portico;
  let tab: Tab;
  let endpointHash = "";

  before(async () => {
    portico = await startPortico({ args: ["--threads", "1"] });
    const rest = makeClient(APIGatewayClient, portico);
    const v2 = makeClient(ApiGatewayV2Client, portico);
    const api = await rest.send(new ImportRestApiCommand({ body: Buffer.from(JSON.stringify(document)) }));
    await rest.send(new CreateDeploymentCommand({ restApiId: api.id, stageName: "prod" }));
    const product = await v2.send(new CreatePortalProductCommand({ DisplayName: "Pets", Description: evil }));
    const { PortalProductId } = product;
    await v2.send(
      new CreateProductPageCommand({
        PortalProductId,
        DisplayContent: { Title: "Start here", Body: `# Hello\n\n${evil}` },
      }),
    );
    const endpoint = await v2.send(
      new CreateProductRestEndpointPageCommand({
        PortalProductId,
        RestEndpointIdentifier: {
          IdentifierParts: { RestApiId: api.id, Stage: "prod", Path: "/pets/{petId}", Method: "GET" },
        },
        DisplayContent: { Overrides: { OperationName: "One pet" } },
      }),
    );
    endpointHash = `#${PortalProductId}/${endpoint.ProductRestEndpointPageId}`;
    const { PortalId } = await v2.send(
      new CreatePortalCommand({
        Authorization: { None: {} },
        EndpointConfiguration: { None: {} },
        IncludedPortalProductArns: [product.PortalProductArn!],
        PortalContent: {
          DisplayName: "Pet shop",
          Description: evil,
          Theme: {
            CustomColors: {
              AccentColor: "#0b6e72",
              BackgroundColor: "#fffdf7",
              ErrorValidationColor: "#b3261e",
              HeaderColor: "#ffe9c7",
              NavigationColor: "#f6f7f8",
              TextColor: "#1d232a",
            },
          },
        },
      }),
    );
    await v2.send(new PublishPortalCommand({ PortalId }));
    for (const client of [rest, v2]) client.destroy();
    tab = await openTab(`${portico.url}/_portico/portals/${PortalId}`);
  });
  after(async () => {
    await tab?.close();
    await portico?.stop();
  });

  test("it has its name, its colours and its products, and runs nothing that their texts contain", async () => {
    await tab.until("document.querySelector('.cards a')");
    assert.equal(await tab.evaluate("document.querySelector('h1').innerText"), "Pet shop");
    assert.doesNotMatch(await tab.evaluate("document.querySelector('#list').innerText"), /false|undefined/);
    assert.equal(
      await tab.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor"),
      "rgb(255, 233, 199)",
    );
    await tab.evaluate("document.querySelector('.cards a').click()");
    await tab.until("document.querySelector('h1').innerText === 'Pets'");
    await tab.evaluate(
      "[...document.querySelectorAll('#list a')].find((one) => one.innerText.includes('Start')).click()",
    );
    await tab.until("document.querySelector('h1').innerText === 'Start here'");
    assert.match(await tab.evaluate("document.querySelector('main').innerText"), /<script>window\.ran=1<\/script>/);
    assert.equal(await tab.evaluate("window.ran"), undefined);
    assert.equal(
      await tab.evaluate("document.querySelectorAll('main img, main script, main a[href^=javascript]').length"),
      0,
    );
  });

  test("a method can be tried", async () => {
    await tab.evaluate(`location.hash = ${JSON.stringify(endpointHash)}`);
    await tab.until("document.querySelector('h1').innerText === 'One pet' && document.querySelector('#send')");
    assert.match(
      await tab.evaluate("document.querySelector('#endpoint').innerText"),
      /^http:.*\/prod\/pets\/\{petId\}$/,
    );
    await tab.evaluate(`(() => {
      const input = document.querySelector(".try input");
      input.value = "7";
      input.dispatchEvent(new Event("input"));
      document.querySelector("#send").click();
    })()`);
    await tab.until("document.querySelector('#answer')");
    assert.match(await tab.evaluate("document.querySelector('#status').innerText"), /^200/);
    assert.deepEqual(JSON.parse(await tab.evaluate("document.querySelector('#answer').innerText")), { id: "7" });
    assert.equal(await tab.evaluate("window.ran"), undefined);
  });
});
