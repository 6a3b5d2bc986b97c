import assert from "node:assert/strict";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { run, tool } from "../tool.ts";
import { until } from "../until.ts";
import { Up } from "./up-process.ts";

const root = join(import.meta.dirname, "../..");
const portico = join(root, "bin/portico.js");
const waitMsMax = 20_000;
/** The integration URI of the example's function getPet. */
const functionUri =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:getPet/invocations";

let folder = "";
let project = "";
let up: Up;
let base = "";

const get = async (path: string): Promise<{ readonly status: number; readonly body: unknown }> => {
  const response = await fetch(`${base}${path}`);
  return { status: response.status, body: await response.json() };
};

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "portico-up-"));
  project = join(folder, "petstore");
  cpSync(join(root, "examples/petstore"), project, { recursive: true });
  up = new Up([project, "--port", "0", "--data", join(folder, "data")], folder);
  base = (await up.until(/ at (http:\S+)/))[1] ?? "";
  await up.until(/Ctrl-C stops/);
});

after(async () => {
  assert.equal(await up.stop(), 0);
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test("every route of the example answers", async () => {
  assert.deepEqual(await get("/health"), { status: 200, body: { status: "ok", answeredBy: "a MOCK integration" } });
  assert.deepEqual(await get("/pets/1"), {
    status: 200,
    body: { id: 1, type: "dog", name: "Rex", price: 249.99 },
  });
  assert.equal((await get("/pets/99")).status, 404);
  assert.equal(((await get("/pets?limit=2")).body as unknown[]).length, 2);
  assert.deepEqual(await get("/inventory/2"), { status: 200, body: { petId: 2, inStock: 7 } });
  const made = await fetch(`${base}/pets`, { method: "POST", body: JSON.stringify({ name: "Bello", type: "dog" }) });
  assert.equal(made.status, 201);
  assert.equal(((await made.json()) as { currency: string }).currency, "EUR");
  // What a function prints is seen.
  await up.until(/createPet \| taking in Bello the dog/);
  const preflight = await fetch(`${base}/pets`, { method: "OPTIONS" });
  assert.equal(preflight.status, 200);
  assert.equal(preflight.headers.get("access-control-allow-methods"), "GET,POST,OPTIONS");
  assert.equal((await get("/nowhere")).status, 403);
});

test("the curl lines that it prints answer", tool("curl", ["--version"], false), async () => {
  const lines = up.output.split("\n").filter((line) => line.startsWith("  curl "));
  assert.ok(lines.length >= 4, up.output);
  for (const line of lines) {
    const { status, stdout } = await run("sh", ["-c", `${line.replace("curl ", "curl -sf ")}`]);
    assert.equal(status, 0, line);
    assert.doesNotThrow(() => JSON.parse(stdout), line);
  }
});

test("a saved function is deployed, alone", async () => {
  const file = join(project, "functions/getPet.mjs");
  const from = up.output.length;
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace("return json(200, pet)", 'return json(200, { pet, new: "yes" })'),
  );
  const [, changed] = await up.until(/deployed (.*) in \d+ ms/, from);
  assert.equal(changed, "function getPet");
  assert.deepEqual(((await get("/pets/1")).body as { new: string }).new, "yes");
});

test("a saved document is deployed, by an editor that renames, too", async () => {
  const file = join(project, "openapi.yaml");
  const from = up.output.length;
  writeFileSync(`${file}.new`, readFileSync(file, "utf8").replace("a MOCK integration", "the saved one"));
  renameSync(`${file}.new`, file);
  await up.until(/deployed Petstore in \d+ ms/, from);
  assert.deepEqual((await get("/health")).body, { status: "ok", answeredBy: "the saved one" });
});

test("of the deployments that it made only the last few are kept", async () => {
  const file = join(project, "openapi.yaml");
  for (let i = 0; i < 7; i++) {
    const from = up.output.length;
    writeFileSync(file, readFileSync(file, "utf8").replace(/version: .*/, `version: 1.1.${i}`));
    await up.until(/deployed Petstore/, from);
  }
  const [, , , , , apiId] = base.split("/");
  const count = async (): Promise<number> => {
    const response = await fetch(`${new URL(base).origin}/restapis/${apiId}/deployments`);
    return ((await response.json()) as { item: unknown[] }).item.length;
  };
  await until(async () => (await count()) <= 6, { what: "the older deployments are gone", ms: waitMsMax });
  assert.equal(await count(), 6);
});

test("a mistake is shown at its place, and what was served is served on", async () => {
  const file = join(project, "openapi.yaml");
  const good = readFileSync(file, "utf8");
  for (const [bad, pattern] of [
    [good.replace("openapi: 3.0.1", "openapi: 3.0.1\n  x: y"), /openapi\.yaml:\d+:\d+ {2}error/],
    [good.replace("type: http_proxy", "type: http_prox"), /openapi\.yaml:\d+:\d+ {2}error {2}.*\/inventory\/\{petId\}/],
    [good.replace("id: method.request.path.petId", "id: method.request.pth.petId"), /openapi\.yaml:\d+:\d+ {2}error/],
  ] as const) {
    assert.notEqual(bad, good);
    const from = up.output.length;
    writeFileSync(file, bad);
    await up.until(pattern, from);
    await up.until(/served on/, from);
    assert.equal((await get("/health")).status, 200);
    assert.equal((await get("/inventory/2")).status, 200);
  }
  const from = up.output.length;
  writeFileSync(file, good);
  await up.until(/well again|deployed/, from);
});

test("a function with a syntax error is not deployed, and the document beside it is", async () => {
  const file = join(project, "functions/listPets.mjs");
  const from = up.output.length;
  appendFileSync(file, "\nexport const broken = ;\n");
  await up.until(/listPets\.mjs:\d+:\d+ {2}error {2}SyntaxError/, from);
  assert.equal((await get("/pets")).status, 200);
  writeFileSync(file, readFileSync(file, "utf8").replace("\nexport const broken = ;\n", ""));
  await up.until(/well again|deployed/, from);
});

test("a function that is nowhere is a warning at its line", async () => {
  const file = join(project, "openapi.yaml");
  const good = readFileSync(file, "utf8");
  const from = up.output.length;
  writeFileSync(file, good.replace("function:getPet/", "function:getPett/"));
  await up.until(/openapi\.yaml:\d+:\d+ {2}warning {2}There is no function getPett/, from);
  assert.equal((await get("/pets/1")).status, 500);
  const again = up.output.length;
  writeFileSync(file, good);
  await up.until(/deployed Petstore/, again);
  assert.equal((await get("/pets/1")).status, 200);
});

test("an alias that is nowhere is a warning at its line with the command that makes it, and is permitted once it is there", async () => {
  const file = join(project, "openapi.yaml");
  const good = readFileSync(file, "utf8");
  const from = up.output.length;
  writeFileSync(file, good.replace("function:getPet/", "function:getPet:live/"));
  const [, command] = await up.until(
    /openapi\.yaml:\d+:\d+ {2}warning {2}The function getPet has no alias live: make it with `(.*?)`, and save a file/,
    from,
  );
  assert.equal(command, "aws lambda create-alias --function-name getPet --name live --function-version '$LATEST'");
  const failed = await fetch(`${base}/pets/1`);
  assert.equal(failed.status, 500);
  assert.match(failed.headers.get("x-portico-hint") ?? "", /the function getPet has no alias live/);
  await fetch(`${new URL(base).origin}/2015-03-31/functions/getPet/aliases`, {
    method: "POST",
    body: JSON.stringify({ Name: "live", FunctionVersion: "$LATEST" }),
  });
  const again = up.output.length;
  writeFileSync(file, `${readFileSync(file, "utf8")}\n`);
  await up.until(/well again|deployed/, again);
  assert.equal((await get("/pets/1")).status, 200);
  const last = up.output.length;
  writeFileSync(file, good);
  await up.until(/deployed Petstore/, last);
});

test("a route whose calls fail in browsers is a warning at its line, until it is mended", async () => {
  const file = join(project, "openapi.yaml");
  const good = readFileSync(file, "utf8");
  assert.doesNotMatch(up.output, /warning .*(Access-Control|other origins)/, "the example has no such route");
  for (const [bad, pattern] of [
    [
      good.replace("    post:\n      summary: Takes in", "    put:\n      summary: Takes in"),
      /openapi\.yaml:\d+:5 {2}warning {2}.*Access-Control-Allow-Methods of OPTIONS lacks PUT\n.*put:/,
    ],
    [
      good.replace(/x-amazon-apigateway-gateway-responses:[\s\S]*?\n(?=paths:)/, ""),
      /openapi\.yaml:1:1 {2}warning {2}The gateway's own errors \(gateway responses DEFAULT_4XX, DEFAULT_5XX\)/,
    ],
    [
      `${good}\nx-amazon-apigateway-cors:\n  allowOrigins: ["*"]\n`,
      /openapi\.yaml:\d+:1 {2}warning {2}x-amazon-apigateway-cors has no effect on REST APIs/,
    ],
  ] as const) {
    assert.notEqual(bad, good);
    const from = up.output.length;
    writeFileSync(file, bad);
    await up.until(pattern, from);
  }
  // The header is in a file that all functions share.
  const shared = join(project, "functions/_pets.mjs");
  const code = readFileSync(shared, "utf8");
  const from = up.output.length;
  writeFileSync(file, good);
  writeFileSync(shared, code.replace('"Access-Control-Allow-Origin": "*"', ""));
  await up.until(/warning {2}Only the function listPets can set Access-Control-Allow-Origin here/, from);
  const again = up.output.length;
  writeFileSync(shared, code);
  await up.until(/deployed function/, again);
  assert.equal((await get("/pets/1")).status, 200);
});

test("a backend is started again when its files change", async () => {
  const file = join(project, "backend/server.mjs");
  const from = up.output.length;
  writeFileSync(file, readFileSync(file, "utf8").replace("2: 7", "2: 8"));
  await up.until(/deployed process warehouse/, from);
  assert.deepEqual((await get("/inventory/2")).body, { petId: 2, inStock: 8 });
});

test("a backend whose settings and files are saved together is started once, and answers all the while", async () => {
  const [file, settings] = [join(project, "backend/server.mjs"), join(project, "portico.yaml")];
  const [code, text] = [readFileSync(file, "utf8"), readFileSync(settings, "utf8")];
  const from = up.output.length;
  const statuses = new Set<number>();
  let isOver = false;
  const asking = (async () => {
    while (!isOver) statuses.add((await get("/inventory/2")).status);
  })();
  writeFileSync(settings, `${text}    environment: { SLOW: "1" }\n`);
  // It takes its time until it listens.
  writeFileSync(file, `console.log("begun");\nawait new Promise((done) => setTimeout(done, 300));\n${code}`);
  await up.until(/deployed process warehouse in/, from);
  isOver = true;
  await asking;
  assert.deepEqual([...statuses], [200]);
  assert.equal(up.output.slice(from).split("warehouse | begun").length - 1, 1);

  // One that can't start is said, and the one before it goes on.
  const broken = up.output.length;
  writeFileSync(file, "no code\n");
  await up.until(/error {2}The process warehouse did not start\..* ended with 1\. The one before it goes on\./, broken);
  assert.equal((await get("/inventory/2")).status, 200);

  // One that has a port of its own besides can't run twice: the old one ends first.
  const portTaken = `import { createServer as another } from "node:net";\nanother().listen(PORT_OF_ITS_OWN, "127.0.0.1");\n`;
  const free = await freePort();
  for (const round of [1, 2]) {
    const again = up.output.length;
    writeFileSync(file, `// ${round}\n${portTaken.replace("PORT_OF_ITS_OWN", String(free))}${code}`);
    await up.until(/deployed process warehouse in/, again);
    assert.equal((await get("/inventory/2")).status, 200);
  }
  const last = up.output.length;
  writeFileSync(settings, text);
  writeFileSync(file, code);
  await up.until(/deployed process warehouse in/, last);
});

test("routes, status and export tell what is served; import makes another API", async () => {
  const endpoint = ["--endpoint", new URL(base).origin];
  const cli = async (...args: string[]) => run(process.execPath, [portico, ...args, ...endpoint], { cwd: folder });
  const routes = JSON.parse((await cli("routes", "Petstore", "--json")).stdout) as { url: string; method: string }[];
  assert.equal(routes.length, 6);
  assert.ok(routes.some((route) => route.method === "GET" && route.url === `${base}/pets/{petId}`));
  assert.match((await cli("routes")).stdout, /GET {6}\/pets\/\{petId\} .*AWS_PROXY getPet/);
  assert.match((await cli("status")).stdout, /Petstore .* dev .* up to date/);
  const exported = await cli("export", "Petstore", "dev", "--yaml", "--extensions", "integrations");
  assert.match(exported.stdout, /^openapi: /m);
  writeFileSync(join(folder, "exported.yaml"), exported.stdout);
  const imported = await cli("import", join(folder, "exported.yaml"), "--name", "Copy", "--stage", "prod", "--json");
  const { url } = JSON.parse(imported.stdout) as { url: string };
  assert.equal((await fetch(`${url}/health`)).status, 200);
  writeFileSync(join(folder, "bare.yaml"), "openapi: 3.0.1\ninfo: { title: Bare }\npaths: { /a: { get: {} } }\n");
  const bare = await cli("import", join(folder, "bare.yaml"), "--deploy");
  assert.equal(bare.status, 1);
  assert.match(bare.stderr, /imported as \w{10}, and can't be deployed: No integration defined[\s\S]*up FILE --mock/);
  // Edited and not deployed: the status says so.
  const { id } = JSON.parse(imported.stdout) as { id: string };
  const without = exported.stdout.replace("/health:", "/healthy:").replace("title: Petstore", "title: Copy");
  const put = await fetch(`${new URL(base).origin}/restapis/${id}?mode=overwrite`, { method: "PUT", body: without });
  assert.equal(put.status, 200);
  const status = await cli("status");
  assert.match(status.stdout, /prod .*[23] changes not deployed/);
  assert.match(status.stdout, /GET \/healthy/);
  const wrong = await cli("export", "Petstore", "prod");
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /Petstore has no stage prod/);
});

test("after a restart the API has the same id and answers; a second up uses the running server", async () => {
  const id = (url: string): string | undefined => url.split("/")[5];
  const before = id(base);
  assert.equal(await up.stop(), 0);
  up = new Up([project, "--port", "0", "--data", join(folder, "data")], folder);
  base = (await up.until(/ at (http:\S+)/))[1] ?? "";
  await up.until(/Ctrl-C stops/);
  assert.equal(id(base), before);
  assert.equal((await get("/pets/1")).status, 200);
  const second = await run(
    process.execPath,
    [portico, "up", project, "--endpoint", new URL(base).origin, "--name", "Second", "--no-watch"],
    { cwd: folder },
  );
  assert.equal(second.status, 0, second.stderr);
  assert.match(second.stdout, /Second \([a-z0-9]{10}\), stage dev/);
});

test("up against a running server shows what its functions print, and nothing of Lambda's own", async () => {
  const second = new Up([project, "--endpoint", new URL(base).origin, "--name", "Third"], folder);
  try {
    await second.until(/Ctrl-C stops/);
    const own = (/, stage dev, at (http:\S+)/.exec(second.output) ?? [])[1] ?? "";
    const body = JSON.stringify({ name: "Ada", type: "cat" });
    const made = await fetch(`${own}/pets`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    assert.equal(made.status, 201, await made.text());
    await second.until(/^createPet \| taking in Ada the cat$/m);
    assert.doesNotMatch(second.output, /RequestId:/);
  } finally {
    await second.stop();
  }
});

test("a document with mistakes and no earlier deployment ends with exit code 1, leaving no API behind", async () => {
  writeFileSync(
    join(folder, "bad.yaml"),
    "openapi: 3.0.1\ninfo: { title: Bad, version: '1' }\npaths:\n  /a b:\n    get: {}\n",
  );
  const endpoint = ["--endpoint", new URL(base).origin];
  const ran = await run(process.execPath, [portico, "up", "bad.yaml", ...endpoint, "--no-watch"], { cwd: folder });
  assert.equal(ran.status, 1, ran.stdout);
  assert.match(ran.stderr, /bad\.yaml:4:3 {2}error {2}.*\/a b/);
  assert.doesNotMatch(ran.stderr, /The server refused this/, "nothing is said of the API that was not made");
});

test("a template that breaks on save is named with its file and place, and the old one is served on", async () => {
  const own = join(folder, "templates");
  mkdirSync(own);
  const write = (name: string, text: string): void => writeFileSync(join(own, name), text);
  const document = (block: string): string => `openapi: 3.0.1
info: { title: Templates, version: "1" }
paths:
  /a:
    get:
      responses: { "200": { description: ok } }
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: { application/json: '{"statusCode": 200}' }
        responses:
          default:
            statusCode: "200"
            responseTemplates:
              application/json: |
                {
                  "a": ${block}
                }
              text/plain: { $ref: answer.vtl }
`;
  write("answer.vtl", "#if(true)\nfine\n#end\n");
  write("openapi.yaml", document("1"));
  const other = new Up([own, "--port", "0", "--memory"], folder);
  try {
    await other.until(/Ctrl-C stops/);
    const url = `${(/, stage dev, at (http:\S+)/.exec(other.output) ?? [])[1]}/a`;
    const answer = async (): Promise<unknown> => (await fetch(url)).json();
    assert.deepEqual(await answer(), { a: 1 });
    let from = other.output.length;
    write("openapi.yaml", document("#if($x == )2#end"));
    await other.until(
      /templates\/openapi\.yaml:16:\d+ {2}error {2}The response template \(default\) for application\/json of GET \/a can't be parsed \(its line 2, column \d+\)/,
      from,
    );
    await other.until(/What was deployed before is served on/, from);
    assert.deepEqual(await answer(), { a: 1 });
    from = other.output.length;
    write("answer.vtl", "#if(true)\nfine\n#elseif(\n");
    write("openapi.yaml", document("2"));
    await other.until(
      /templates\/answer\.vtl:\d+:\d+ {2}error {2}The response template \(default\) for text\/plain of GET/,
      from,
    );
    assert.deepEqual(await answer(), { a: 1 });
    from = other.output.length;
    write("answer.vtl", "fine");
    await other.until(/deployed Templates/, from);
    assert.deepEqual(await answer(), { a: 2 });
  } finally {
    await other.stop();
  }
  // At first there is nothing to keep: it is deployed, as AWS does, with a warning.
  write("openapi.yaml", document("#if($x == )2#end"));
  const endpoint = ["--endpoint", new URL(base).origin];
  const ran = await run(process.execPath, [portico, "up", own, ...endpoint, "--no-watch"], { cwd: folder });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /templates\/openapi\.yaml:16:\d+ {2}warning {2}The response template/);
});

test("a setting that the server refuses is shown in portico.yaml, and a server that ends with it shows no routes", async () => {
  const own = join(folder, "settings");
  cpSync(join(root, "examples/petstore/functions"), join(own, "functions"), { recursive: true });
  const integration = `{type: aws_proxy, httpMethod: POST, uri: "${functionUri}"}`;
  const operation = `{responses: {"200": {description: a}}, x-amazon-apigateway-integration: ${integration}}`;
  writeFileSync(
    join(own, "openapi.yaml"),
    `openapi: 3.0.1\ninfo: {title: S, version: "1"}\npaths: {/: {get: ${operation}}}\n`,
  );
  writeFileSync(join(own, "portico.yaml"), "functions:\n  getPet: { timeout: 9000 }\n");
  const ran = await run(process.execPath, [portico, "up", own, "--memory", "--port", "0", "--no-watch"], {
    cwd: folder,
  });
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /settings\/portico\.yaml:2:\d+ {2}error {2}.*'9000' at 'timeout'[\s\S]*Nothing is served/);
  assert.equal(ran.stdout, "");
});

