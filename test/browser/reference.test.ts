import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Portico, startPortico } from "../portico.ts";
import { run, tool } from "../tool.ts";
import { openTab, type Tab } from "./chromium.ts";

const root = join(import.meta.dirname, "../..");

/** Texts that would run, were they read as HTML or their links as links. */
const evil =
  '<script>window.ran=1</script><img src=x onerror="window.ran=1"> [a](javascript:window.ran=1) ' +
  '[b](https://example.com/\\"onmouseover=window.ran=1) `<b>` **<i onclick=window.ran=1>**';

const document = {
  openapi: "3.0.1",
  info: { title: "Shop </title><script>window.ran=1</script>", version: "1", description: evil },
  paths: {
    "/files/{proxy+}": {
      "x-amazon-apigateway-any-method": {
        security: [{ api_key: [] }],
        parameters: [{ name: "proxy", in: "path", required: true, schema: { type: "string" } }],
        responses: { "200": { description: "ok" } },
        "x-amazon-apigateway-integration": {
          type: "mock",
          requestTemplates: { "application/json": '{"statusCode": 200}' },
          // A pattern that can't be matched here yet closes the method.
          responses: { "(?!2)\\d+": { statusCode: "200" } },
        },
      },
    },
    "/items/{itemId}": {
      put: {
        operationId: "putItem",
        summary: `Puts an item ${evil}`,
        description: `# Title\n\n${evil}\n\n- one\n- two`,
        parameters: [
          { name: "itemId", in: "path", required: true, description: evil, schema: { type: "string" } },
          { name: "note", in: "query", schema: { type: "string" } },
          { name: "X-Trace", in: "header", schema: { type: "string" } },
        ],
        requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Item" } } } },
        responses: {
          "200": {
            description: evil,
            content: { "application/json": { schema: { $ref: "#/components/schemas/Item" } } },
          },
        },
        "x-amazon-apigateway-integration": {
          type: "mock",
          requestTemplates: { "application/json": '{"statusCode": 200}' },
          responses: {
            default: {
              statusCode: "200",
              responseTemplates: {
                "application/json":
                  '{"id": "$util.escapeJavaScript($input.params(\'itemId\'))", "note": "$input.params(\'note\')", "trace": "$input.params(\'X-Trace\')", "html": "<img src=x onerror=window.ran=1>"}',
              },
            },
          },
        },
      },
    },
  },
  components: {
    securitySchemes: { api_key: { type: "apiKey", name: "x-api-key", in: "header" } },
    schemas: {
      Item: {
        type: "object",
        required: ["name"],
        description: evil,
        properties: {
          name: { type: "string", enum: ["<script>window.ran=1</script>"] },
          parts: { type: "array", items: { $ref: "#/components/schemas/Item" } },
        },
      },
    },
  },
};

