// biome-ignore-all lint/suspicious/noTemplateCurlyInString: sources are written like template strings.
// Hostile values in every source of parameter mappings: each call is one request of the backend and one answer to the client,
// with the headers that were mapped and no others, and never a path outside of what the mapping says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anHttpApi, anHttpStage, aUrl } from "../exchange/an-http-api.ts";
import { startBackend, startGateway } from "../exchange/start-gateway.ts";
import { below, durationMsOr, makeRandom, pick, seed } from "../random.ts";
import { within } from "../until.ts";

const durationMs = durationMsOr(4_000);
const random = makeRandom(seed);
const parts = [
  ...[
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\u2028",
    "\u010d\u010a",
    "X-Evil: 1",
    "\r\n\r\nGET /evil HTTP/1.1\r\n",
    "HTTP/1.1 200 OK",
  ],
  ...[
    "..",
    "../",
    "..;/",
    "%2e%2e",
    "%2f",
    "%252e",
    "/",
    "\\",
    "?",
    "#",
    "&",
    "=",
    ";",
    "%",
    "%zz",
    "%0d%0a",
    " ",
    "\t",
  ],
  ...["é", "\ud800", "\u{1f600}", "a", "{", "}", "${context.stage}", '"', "Transfer-Encoding: chunked", "0\r\n\r\n"],
];
const text = (): string => Array.from({ length: below(random, 5) }, () => pick(random, parts)).join("");

const sources = {
  path: "$request.path.id",
  query: "$request.querystring.q",
  header: "$request.header.in",
  json: "$request.body.v",
  whole: "$request.body",
  variable: "$stageVariables.v",
  several: "${request.path.id}|${request.body.v}|${stageVariables.v}",
};
const statuses = [200, 204, 304, 404, 500];

test(`fuzz: mappings of hostile values (PORTICO_FUZZ_SEED=${seed})`, { timeout: 60_000 + durationMs }, async () => {
  let answer = "{}";
  await using backend = await startBackend((_, outgoing) =>
    outgoing.writeHead(pick(random, statuses), { "X-Theirs": "1", "Content-Type": "application/json" }).end(answer),
  );
  await using gateway = await startGateway();
  const RequestParameters = {
    ...Object.fromEntries(Object.entries(sources).map(([name, source]) => [`append:header.h-${name}`, source])),
    ...Object.fromEntries(Object.entries(sources).map(([name, source]) => [`overwrite:querystring.q-${name}`, source])),
    "overwrite:path": "/safe/${request.body.v}/${request.header.in}/${request.path.id}",
  };
  const mapped = {
    "overwrite:header.x-body": "$response.body.v",
    "append:header.x-all": "${response.header.X-Theirs} ${response.body}",
    "overwrite:statuscode": "$response.body.status",
  };
  const ResponseParameters = Object.fromEntries(statuses.map((status) => [status, mapped]));
  const integration = aUrl(`${backend.origin}/uri`, { RequestParameters, ResponseParameters });
  const isTimeLeft = within(durationMs);
  const known = /^(?:host|connection|content-length|in|forwarded|via|x-amzn-trace-id|h-\w+)$/;
  const answered =
    /^(?:x-theirs|content-type|x-body|x-all|apigw-requestid|content-length|date|connection|transfer-encoding|x-portico-hint|keep-alive)$/;
  let sent = 0;
  for (let rounds = 0; isTimeLeft() || rounds < 100; rounds++) {
    const stage = anHttpStage({ StageVariables: { v: text() } });
    gateway.deployHttp(anHttpApi({ "POST /{id}": { integration } }), stage);
    answer = JSON.stringify({ v: text(), status: pick(random, [200, 204, 304, 99, "200\r\nX-Evil: 1", text(), 599]) });
    const id = encodeURIComponent(text().toWellFormed()) || "x";
    const query = encodeURIComponent(text().toWellFormed());
    const headerValue = text()
      .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "")
      .trim();
    const shown = JSON.stringify({ stage, answer, id, query, headerValue });
    const reply = await gateway.call(`/${id}?q=${query}`, {
      host: "http123.execute-api.us-east-1.localhost",
      isWhole: true,
      method: "POST",
      headers: { in: headerValue },
      body: pick(random, [JSON.stringify({ v: text() }), text(), ""]),
    });
    for (const name of Object.keys(reply.headers)) assert.match(name, answered, shown);
    if (reply.status === 400 && reply.headers["x-portico-hint"] !== undefined) continue;
    sent++;
    assert.equal(backend.requests.length, sent, shown);
    const { url, method, rawHeaders } = backend.requests.at(-1)!;
    assert.equal(method, "POST", shown);
    assert.match(url, /^\/safe\/[\x21-\x7e]*$/, shown);
    const path = url
      .split("?", 1)[0]!
      .replaceAll(/%2e/gi, ".")
      .replaceAll(/%2f|%5c|\\/gi, "/")
      .replaceAll(/%3b/gi, ";");
    assert.ok(!/\/\.\.(?:[/;]|$)/.test(path), `${shown} ${url}`);
    for (const [index, name] of rawHeaders.entries())
      if (index % 2 === 0) assert.match(name.toLowerCase(), known, shown);
  }
  assert.ok(sent > 20, String(sent));
  assert.deepEqual(gateway.errors, []);
});
