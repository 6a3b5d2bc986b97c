// biome-ignore-all lint/suspicious/noTemplateCurlyInString: sources are written like template strings.
// Parameter mappings of HTTP APIs, in front of an HTTP backend.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpIntegration } from "../../src/definition/http-api.ts";
import type { ProbeOutcome } from "../../src/gateway/probe.ts";
import { anHttpApi, anHttpStage, aUrl, callHttpApi, host } from "./an-http-api.ts";
import {
  type Backend,
  type CallOptions,
  type GatewayUnderTest,
  type Reply,
  startBackend,
  startGateway,
  startRawBackend,
} from "./start-gateway.ts";

const deploy = (
  gateway: GatewayUnderTest,
  integration: HttpIntegration,
  variables: Record<string, string> = {},
): void => {
  gateway.deployHttp(anHttpApi({ "ANY /pets/{petId}": { integration } }), anHttpStage({ StageVariables: variables }));
};

/** Sends one request through these mappings, and returns what the backend saw. */
async function seenWith(
  RequestParameters: Record<string, string>,
  {
    path = "/pets/a%20b",
    variables = {},
    ...options
  }: CallOptions & { path?: string; variables?: Record<string, string> } = {},
): Promise<Backend["requests"][number]> {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  deploy(gateway, aUrl(`${backend.origin}/base`, { RequestParameters }), variables);
  const reply = await callHttpApi(gateway, path, options);
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(gateway.errors, []);
  return backend.requests[0]!;
}

test("headers are appended, overwritten and removed, with values from every source", async () => {
  const { headers, rawHeaders } = await seenWith(
    {
      "append:header.h-header": "$request.header.X-Many",
      "append:header.h-query": "$request.querystring.q",
      "append:header.h-query-case": "$request.querystring.Q",
      "append:header.h-path": "$request.path",
      "append:header.h-param": "$request.path.petId",
      "append:header.h-body": "$request.body",
      "append:header.h-json": "$request.body.a.b[1]",
      "append:header.h-object": "${request.body.a}",
      "append:header.h-context": "$context.httpMethod",
      "append:header.h-variable": "$stageVariables.env",
      "append:header.h-static": "as it is",
      "append:header.h-several": "${request.path.petId}/${context.stage}/${stageVariables.none}!",
      "append:header.h-missing": "$request.header.nothing",
      "append:header.h-unset": "$stageVariables.none",
      "append:header.x-kept": "second",
      "overwrite:header.x-replaced": "new",
      "overwrite:header.x-unset": "$stageVariables.none",
      "overwrite:header.x-unresolved": "$request.header.nothing",
      "remove:header.x-gone": "''",
      "append:header.x-renamed": "$request.header.x-gone",
      "overwrite:header.host": "other.example",
    },
    {
      method: "POST",
      path: "/pets/a%20b?q=1&q=2",
      variables: { env: "test" },
      body: '{"a":{"b":[1,"two"]}}',
      headers: {
        "x-many": ["1", "2"],
        "x-kept": "first",
        "X-Replaced": ["old", "older"],
        // One variable with x-replaced where a backend's are CGI's.
        X_Replaced: "a caller's own word",
        "x-unset": "a caller's own word",
        "x-unresolved": "a caller's own word",
        "X-Gone": "moved",
        "content-type": "application/json",
      },
    },
  );
  assert.equal(headers["h-header"], "1,2");
  assert.equal(headers["h-query"], "1,2");
  assert.equal(headers["h-query-case"], undefined);
  assert.equal(headers["h-path"], "/pets/a%20b");
  assert.equal(headers["h-param"], "a b");
  assert.equal(headers["h-body"], '{"a":{"b":[1,"two"]}}');
  assert.equal(headers["h-json"], "two");
  assert.equal(headers["h-object"], '{"b":[1,"two"]}');
  assert.equal(headers["h-context"], "POST");
  assert.equal(headers["h-variable"], "test");
  assert.equal(headers["h-static"], "as it is");
  assert.equal(headers["h-several"], "a b/$default/!");
  assert.equal(headers["h-missing"], undefined);
  assert.equal(headers["h-unset"], undefined);
  assert.equal(headers["x-kept"], "first, second");
  assert.equal(headers["x-replaced"], "new");
  assert.equal(headers["x_replaced"], undefined);
  assert.equal(headers["x-unresolved"], undefined);
  assert.equal(headers["x-unset"], undefined);
  assert.equal(headers["x-gone"], undefined);
  assert.equal(headers["x-renamed"], "moved");
  assert.equal(headers.host, "other.example");
  assert.equal(rawHeaders.filter((text) => text.toLowerCase() === "host").length, 1);
});

