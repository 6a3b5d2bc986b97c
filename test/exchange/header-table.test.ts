import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration, IntegrationResponse, Method } from "../../src/definition/rest-api.ts";
import { aLambdaProxy, aMethod, aMock, anHttpProxy, aRestApi } from "./a-rest-api.ts";
import { FakeFunctions } from "./fake-functions.ts";
import { startBackend, startGateway, startRawBackend } from "./start-gateway.ts";

// AWS: API Gateway Developer Guide, "Important notes for REST APIs": headers that are dropped, remapped or changed on
// their way, corrected by what was recorded (docs/internals/aws-facts/recorded.md, rows 4 to 6). The columns are AWS's: HTTP (a header gets there by a mapping only), HTTP_PROXY, and Lambda (proxy).

/** P: passes, D: dropped, R: remapped, O: overwritten, or, of responses, remapped beside one of the gateway's own. */
type Fate = "P" | "D" | "R" | "O";
const columns = ["http", "http_proxy", "lambda"] as const;
type Column = (typeof columns)[number];

const table: readonly (readonly [name: string, request: string, response: string])[] = [
  ["Age", "PPP", "PPP"],
  ["Accept", "PPP", "PPP"],
  ["Accept-Charset", "PPP", "PPP"],
  ["Accept-Encoding", "PPP", "PPP"],
  ["Authorization", "PPP", "RRR"],
  ["Connection", "PPD", "RRR"],
  ["Content-Encoding", "PDP", "PPP"],
  ["Content-Length", "PPP", "RRR"],
  ["Content-MD5", "PDD", "RRR"],
  ["Content-Type", "PPP", "PPP"],
  ["Date", "PPP", "OOO"],
  ["Expect", "DDD", "RDD"],
  ["Host", "POP", "RDD"],
  ["Max-Forwards", "PDD", "RRR"],
  ["Pragma", "PPP", "PPP"],
  ["Proxy-Authenticate", "DDD", "RDD"],
  ["Range", "PPP", "PPP"],
  ["Referer", "PPP", "PPP"],
  ["Server", "PDD", "OOO"],
  ["TE", "DDD", "PDD"],
  ["Transfer-Encoding", "DDD", "DDD"],
  ["Trailer", "PDD", "RDD"],
  ["Upgrade", "PDD", "RDD"],
  ["User-Agent", "PPP", "RRR"],
  ["Via", "PDP", "PDD"],
  ["Warn", "PPP", "PPP"],
  ["WWW-Authenticate", "PDD", "RRR"],
];

/** Where Portico differs, with the reason: name, direction, column → its fate here. */
const differences: Readonly<Record<string, Fate>> = {
  // RFC 9110 §7.6.1: what Connection says is for one hop.
  "Connection request http": "D",
  "Connection request http_proxy": "D",
  // As users of AWS observe: an event has none.
  "Content-Length request lambda": "D",
  // There is no name of ours in `Server`, which AWS overwrites.
  "Server response http": "R",
  "Server response http_proxy": "R",
  "Server response lambda": "R",
};

const values: Readonly<Record<string, string>> = {
  Connection: "x-listed",
  "Content-Encoding": "identity",
  "Content-Length": "5",
  "Content-Type": "text/x-mine",
  Date: "Mon, 02 Jan 2006 15:04:05 GMT",
  Expect: "100-continue",
  Host: "abc123.execute-api.us-east-1.localhost",
  "Transfer-Encoding": "chunked",
};
const sampleOf = (name: string): string => values[name] ?? `x-${name.toLowerCase()}`;

/** Mapping into these is refused. */
const reserved = ["Content-Length", "Transfer-Encoding"];
const mappings = Object.fromEntries(
  table
    .filter(([name]) => !reserved.includes(name))
    .map(([name]) => [`integration.request.header.${name}`, `method.request.header.${name}`]),
);
const responseMappings = Object.fromEntries(
  table.map(([name]) => [`method.response.header.${name}`, `integration.response.header.${name}`]),
);

const integrations = (uri: string): Readonly<Record<Column, Integration>> => ({
  http: {
    type: "HTTP",
    httpMethod: "POST",
    uri,
    requestParameters: mappings,
    integrationResponses: { "200": { statusCode: "200", responseParameters: responseMappings } },
  },
  http_proxy: anHttpProxy(uri),
  lambda: aLambdaProxy(),
});