test("a route that calls an AWS service of which nobody said where it is is told, with what would say it", async () => {
  const document = {
    openapi: "3.0.1",
    info: { title: "Queue", version: "1" },
    paths: {
      "/orders": {
        post: {
          responses: { 200: { description: "queued" } },
          "x-amazon-apigateway-integration": {
            type: "aws",
            httpMethod: "POST",
            uri: "arn:aws:apigateway:us-east-1:sqs:path/000000000000/orders",
            credentials: "arn:aws:iam::000000000000:role/r",
            responses: { default: { statusCode: "200" } },
          },
        },
      },
    },
  };
  writeFileSync(join(folder, "queue.json"), JSON.stringify(document));
  const endpoint = ["--endpoint", new URL(base).origin];
  const ran = await run(process.execPath, [portico, "up", "queue.json", ...endpoint, "--no-watch"], { cwd: folder });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stdout, /POST \/orders answers 500: .*no endpoint is set for sqs.*--endpoints sqs=URL/);
});

test("an integration whose role is nowhere is named, with the calls that make the role", async () => {
  const alone = join(folder, "credentials");
  cpSync(join(root, "examples/petstore/functions"), join(alone, "functions"), { recursive: true });
  writeFileSync(
    join(alone, "openapi.yaml"),
    `openapi: 3.0.1
info: {title: credentials, version: "1"}
paths:
  /:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        {type: aws_proxy, httpMethod: POST, uri: "${functionUri}", credentials: "arn:aws:iam::000000000000:role/invoker"}
`,
  );
  const other = new Up([alone, "--port", "0", "--memory"], folder);
  try {
    await other.until(
      /GET \/ answers 500: API Gateway does not have permission to assume the provided role arn:aws:iam::000000000000:role\/invoker\. There is no such role; make it with: aws iam create-role --role-name invoker .* aws iam put-role-policy --role-name invoker/,
    );
  } finally {
    await other.stop();
  }
});