test("query parameters are appended, overwritten and removed; all others stay as they were sent", async () => {
  const { url } = await seenWith(
    {
      "append:querystring.a": "$request.querystring.b",
      "overwrite:querystring.c": "x&d=1#é",
      "remove:querystring.gone": "''",
      "overwrite:querystring.tenant": "mine",
      "overwrite:querystring.user": "$context.authorizer.user",
    },
    {
      path: "/pets/1?a=%41&b=2&b=3&c=old&C=kept&gone=1&%67one=2&x;gone=3&z=1;tenant=theirs&%74enant=theirs&user=forged&e=%zz+f",
    },
  );
  assert.equal(url, "/base?a=%41&b=2&b=3&C=kept&x&z=1&e=%zz+f&c=x%26d%3D1%23%C3%A9&tenant=mine&a=2%2C3");
});

test("overwrite:path takes the place of the URI's path, encoded where it has to be", async () => {
  const pathOf = async (source: string, options: Parameters<typeof seenWith>[1] = {}): Promise<string> =>
    (await seenWith({ "overwrite:path": source }, options)).url;
  assert.equal(await pathOf("$request.path"), "/pets/a%20b");
  assert.equal(await pathOf("/new/${request.path.petId}/x"), "/new/a%20b/x");
  assert.equal(
    await pathOf("$request.header.to", { headers: { to: "a/b?c=d#e" } }),
    "/a/b%3Fc%3Dd%23e".replace("%3D", "="),
  );
  assert.equal(await pathOf("$request.header.to"), "/base");
  assert.equal(await pathOf("$request.path", { path: "/pets/1?x=y" }), "/pets/1?x=y");
});

test("no value ends a header, begins another one, or ends the request line", async () => {
  const evil = "a\r\nX-Evil: 1\r\n\r\nGET /other HTTP/1.1\0";
  const { headers, url, rawHeaders } = await seenWith(
    {
      "append:header.h-param": "$request.path.petId",
      "append:header.h-query": "$request.querystring.q",
      "append:header.h-json": "$request.body.v",
      "append:header.h-variable": "$stageVariables.v",
      "overwrite:querystring.v": "$stageVariables.v",
      "overwrite:path": "/a/${stageVariables.v}/${request.body.v}",
    },
    {
      method: "POST",
      path: `/pets/${encodeURIComponent(evil)}?q=${encodeURIComponent(evil)}`,
      variables: { v: evil },
      body: JSON.stringify({ v: evil }),
    },
  );
  for (const name of ["h-param", "h-query", "h-json", "h-variable"]) {
    assert.equal(headers[name], "aX-Evil: 1GET /other HTTP/1.1", name);
  }
  assert.equal(
    rawHeaders.some((text) => /evil/i.test(text) && !text.startsWith("aX-Evil")),
    false,
  );
  assert.match(url, /^[\x21-\x7e]+$/);
  assert.equal(url.split("?")[0]!.includes("/other"), true);
});

test("only a host goes to a backend as Host, whatever a request maps to it", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const RequestParameters = { "append:header.Host": "$request.header.to" };
  deploy(gateway, aUrl(`${backend.origin}/base`, { RequestParameters }));
  const statusOf = async (to: string | string[]): Promise<number> =>
    (await callHttpApi(gateway, "/pets/1", { headers: { to } })).status;
  assert.equal(await statusOf("shop.example:8080"), 200);
  assert.equal(backend.requests.at(-1)?.headers.host, "shop.example:8080");
  const none = ["a b", "a,b", "user@a", "a/b", "http://a", "a:x", "\xe9", "a\tb", "[a", "a;b", "%61"];
  for (const to of [...none, ["a", "b"]]) assert.equal(await statusOf(to), 502, JSON.stringify(to));
  assert.equal(backend.requests.length, 1);
});

test("a JSONPath finds nothing in a body over 100 KB, and no header is that long", async () => {
  const body = JSON.stringify({ pad: "x".repeat(102_400), a: "found" });
  const { headers, url } = await seenWith(
    {
      "append:header.a": "$request.body.a",
      "overwrite:querystring.a": "$request.body.pad",
      "overwrite:header.b": "$request.body",
    },
    { method: "POST", body, headers: { b: "forged" } },
  );
  assert.deepEqual([headers["a"], headers["b"], url], [undefined, undefined, "/base"]);
  const short = await seenWith({ "append:header.a": "$request.body.a" }, { method: "POST", body: '{"a":"found"}' });
  assert.equal(short.headers["a"], "found");
  assert.equal(short.body, '{"a":"found"}');
  const broken = await seenWith({ "append:header.a": "$request.body.a" }, { method: "POST", body: '{"a":' });
  assert.deepEqual([broken.headers["a"], broken.body], [undefined, '{"a":']);
});