const anApi = (uri: string): ReturnType<typeof aRestApi> =>
  aRestApi(
    Object.fromEntries(
      Object.entries(integrations(uri)).map(([column, integration]): [string, Record<string, Method>] => [
        `/${column}`,
        { POST: aMethod(integration, { httpMethod: "POST" }) },
      ]),
    ),
  );

/** A request with one header of the table, as it is on the wire; its body is `hello`. */
function requestWith(name: string, column: Column): string {
  const isChunked = name === "Transfer-Encoding";
  const lines = [`POST /prod/${column} HTTP/1.1`];
  if (name !== "Host") lines.push(`Host: ${values["Host"]}`);
  if (name !== "Connection") lines.push("Connection: close");
  if (name !== "Content-Length" && !isChunked) lines.push("Content-Length: 5");
  lines.push(`${name}: ${sampleOf(name)}`);
  return `${lines.join("\r\n")}\r\n\r\n${isChunked ? "5\r\nhello\r\n0\r\n\r\n" : "hello"}`;
}

const pairsOf = (raw: readonly string[], name: string): string[] =>
  raw.filter((_, index) => index % 2 === 1 && raw[index - 1]!.toLowerCase() === name.toLowerCase());

for (const [index, column] of columns.entries()) {
  test(`requests to ${column}: each header of AWS's table`, async () => {
    await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
    const functions = new FakeFunctions();
    await using gateway = await startGateway({ functions });
    gateway.deploy(anApi(backend.origin));
    const seenOf = (name: string): readonly string[] => {
      if (column !== "lambda") return pairsOf(backend.requests.at(-1)!.rawHeaders, name);
      const headers = functions.event()["multiValueHeaders"] as Record<string, string[]>;
      return Object.entries(headers).flatMap(([key, each]) => (key.toLowerCase() === name.toLowerCase() ? each : []));
    };
    for (const [name, request] of table) {
      const fate = differences[`${name} request ${column}`] ?? request[index];
      assert.match(await gateway.raw(requestWith(name, column), "ok"), /HTTP\/1.1 200/, `${column} ${name}`);
      const seen = seenOf(name);
      const where = `${column} ${name}: ${fate}, seen ${JSON.stringify(seen)}`;
      if (fate === "P") assert.ok(seen.includes(sampleOf(name)), where);
      if (fate === "O") assert.deepEqual(seen, [backend.origin.slice("http://".length)], where);
      if (fate === "D") assert.deepEqual(seen, column === "lambda" ? [] : (ofOurHop[name] ?? []), where);
      const body = column === "lambda" ? functions.event()["body"] : backend.requests.at(-1)!.body;
      assert.equal(body, "hello", where);
    }
    const authorization = "AWS4-HMAC-SHA256 Credential=x";
    const signed = await gateway.call(`/${column}`, { method: "POST", body: "hello", headers: { authorization } });
    assert.equal(signed.status, 200);
    assert.deepEqual(seenOf("authorization"), [], "a signature for the gateway goes no further");
    assert.deepEqual(gateway.errors, []);
  });

  test(`responses of ${column}: each header of AWS's table`, async () => {
    let name = "";
    await using backend = await startRawBackend((socket) => {
      const isChunked = name === "Transfer-Encoding";
      const length = name === "Content-Length" || isChunked ? "" : "Content-Length: 2\r\n";
      const value = name === "Content-Length" ? "2" : sampleOf(name);
      socket.end(`HTTP/1.1 200 OK\r\n${length}${name}: ${value}\r\n\r\n${isChunked ? "2\r\nok\r\n0\r\n\r\n" : "ok"}`);
    });
    const functions = new FakeFunctions();
    functions.answer = () => ({
      statusCode: 200,
      headers: { [name]: name === "Content-Length" ? "2" : sampleOf(name) },
      body: "ok",
    });
    await using gateway = await startGateway({ functions });
    gateway.deploy(anApi(backend.origin));
    for (const [row, , response] of table) {
      name = row;
      const fate = differences[`${name} response ${column}`] ?? response[index];
      const { status, rawHeaders, text } = await gateway.call(`/${column}`, { method: "POST", body: "hello" });
      const value = name === "Content-Length" ? "2" : sampleOf(name);
      const [own, moved] = [pairsOf(rawHeaders, name), pairsOf(rawHeaders, `x-amzn-remapped-${name}`)];
      const where = `${column} ${name}: ${fate}, seen ${JSON.stringify({ own, moved })}`;
      assert.deepEqual([status, text], [200, "ok"], where);
      if (fate === "P") assert.ok(own.includes(value), where);
      assert.deepEqual(moved, fate === "R" || fate === "O" ? [value] : [], where);
      // The gateway's own stands where AWS overwrites; elsewhere nothing is made up.
      if (fate === "O") assert.ok(own.length === 1 && own[0] !== value, where);
      if (fate === "R" || fate === "D") {
        const isHop = name !== "Transfer-Encoding" || column !== "lambda";
        assert.deepEqual(own, isHop ? (ofOurAnswer[name] ?? []) : [], where);
      }
    }
    assert.deepEqual(gateway.errors, []);
  });
}