describe("the reference in Chromium", tool("chromium", ["--version"], existsSync("/usr/bin/apt-get")), () => {
  let portico: Portico;
  let tab: Tab;
  let folder = "";

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "portico-reference-"));
    portico = await startPortico({ args: ["--threads", "1"] });
    writeFileSync(join(folder, "api.json"), JSON.stringify(document));
    const command = [join(root, "bin/portico.js"), "import", "api.json", "--stage", "dev", "--endpoint", portico.url];
    const { status, stderr } = await run(process.execPath, command, { cwd: folder });
    assert.equal(status, 0, stderr);
    const other = document.paths["/items/{itemId}"];
    writeFileSync(
      join(folder, "other.json"),
      JSON.stringify({ openapi: "3.0.1", info: { title: "Zoo", version: "1" }, paths: { "/items/{itemId}": other } }),
    );
    command[2] = "other.json";
    const second = await run(process.execPath, command, { cwd: folder });
    assert.equal(second.status, 0, second.stderr);
    const { item } = (await (await fetch(`${portico.url}/restapis`)).json()) as {
      item: { id: string; name: string }[];
    };
    const { id } = item.find(({ name }) => name === "Zoo")!;
    await fetch(`${portico.url}/restapis/${id}/deployments`, { method: "POST", body: '{"stageName": "prod"}' });
    // Somebody types the server's address.
    tab = await openTab(portico.url);
  });
  after(async () => {
    await tab?.close();
    await portico?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the list has one card for each API, with its stages and what of them is closed, and a search", async () => {
    await tab.until("location.pathname === '/_portico/docs' && document.querySelector('.cards a')");
    const cards = (): Promise<string[]> =>
      tab.evaluate("[...document.querySelectorAll('.cards > li')].map((one) => one.innerText)");
    const [shop = "", zoo = "", ...more] = await cards();
    assert.deepEqual(more, []);
    assert.match(shop, /^Shop[\s\S]*\bdev\s+1 route closed/);
    assert.match(zoo, /^Zoo[\s\S]*\bdev\b[\s\S]*\bprod\b/);
    assert.doesNotMatch(zoo, /closed/);
    const search = (text: string): Promise<void> =>
      tab.evaluate(`(() => {
        const search = document.querySelector(".of-apis");
        search.value = ${JSON.stringify(text)};
        search.dispatchEvent(new Event("input"));
      })()`);
    await search("zoo prod");
    assert.equal((await cards()).length, 1);
    await search("nothing of the kind");
    assert.match(await tab.evaluate("document.querySelector('.cards').innerText"), /Nothing matches/);
    await search("shop");
  });

  test("the list leads to the stage, and the stage to the operation", async () => {
    await tab.until("document.querySelector('.cards a')");
    await tab.evaluate("document.querySelector('.cards a').click()");
    await tab.until("location.pathname.endsWith('/dev') && document.querySelector('.routes a')");
    assert.match(await tab.evaluate("document.querySelector('h1').textContent"), /^Shop/);
    await tab.evaluate("[...document.querySelectorAll('.routes a')].at(-1).click()");
    await tab.until("document.querySelector('#send')");
    assert.match(await tab.evaluate("document.querySelector('h1').textContent"), /^Puts an item/);
    assert.equal(await tab.evaluate("document.activeElement.tagName"), "H1");
  });

  test("a closed operation is shown as closed, with the reason, and no other is", async () => {
    const badges = "[...document.querySelectorAll('#list a')].filter((one) => one.querySelector('.badge.closed'))";
    assert.deepEqual(await tab.evaluate(`${badges}.map((one) => one.querySelector('.verb').textContent)`), ["ANY"]);
    await tab.evaluate("location.hash = '#ANY/files/%7Bproxy+%7D'");
    await tab.until("/^ANY/.test(document.querySelector('h1').textContent)");
    assert.equal(
      await tab.evaluate("document.querySelector('.note.closed').innerText"),
      "This operation is closed, and answers 501: selectionPattern (?!2)\\d+ (the group (?!2)",
    );
    await tab.evaluate("location.hash = '#PUT/items/%7BitemId%7D'");
    await tab.until("/^Puts an item/.test(document.querySelector('h1').textContent)");
    assert.equal(await tab.evaluate("document.querySelectorAll('.note.closed').length"), 0);
  });

  test("what is tried goes to the stage, and its answer is shown", async () => {
    assert.match(await tab.evaluate("document.querySelector('#try-body').value"), /"name": "<script>/);
    await tab.evaluate(`(() => {
      const set = (label, value) => {
        const input = [...document.querySelectorAll(".try label")].find((one) => one.textContent.startsWith(label)).control;
        input.value = value;
        input.dispatchEvent(new Event("input"));
      };
      set("itemId", "a/b c");
      set("note", "x&y=z");
      set("X-Trace", "t1");
      document.querySelector("#send").click();
    })()`);
    const status = await tab.until<string>("document.querySelector('#status')?.textContent");
    assert.match(status, /^200/);
    assert.deepEqual(JSON.parse(await tab.evaluate("document.querySelector('#answer').textContent")), {
      // As AWS gives it to templates: as it came.
      id: "a%2Fb%20c",
      note: "x&y=z",
      trace: "t1",
      html: "<img src=x onerror=window.ran=1>",
    });
  });

  test("the line for the command line does the same", tool("curl", ["--version"], false), async () => {
    const line = await tab.evaluate<string>("document.querySelector('#curl').textContent");
    assert.match(line, /^curl -X PUT -H 'X-Trace: t1'/);
    const { status, stdout } = await run("sh", ["-c", line.replace("curl", "curl -sf")]);
    assert.equal(status, 0, line);
    assert.equal((JSON.parse(stdout) as { note: string }).note, "x&y=z");
  });

  test("a key, a verb and a path with slashes are asked for", async () => {
    await tab.evaluate("location.hash = '#ANY/files/{proxy+}'");
    await tab.until("document.querySelector('#try-method')");
    assert.match(
      await tab.evaluate("document.querySelector('.note:not(.closed)').textContent"),
      /API key in the header x-api-key/,
    );
    await tab.evaluate(`(() => {
      const set = (input, value, event) => {
        input.value = value;
        input.dispatchEvent(new Event(event));
      };
      const [path, key] = document.querySelectorAll(".try .field input");
      set(path, "a b/c", "input");
      set(key, "it's", "input");
      set(document.querySelector("#try-method"), "DELETE", "change");
    })()`);
    const [, , , api] = (await tab.evaluate<string>("location.pathname")).split("/");
    assert.equal(
      await tab.evaluate("document.querySelector('#curl').textContent"),
      `curl -X DELETE -H 'x-api-key: it'\\''s' ${portico.url}/_aws/execute-api/${api}/dev/files/a%20b/c`,
    );
  });

  test("fields of a model that contains itself are shown level by level", async () => {
    await tab.evaluate("location.hash = '#model:Item'");
    await tab.until("document.querySelector('h1').textContent === 'Item'");
    for (let level = 1; level <= 3; level++) {
      await tab.evaluate("[...document.querySelectorAll('.fields details:not([open]) > summary')].at(-1).click()");
      await tab.until(
        `[...document.querySelectorAll('.name')].filter((one) => one.textContent === 'parts').length > ${level}`,
      );
    }
  });

  test("the search leaves what matches", async () => {
    const search = (text: string): Promise<string> =>
      tab.evaluate(`(() => {
        const search = document.querySelector("#search");
        search.value = ${JSON.stringify(text)};
        search.dispatchEvent(new Event("input"));
        return document.querySelector("#list").innerText;
      })()`);
    assert.match(await search("put items"), /PUT/);
    assert.match(await search("nothing of the kind"), /Nothing matches/);
    await search("");
  });

  test("nothing in an API's texts runs, not even were it HTML", async () => {
    for (const place of ["", "#model:Item", "#PUT/items/%7BitemId%7D"]) {
      await tab.evaluate(`location.hash = ${JSON.stringify(place)}`);
      await tab.until("document.querySelector('h1')");
      assert.equal(
        await tab.evaluate("document.querySelectorAll('main script, main img, main i, [onclick]').length"),
        0,
      );
      assert.equal(await tab.evaluate("document.querySelectorAll('a[href^=javascript]').length"), 0);
    }
    assert.match(await tab.evaluate("document.querySelector('main').textContent"), /<script>window\.ran=1<\/script>/);
    // A mistake in the page would not be the end: its policy forbids what is not of the page's own files.
    const refused = await tab.evaluate<string>(`new Promise((resolve) => {
      addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), { once: true });
      const made = document.createElement("div");
      made.innerHTML = "<button onclick='window.ran=1'>x</button>";
      document.body.append(made);
      made.firstChild.click();
    })`);
    assert.equal(refused, "script-src-attr");
    assert.equal(await tab.evaluate("window.ran"), undefined);
  });

  test("a stage that is not there says which are", async () => {
    await tab.evaluate(`location.assign("/_portico/docs/none/dev")`);
    const said = await tab.until<string>(
      "location.pathname.includes('none') && document.querySelector('article')?.innerText",
    );
    assert.match(said, /There is no stage dev of an API none\. There are \w+\/dev/);
  });
});