/** Answers one request of a backend through these mappings. */
async function answeredWith(
  ResponseParameters: Record<string, Record<string, string>>,
  answer: Parameters<typeof startBackend>[0],
  options: CallOptions & { variables?: Record<string, string> } = {},
): Promise<Reply> {
  await using backend = await startBackend(answer);
  await using gateway = await startGateway();
  deploy(gateway, aUrl(backend.origin, { ResponseParameters }), options.variables);
  const reply = await callHttpApi(gateway, "/pets/1", options);
  assert.deepEqual(gateway.errors, []);
  return reply;
}

test("an answer's headers and status are mapped by the status that the backend gave", async () => {
  const mappings = {
    500: { "append:header.header1": "$context.requestId", "overwrite:statuscode": "403" },
    404: {
      "append:header.error": "$stageVariables.environmentId",
      "overwrite:header.etag": "${response.header.ETag}-${response.body.v}",
      "remove:header.x-gone": "''",
      "append:header.x-all": "$response.header.X-Many",
      "overwrite:statuscode": "$response.body.status",
    },
  };
  const server = await answeredWith(mappings, (_, outgoing) => outgoing.writeHead(500).end("broken"));
  assert.deepEqual([server.status, server.text], [403, "broken"]);
  assert.equal(server.headers["header1"], server.headers["apigw-requestid"]);
  const missing = await answeredWith(
    mappings,
    (_, outgoing) =>
      outgoing
        .writeHead(404, [
          "ETag",
          "e",
          "X-Gone",
          "1",
          "X_Gone",
          "1",
          "X-Many",
          "1",
          "X-Many",
          "2",
          "Content-Type",
          "application/json",
        ])
        .end('{"v":"ř\\r\\nX-Evil: 1","status":410}'),
    { variables: { environmentId: "prod" } },
  );
  assert.equal(missing.status, 410);
  assert.equal(missing.headers["error"], "prod");
  assert.equal(missing.headers["x-gone"], undefined);
  assert.equal(missing.headers["x_gone"], "1");
  assert.equal(missing.headers["x-all"], "1,2");
  assert.equal(missing.headers["x-evil"], undefined);
  assert.equal(Buffer.from(String(missing.headers["etag"]), "latin1").toString(), "e-řX-Evil: 1");
  assert.equal(missing.text, '{"v":"ř\\r\\nX-Evil: 1","status":410}');
  const fine = await answeredWith(mappings, (_, outgoing) => outgoing.writeHead(200, { "X-Gone": "1" }).end("fine"));
  assert.deepEqual([fine.status, fine.headers["x-gone"], fine.text], [200, "1", "fine"]);
});

test("a mapped status that has no body sends none, and one that may have one has none of a 204", async () => {
  const to = (status: string): Record<string, Record<string, string>> => ({
    200: { "overwrite:statuscode": status },
    204: { "overwrite:statuscode": status },
    304: { "overwrite:statuscode": status },
  });
  const long = "x".repeat(100_000);
  for (const status of ["204", "304"]) {
    const reply = await answeredWith(to(status), (_, outgoing) => outgoing.end(long));
    assert.deepEqual([reply.status, reply.text], [Number(status), ""]);
  }
  const empty = await answeredWith(to("200"), (_, outgoing) => outgoing.writeHead(204).end());
  assert.deepEqual([empty.status, empty.text, empty.headers["content-length"]], [200, "", "0"]);
  const fresh = await answeredWith(to("200"), (_, outgoing) =>
    outgoing.writeHead(304, { "Content-Length": "9" }).end(),
  );
  assert.deepEqual([fresh.status, fresh.text, fresh.headers["content-length"]], [200, "", "0"]);
});

test("a status that is none leaves the backend's; the gateway's own errors are not mapped", async () => {
  for (const value of ["99", "600", "abc", "1e2", "200\r\nX: 1"]) {
    const body = JSON.stringify({ v: value });
    const reply = await answeredWith({ 200: { "overwrite:statuscode": "$response.body.v" } }, (_, outgoing) =>
      outgoing.end(body),
    );
    assert.equal(reply.status, 200, value);
  }
  await using gone = await startRawBackend((socket) => socket.destroy());
  await using gateway = await startGateway();
  deploy(gateway, aUrl(gone.origin, { ResponseParameters: { 503: { "overwrite:statuscode": "200" } } }));
  assert.equal((await callHttpApi(gateway, "/pets/1")).status, 503);
});