/** What a connection of our own says of itself; bodies of unknown length stay that. */
const ofOurHop: Readonly<Record<string, readonly string[]>> = {
  Connection: ["keep-alive"],
  "Transfer-Encoding": ["chunked"],
};
const ofOurAnswer: Readonly<Record<string, readonly string[]>> = {
  Connection: ["close"],
  "Content-Length": ["2"],
  "Transfer-Encoding": ["chunked"],
};

test("MOCK and Lambda custom: mapped and overridden response headers have the fates of column http", async () => {
  await using gateway = await startGateway({ functions: new FakeFunctions() });
  const literals = Object.fromEntries(table.map(([name]) => [`method.response.header.${name}`, `'${sampleOf(name)}'`]));
  const sets = table
    .map(([name]) => `#set($context.responseOverride.header["${name}"] = "${sampleOf(name)}")`)
    .join("");
  const response = (overrides: Partial<IntegrationResponse>): Partial<Integration> => ({
    integrationResponses: { "200": { statusCode: "200", ...overrides } },
  });
  gateway.deploy(
    aRestApi({
      "/mapped": { GET: aMethod(aMock("", response({ responseParameters: literals }))) },
      "/overridden": {
        GET: aMethod(aMock("", response({ responseTemplates: { "application/json": `${sets}ok` } }))),
      },
      "/custom": { GET: aMethod(aLambdaProxy({ type: "AWS", ...response({ responseParameters: literals }) })) },
    }),
  );
  for (const path of ["/mapped", "/overridden", "/custom"]) {
    const { status, rawHeaders } = await gateway.call(path);
    assert.equal(status, 200, path);
    for (const [name, , response] of table) {
      const fate = differences[`${name} response http`] ?? response[0];
      const where = `${path} ${name}`;
      // The length is that of the body, whatever a mapping says.
      if (name !== "Content-Length") {
        assert.equal(pairsOf(rawHeaders, name).includes(sampleOf(name)), fate === "P", where);
      }
      const moved = pairsOf(rawHeaders, `x-amzn-remapped-${name}`);
      assert.deepEqual(moved, fate === "R" || fate === "O" ? [sampleOf(name)] : [], where);
    }
  }
});

test("a mapping or an override does not pass on what AWS drops from requests, or what is about a connection", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("ok"));
  await using gateway = await startGateway();
  const never = ["Connection", "Expect", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "TE"];
  const literals = Object.fromEntries(never.map((name) => [`integration.request.header.${name}`, "'forged'"]));
  const sets = never.map((name) => `#set($context.requestOverride.header["${name}"] = "forged")`).join("");
  const custom = { type: "HTTP", httpMethod: "POST", integrationResponses: { "200": { statusCode: "200" } } } as const;
  const uri = backend.origin;
  gateway.deploy(
    aRestApi({
      "/mapped": { POST: aMethod({ ...custom, uri, requestParameters: literals }) },
      "/proxied": { POST: aMethod(anHttpProxy(uri, { requestParameters: literals })) },
      "/overridden": {
        POST: aMethod({ ...custom, uri, requestTemplates: { "application/json": `${sets}hello` } }),
      },
    }),
  );
  for (const path of ["/mapped", "/proxied", "/overridden"]) {
    const headers = { "content-type": "application/json" };
    assert.equal((await gateway.call(path, { method: "POST", body: "hello", headers })).status, 200, path);
    const seen = backend.requests.at(-1)!;
    assert.ok(!seen.rawHeaders.includes("forged"), `${path}: ${seen.rawHeaders.join()}`);
    assert.equal(seen.body, "hello");
  }
});