test("an answer that is mapped from its body is whole, or none: one that breaks off or is too long is an error", async () => {
  const ResponseParameters = { 200: { "append:header.a": "$response.body.a" } };
  await using cut = await startRawBackend((socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":');
  });
  const long = "x".repeat(10 * 1024 * 1024 + 1);
  await using endless = await startBackend((_, outgoing) => outgoing.writeHead(200, { "X-Chunked": "1" }).end(long));
  await using gateway = await startGateway();
  deploy(gateway, aUrl(cut.origin, { ResponseParameters }));
  assert.equal((await callHttpApi(gateway, "/pets/1")).status, 503);
  deploy(gateway, aUrl(endless.origin, { ResponseParameters }));
  assert.equal((await callHttpApi(gateway, "/pets/1")).status, 500);
  assert.deepEqual(gateway.errors, []);
});

test("a long answer is looked into all the same, and so is one that takes many steps", async () => {
  const many = JSON.stringify({
    pad: "x".repeat(300_000),
    a: "found",
    list: Array.from({ length: 1_000 }, (_, n) => ({ n })),
  });
  const reply = await answeredWith(
    { 200: { "append:header.a": "$response.body.a", "append:header.last": "$response.body.list[*].n" } },
    (_, outgoing) => outgoing.end(many),
  );
  assert.equal(reply.headers["a"], "found");
  assert.match(String(reply.headers["last"]), /,999\]$/);
  assert.equal(reply.text, many);
});

test("a trace shows no secret that mappings move or have", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const RequestParameters = {
    "overwrite:header.x-api-key": "a-key-of-the-backend",
    "append:header.kept": "${request.header.x-secret}",
    "append:header.plain": "seen",
  };
  gateway.deployHttp(anHttpApi({ "GET /pets": { integration: aUrl(backend.origin, { RequestParameters }) } }));
  const outcome = await new Promise<ProbeOutcome>((resolve) => {
    const request = {
      method: "GET",
      target: "/pets",
      httpVersion: "1.1",
      headers: ["Host", host, "X-Secret", "a-secret-of-the-client"],
      host,
      remoteAddress: "127.0.0.1",
      localPort: 80,
      isEncrypted: false,
      body: new Uint8Array(),
    } as const;
    gateway.gateway.probe({ request, bodyCharsMax: 1_000, answerBytesMax: 1_000 }, resolve);
  });
  assert.ok(outcome.kind === "answered");
  assert.equal(outcome.status, 200);
  assert.equal(backend.requests[0]!.headers["kept"], "a-secret-of-the-client");
  const shown = JSON.stringify(outcome.events);
  assert.match(shown, /append:header\.plain.*seen/);
  assert.doesNotMatch(shown, /a-key-of-the-backend|a-secret-of-the-client/);
});

test("a stored mapping into a reserved header, of requests or answers, closes its route; no backend is called", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const names = [
    ...["Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-Location", "Forwarded"],
    ...["Keep-Alive", "Origin", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailers", "Transfer-Encoding"],
    ...["Upgrade", "X-Forwarded-For", "X-Forwarded-Proto", "Via", "Access-Control-Allow-Origin", "Apigw-RequestId"],
    ...["X-Amz-Security-Token", "X-Amzn-Trace-Id"],
  ];
  for (const name of names) {
    for (const each of [name, name.toUpperCase(), name.toLowerCase()]) {
      for (const action of ["append", "overwrite", "remove"]) {
        const mapping = { [`${action}:header.${each}`]: "$request.querystring.q" };
        for (const mappings of [{ RequestParameters: mapping }, { ResponseParameters: { 200: mapping } }]) {
          deploy(gateway, aUrl(backend.origin, mappings));
          const { status } = await callHttpApi(gateway, "/pets/1?q=x");
          assert.equal(status, 501, JSON.stringify(mappings));
        }
      }
    }
  }
  for (const key of [
    "append:header.a\r\nb",
    "append:header.a b",
    "append:header.a:",
    "overwrite:header.\u0000",
    "append:header.",
  ]) {
    deploy(gateway, aUrl(backend.origin, { RequestParameters: { [key]: "x" } }));
    assert.equal((await callHttpApi(gateway, "/pets/1")).status, 501, JSON.stringify(key));
  }
  assert.deepEqual(backend.requests, []);
});
