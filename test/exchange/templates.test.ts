import assert from "node:assert/strict";
import { test } from "node:test";
import type { Integration } from "../../src/definition/rest-api.ts";
import { aMethod, aMock, aRestApi, aStage } from "./a-rest-api.ts";
import {
  type Backend,
  type CallOptions,
  type GatewayUnderTest,
  type Reply,
  startBackend,
  startGateway,
} from "./start-gateway.ts";

const statuses = Object.fromEntries(["200", "400", "404"].map((statusCode) => [statusCode, { statusCode }]));

/** A MOCK whose response template is this. */
const rendering = (template: string, overrides: Partial<Integration> = {}): Integration => aMock(template, overrides);

/** An HTTP integration with a request template, that answers what the backend answers. */
const sending = (uri: string, template: string, overrides: Partial<Integration> = {}): Integration => ({
  type: "HTTP",
  httpMethod: "POST",
  uri,
  requestTemplates: { "application/json": template },
  integrationResponses: { "200": { statusCode: "200" } },
  ...overrides,
});

/** What a request template makes of a request, as the backend sees it. */
async function send(
  template: string,
  body: string | Buffer,
  options: CallOptions = {},
): Promise<{ reply: Reply; sent: string; request: Backend["requests"][number] | undefined }> {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  gateway.deploy(
    aRestApi({ "/things/{id}": { POST: aMethod(sending(backend.origin, template)) } }),
    aStage({ variables: { color: "blue" } }),
  );
  const reply = await gateway.call("/things/a%20b?name=Ada&name=Grace+H", { method: "POST", body, ...options });
  assert.deepEqual(gateway.errors, []);
  return { reply, sent: backend.requests[0]?.body ?? "", request: backend.requests[0] };
}

async function startMock(template: string, overrides: Partial<Integration> = {}): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ nowMs: Date.UTC(2020, 2, 4, 19, 15, 17) });
  gateway.deploy(
    aRestApi({ "/pets/{id}": { ANY: aMethod(rendering(template, overrides), { methodResponses: statuses }) } }),
    aStage({ variables: { color: "blue", "a-b": "c" } }),
  );
  return gateway;
}

const render = async (template: string, options: CallOptions = {}, path = "/pets/7"): Promise<string> => {
  await using gateway = await startMock(template);
  const reply = await gateway.call(path, options);
  assert.equal(reply.status, 200, `${reply.text} ${reply.headers["x-portico-hint"]}`);
  return reply.text;
};

test("$input's body, json, path and params read the request", async () => {
  const template = `{
  "id": "$input.params('id')",
  "count": "$input.path('$.things').size()",
  "things": $input.json('$.things'),
  "first": $input.path('things[0]').n,
  "missing": $input.json('$.nothing'),
  "null": "$input.path('$.nothing')",
  "name": "$input.params('name')",
  "none": "$input.params('none')",
  "length": $input.body.length()
}`;
  const body = '{"things": [{"n": 1.0}, {"n": "é"}]}';
  const { sent } = await send(template, body);
  assert.equal(
    sent,
    `{
  "id": "a%20b",
  "count": "2",
  "things": [{"n":1.0},{"n":"é"}],
  "first": 1.0,
  "missing": "",
  "null": "",
  "name": "Grace H",
  "none": "",
  "length": ${body.length}
}`,
  );
});

test("a request without a body is an empty object, to $input.body, too", async () => {
  assert.equal((await send("[$input.json('$')|$input.body|$input.path('$').a]", "")).sent, "[{}|{}|]");
});

test("$input.params searches path, then query, then headers, with their case", async () => {
  const options = { headers: { id: "header", only: "yes", Mixed: "case" } };
  assert.equal(await render("$input.params('id')", options, "/pets/7?id=query"), "7");
  assert.equal(await render("$input.params('only')$input.params('ONLY')", options, "/pets/7?only=query"), "query");
  assert.equal(await render("$input.params('Mixed')|$input.params('mixed')", options), "case|");
  assert.equal(await render("$input.params('X-Forwarded-For')"), "127.0.0.1");
});

test("a template goes over all parameters and makes JSON of them", async () => {
  const template = `#set($all = $input.params())
{#foreach($place in $all.keySet())
#set($values = $all.get($place))
  "$place": {#foreach($name in $values.keySet())"$name": "$util.escapeJavaScript($values.get($name))"#if($foreach.hasNext), #end#end}#if($foreach.hasNext),
#end#end
}`;
  const text = await render(template, { headers: { "X-Quote": 'say "hi"/' } }, "/pets/7?q=1&q=2&r=%C3%A9");
  const params = JSON.parse(text) as Record<string, Record<string, string>>;
  assert.deepEqual(Object.keys(params), ["path", "querystring", "header"]);
  assert.deepEqual(params["path"], { id: "7" });
  assert.deepEqual(params["querystring"], { q: "2", r: "é" });
  assert.equal(params["header"]!["X-Quote"], 'say "hi"/');
  assert.equal(params["header"]!["X-Forwarded-Proto"], "http");
});

test("$context has what is known of the request, and prints nothing for what is not", async () => {
  const template = `$context.stage|$context.apiId|$context.resourcePath|$context.resourceId|$context.httpMethod|\
$context.identity.sourceIp|$context.identity.userAgent|$context.path|$context.requestTime|$context.requestTimeEpoch|\
$context.domainPrefix|$context.accountId|$context.protocol|$context.deploymentId|[$context.identity.apiKey]|\
[$context.authorizer.principalId]|[$context.authorizer.claims.sub]|[$context.error.message]|[$context.nothing.at.all]|\
[$context.status]`;
  const text = await render(template, { headers: { "User-Agent": "curl/8" } });
  assert.equal(
    text,
    "prod|abc123|/pets/{id}|r0|GET|127.0.0.1|curl/8|/prod/pets/7|04/Mar/2020:19:15:17 +0000|1583349317000|" +
      "abc123|000000000000|HTTP/1.1|dep1|[]|[]|[]|[]|[]|[]",
  );
  assert.equal(await render("#set($s = $context.requestTimeEpoch / 1000)$s"), "1583349317");
});

test("$stageVariables has the stage's variables in AWS's four forms, and can't be changed", async () => {
  assert.equal(
    await render(
      "$stageVariables.color $stageVariables['a-b'] ${stageVariables['color']} ${stageVariables.color} [$stageVariables.none]",
    ),
    "blue c blue blue []",
  );
  await using gateway = await startMock(
    `#set($stageVariables.color = "red")#set($x = $stageVariables.put("color", "red"))$stageVariables.color $stageVariables.size()`,
  );
  await gateway.call("/pets/7");
  assert.equal((await gateway.call("/pets/7")).text, "blue 2");
});

test("$util escapes, encodes and parses as AWS's functions do", async () => {
  const cases: Readonly<Record<string, string>> = {
    "$util.escapeJavaScript($input.params('s'))": String.raw`it\'s \"a\/b\" \\ \u00E9 \n`,
    "$util.urlEncode($input.params('s'))": "it%27s+%22a%2Fb%22+%5C+%C3%A9+%0A",
    "$util.urlDecode('a+b%C3%A9%2F')": "a bé/",
    "$util.base64Encode('é')": "w6k=",
    "$util.base64Decode('w6k=')": "é",
    [`#set($o = $util.parseJson('{"a":{"b":[1,2]}}'))$o.a.b[1] $o.a`]: "2 {b=[1,2]}",
    "[$util.toJson('x')]": "[]",
    "[$util.escapeJavaScript($nothing)]": "[]",
    "$util.urlEncode('a~b*c')": "a%7Eb*c",
  };
  for (const [template, expected] of Object.entries(cases)) {
    const path = `/pets/7?s=${encodeURIComponent('it\'s "a/b" \\ é \n')}`;
    assert.equal(await render(template, {}, path), expected, template);
  }
});

test("a body that is no JSON is AWS's 400 with the parser's words, and only where JSON is asked for", async () => {
  const { reply } = await send('{"a": $input.json("$.a")}', '{"a": }');
  assert.equal(reply.status, 400);
  assert.equal(reply.headers["x-amzn-errortype"], "BadRequestException");
  const { message } = JSON.parse(reply.text) as { message: string };
  assert.match(reply.text, /^\{"message": "/);
  assert.match(message, /^Could not parse request body into json: Unexpected character \('}' \(code 125\)\)/);
  assert.match(message, /line: 1, column: 8\]$/);
  assert.equal((await send("<$input.body>", '{"a": }')).sent, '<{"a": }>');
});

test("a template that fails is AWS's 500, and the hint names template, line and column", async () => {
  const { reply } = await send('{\n  "a": $input.json("$.a[?(")\n}', "{}");
  assert.deepEqual([reply.status, reply.text], [500, '{"message": "Internal server error"}']);
  assert.match(
    String(reply.headers["x-portico-hint"]),
    /Unable to transform request: the request template for application\/json, line 2, column \d+: Invalid JSONPath/,
  );
  await using gateway = await startMock("#if($x)\nnever ended");
  const broken = await gateway.call("/pets/7");
  assert.deepEqual([broken.status, broken.text], [500, '{"message": "Internal server error"}']);
  assert.match(String(broken.headers["x-portico-hint"]), /response template for application\/json, line \d+, column/);
});

test("a template that can't be parsed closes nothing but the requests that need it", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const requestTemplates = { "application/json": "#foreach(", "text/plain": "$input.body" };
  gateway.deploy(aRestApi({ "/": { POST: aMethod(sending(backend.origin, "", { requestTemplates })) } }));
  const ask = (type: string): Promise<Reply> =>
    gateway.call("/", { method: "POST", body: "x", headers: { "Content-Type": type } });
  assert.equal((await ask("application/json")).status, 500);
  assert.equal((await ask("text/plain")).text, "echo x");
});

test("a MOCK's request template chooses the status from the request", async () => {
  const template = `{"statusCode": #if($input.params('scope') == "internal")200#{else}404#end}`;
  await using gateway = await startMock("", {
    requestTemplates: { "application/json": template },
    integrationResponses: {
      "200": { statusCode: "200", responseTemplates: { "application/json": '{"id": "$input.params("id")"}' } },
      "404": { statusCode: "404", selectionPattern: "4\\d{2}", responseTemplates: { "application/json": "none" } },
    },
  });
  const found = await gateway.call("/pets/7?scope=internal");
  assert.deepEqual([found.status, found.text], [200, '{"id": "7"}']);
  const missing = await gateway.call("/pets/7");
  assert.deepEqual([missing.status, missing.text], [404, "none"]);
});

test("a MOCK's request template reads the body, and must make a statusCode", async () => {
  await using gateway = await startMock("ok", {
    requestTemplates: { "application/json": '{"statusCode": $input.json("$.code")}' },
  });
  const ask = (body: string): Promise<Reply> => gateway.call("/pets/7", { method: "POST", body });
  assert.equal((await ask('{"code": 200}')).status, 200);
  const bad = await ask('{"code": "x"}');
  assert.equal(bad.status, 500);
  assert.match(
    String(bad.headers["x-portico-hint"]),
    /Unable to parse statusCode.*: the output of the request template for application\/json has no integer statusCode: \{"statusCode": "x"\}$/,
  );
  assert.equal((await ask("nonsense")).status, 400);
});

test("request overrides change headers, query and path after the mappings", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const template = `$input.json("$")
#set($both = "$input.params('first')+$input.params('second')")
#set($context.requestOverride.header.both = $both)
#set($context.requestOverride.header.first = "replaced")
#set($context.requestOverride.header.multi = ["a", "b"])
#set($context.requestOverride.header.Host = "evil")
#set($context.requestOverride.header.Content-Type = "text/x")
#set($context.requestOverride.querystring.q = "o v&r")
#set($context.requestOverride.querystring['new'] = ["1", "2"])
#set($context.requestOverride.path.seg = "x/y")`;
  const integration = sending(`${backend.origin}/a/{seg}/{other}`, template, {
    requestParameters: {
      "integration.request.header.first": "method.request.header.first",
      "integration.request.header.second": "method.request.header.second",
      "integration.request.querystring.q": "method.request.querystring.q",
      "integration.request.querystring.kept": "'k'",
      "integration.request.path.other": "'lit'",
    },
  });
  gateway.deploy(aRestApi({ "/": { POST: aMethod(integration) } }));
  const headers = { first: "1st", second: "2nd" };
  const reply = await gateway.call("/?q=client", { method: "POST", body: '{"a": 1}', headers });
  assert.equal(reply.status, 200, String(reply.headers["x-portico-hint"]));
  const [seen] = backend.requests;
  assert.equal(seen!.url, "/a/x%2Fy/lit?kept=k&q=o%20v%26r&new=1&new=2");
  assert.equal(seen!.headers["first"], "replaced");
  assert.equal(seen!.headers["second"], "2nd");
  assert.equal(seen!.headers["both"], "1st+2nd");
  assert.equal(seen!.headers["multi"], "a,b");
  assert.equal(seen!.headers["content-type"], "text/x");
  // As recorded for mappings with static values.
  assert.equal(seen!.headers.host, "evil");
  assert.equal(seen!.body.trim(), '{"a":1}');
});

test("a path parameter that nothing sets is AWS's 500; one that leads up is refused", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const template = `#if($input.params('p') != "")#set($context.requestOverride.path.p = $input.params('p'))#end`;
  gateway.deploy(aRestApi({ "/": { POST: aMethod(sending(`${backend.origin}/a/{p}`, template)) } }));
  assert.equal((await gateway.call("/", { method: "POST" })).status, 500);
  assert.equal((await gateway.call("/?p=..%2Fb", { method: "POST" })).status, 400);
  assert.equal((await gateway.call("/?p=b", { method: "POST" })).status, 200);
  assert.deepEqual(
    backend.requests.map(({ url }) => url),
    ["/a/b"],
  );
});

test("an override may be set only once, and headers can't be split", async () => {
  const { reply } = await send(
    '#set($context.requestOverride.header.A = "1")#set($context.requestOverride.header.a = "2")',
    "",
  );
  assert.equal(reply.status, 500);
  assert.match(String(reply.headers["x-portico-hint"]), /set twice/);
  const split = '#set($context.responseOverride.header.X-Evil = $util.urlDecode("a%0D%0ASet-Cookie: b"))ok';
  await using gateway = await startMock(split);
  const evil = await gateway.call("/pets/7");
  assert.deepEqual([evil.headers["x-evil"], evil.headers["set-cookie"]], ["aSet-Cookie: b", undefined]);
  await using named = await startMock('#set($context.responseOverride.header["A: b"] = "1")');
  assert.equal((await named.call("/pets/7")).status, 500);
});

test("a map sets all overrides of a place, and nothing else is taken in its stead", async () => {
  const map = '{"h1": "a", "h2": ["b", "c"]}';
  const { reply, request } = await send(
    `#set($context.requestOverride.header = ${map})#set($x = $context.requestOverride.put("querystring", {"q": 1}))x`,
    "",
  );
  assert.equal(reply.status, 200);
  assert.deepEqual([request?.headers["h1"], request?.headers["h2"], request?.url?.split("?")[1]], ["a", "b,c", "q=1"]);
  const twice = await send(
    `#set($context.requestOverride.header = ${map})#set($context.requestOverride.header.H1 = "d")`,
    "",
  );
  assert.match(String(twice.reply.headers["x-portico-hint"]), /header.H1 is set twice/);
  for (const value of ['"a"', '["a"]', "1"]) {
    const { reply: refused } = await send(`#set($context.requestOverride.header = ${value})`, "");
    assert.equal(refused.status, 500, value);
    assert.match(String(refused.headers["x-portico-hint"]), /requestOverride.header is set to what is no map/, value);
  }
  const missing = await send(
    "#set($context.requestOverride.header = $input.path('$.none'))#set($context.responseOverride.header = {})x",
    "",
  );
  assert.equal(missing.reply.status, 200);
});

test("a response template reads what the request template overrides, so that a MOCK can echo", async () => {
  await using gateway = await startMock('#set($body = $context.requestOverride.path.body){"body": $body}', {
    requestTemplates: {
      "application/json": '#set($context.requestOverride.path.body = $input.body){"statusCode": 200,}',
    },
  });
  const echoed = await gateway.call("/pets/7", { method: "POST", body: '{"a": 1}' });
  assert.equal(echoed.text, '{"body": {"a": 1}}');
});

test("a request template overrides the response's status and headers, whatever the response is made of", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const template = `#set($context.responseOverride.status = 403)#set($context.responseOverride.header.X-Why = "no")`;
  const answer = (responseTemplates: Integration["requestTemplates"]): Integration =>
    sending(backend.origin, template, {
      integrationResponses: { "200": { statusCode: "200", responseTemplates: responseTemplates! } },
    });
  gateway.deploy(
    aRestApi({
      "/streamed": { POST: aMethod(sending(backend.origin, template)) },
      "/literal": { POST: aMethod(answer({ "application/json": "no" })) },
      "/template": {
        POST: aMethod(answer({ "application/json": '#if($context.responseOverride.status == "403")no#end' })),
      },
    }),
  );
  for (const path of ["/streamed", "/literal", "/template"]) {
    const reply = await gateway.call(path, { method: "POST" });
    assert.deepEqual([reply.status, reply.headers["x-why"]], [403, "no"], path);
    if (path !== "/streamed") assert.equal(reply.text, "no", path);
  }
});

test("a response template overrides status and headers by the backend's body", async () => {
  await using backend = await startBackend((incoming, outgoing) => {
    const failed = { problems: [{ field: "id", text: "Out of range." }] };
    outgoing.writeHead(200, { "Content-Type": "application/json", "X-From": "backend" });
    outgoing.end(JSON.stringify(incoming.url === "/pets/-1" ? failed : { id: 1 }));
  });
  await using gateway = await startGateway();
  const template = `#set($answer = $input.path('$'))
#if($answer.toString().contains("problems"))
#set($context.responseOverride.status = 400)
#set($context.responseOverride.header.X-Mapped = "overridden")
#end
$input.json("$")`;
  const integration: Integration = {
    type: "HTTP",
    httpMethod: "GET",
    uri: `${backend.origin}/pets/{petId}`,
    requestParameters: { "integration.request.path.petId": "method.request.path.petId" },
    integrationResponses: {
      "200": {
        statusCode: "200",
        responseParameters: {
          "method.response.header.X-Mapped": "integration.response.header.X-From",
          "method.response.header.X-Message": "integration.response.body.problems[0].text",
          "method.response.header.X-First": "integration.response.body.problems[0]",
        },
        responseTemplates: { "application/json": template },
      },
    },
  };
  gateway.deploy(aRestApi({ "/pets/{petId}": { GET: aMethod(integration) } }));
  const good = await gateway.call("/pets/1");
  assert.deepEqual([good.status, good.text, good.headers["x-mapped"]], [200, '{"id":1}', "backend"]);
  assert.equal(good.headers["x-message"], undefined);
  const bad = await gateway.call("/pets/-1");
  assert.deepEqual([bad.status, bad.headers["x-mapped"]], [400, "overridden"]);
  assert.equal(bad.headers["x-message"], "Out of range.");
  assert.equal(bad.headers["x-first"], '{"field":"id","text":"Out of range."}');
});

test("a backend's answer that is no JSON is AWS's 500 where a template wants JSON", async () => {
  await using backend = await startBackend((_, outgoing) => outgoing.end("<html>"));
  await using gateway = await startGateway();
  const answer = (template: string): Integration => ({
    type: "HTTP",
    httpMethod: "GET",
    uri: backend.origin,
    integrationResponses: { "200": { statusCode: "200", responseTemplates: { "application/json": template } } },
  });
  gateway.deploy(
    aRestApi({
      "/json": { GET: aMethod(answer("$input.json('$')")) },
      "/body": { GET: aMethod(answer("{$input.body $input.params('q')}")) },
    }),
  );
  const failed = await gateway.call("/json");
  assert.deepEqual([failed.status, failed.text], [500, '{"message": "Internal server error"}']);
  assert.match(String(failed.headers["x-portico-hint"]), /Unable to transform response/);
  assert.equal((await gateway.call("/body?q=1")).text, "{<html> 1}");
});

test("a backend that breaks off under a response template is AWS's 504", async () => {
  await using backend = await startBackend((_, outgoing) => {
    outgoing.writeHead(200, { "Content-Length": "100" }).write("part", () => outgoing.destroy());
  });
  await using gateway = await startGateway({ payloadBytesMax: 1_000 });
  await using long = await startBackend((_, outgoing) => outgoing.end("x".repeat(2_000)));
  const answer = (uri: string): Integration => ({
    type: "HTTP",
    httpMethod: "GET",
    uri,
    integrationResponses: { "200": { statusCode: "200", responseTemplates: { "application/json": "$input.body" } } },
  });
  gateway.deploy(
    aRestApi({ "/cut": { GET: aMethod(answer(backend.origin)) }, "/long": { GET: aMethod(answer(long.origin)) } }),
  );
  const cut = await gateway.call("/cut");
  assert.deepEqual([cut.status, cut.text], [504, '{"message": "Network error communicating with endpoint"}']);
  assert.equal((await gateway.call("/long")).status, 500);
});

test("parameters are mapped from the request's body", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const requestParameters = {
    "integration.request.header.X-Whole": "method.request.body",
    "integration.request.header.X-Name": "method.request.body.pet.name",
    "integration.request.header.X-Tags": "method.request.body.pet.tags",
    "integration.request.header.X-None": "method.request.body.none",
    "integration.request.querystring.n": "method.request.body.pet.n",
    "integration.request.path.id": "method.request.body.pet.id",
  };
  for (const type of ["HTTP", "HTTP_PROXY"] as const) {
    const integration = sending(`${backend.origin}/{id}`, "", { type, requestParameters, requestTemplates: {} });
    gateway.deploy(aRestApi({ "/": { POST: aMethod(integration) } }));
    const body = '{"pet":{"name":"Rex","tags":["a",1],"n":1.50,"id":"7"}}';
    const reply = await gateway.call("/", { method: "POST", body });
    assert.equal(reply.text, `echo ${body}`, String(reply.headers["x-portico-hint"]));
    const seen = backend.requests.at(-1)!;
    assert.equal(seen.url, "/7?n=1.5");
    assert.equal(seen.headers["x-whole"], body);
    assert.equal(seen.headers["x-name"], "Rex");
    assert.equal(seen.headers["x-tags"], '["a",1]');
    assert.equal(seen.headers["x-none"], undefined);
  }
  const noJson = await gateway.call("/", { method: "POST", body: "text" });
  assert.equal(noJson.status, 200);
  assert.equal(backend.requests.at(-1)!.headers["x-name"], undefined);
});

test("hostile templates end with AWS's 500, by what they spend and not by a clock, and leave the thread alive", async () => {
  const text = (longer: string): string =>
    `#set($s = "0123456789")#foreach($i in [1..16])#set($s = "$s$s")#end${longer}`;
  const forever = (inner: string): string =>
    `#foreach($i in [0..1000000000])#foreach($j in [0..1000000000])#foreach($k in [0..1000000000])${inner}#end#end#end`;
  const templates: readonly (readonly [template: string, hint: RegExp])[] = [
    [forever("x"), /more than 20000000 steps|longer than 10485760 characters/],
    ["#macro(m)#m()#m()#end#m()", /nested more than 20 deep/],
    ["#macro(m $x)#m([$x, $x])#end#m('x')", /nested more than 20 deep/],
    ['#set($s = "0123456789")#foreach($i in [0..60])#set($s = "$s$s")#end$s', /longer than 10485760 characters/],
    [forever("$input.path('$..*..*')"), /more than 20000000 steps|longer than 10485760 characters/],
    [forever("$input.path('$[?(@.index =~ /(1+)+x/)]')"), /more than 20000000 steps/],
    [forever("#set($x = $util.parseJson($input.body))"), /more than 20000000 steps/],
    [forever("#if($input.path('$') == $util.parseJson($input.body))#end"), /more than 20000000 steps/],
    ...["equals($t)", "equalsIgnoreCase($t)", "indexOf($n)"].map(
      (call) =>
        [
          text(
            `#set($t = "\${s}a")#set($s = "\${s}b")#set($n = "$s.substring(9)c$s.substring(9)")${forever(`#set($x = $s.${call})`)}`,
          ),
          /more than/,
        ] as const,
    ),
    ...["replaceAll('(0|1)*9', '$0')", "matches('(0|[0-9]|(01)*)*x')", "replace('0', '1')"].map(
      (call) => [text(forever(`#set($x = $s.${call})`)), /more than/] as const,
    ),
    [text(`#set($m = {"$s": 1})#set($t = "$s")${forever("#set($x = $m.get($t))")}`), /more than 20000000 steps/],
    [
      `#set($m = {})${forever("#set($y = $k * 10000000000 + $j)#set($x = $m.put($y, 1))")}`,
      /more than 100000 elements/,
    ],
    ...["urlDecode", "base64Decode"].map(
      (name) => [text(forever(`#set($x = $util.${name}($s))`)), /more than/] as const,
    ),
    [
      '$context.requestOverride.header.put("a", "b")#foreach($i in [0..999])#set($context.requestOverride.header["h$i"] = $input.body)#end',
      /Overrides are longer than/,
    ],
    ["#set($context.responseOverride.status = 99)", /.*/],
  ];
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const body = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => ({ index })));
  for (const [template, hint] of templates) {
    gateway.deploy(
      aRestApi({
        "/": {
          POST: aMethod(
            sending(backend.origin, template, {
              integrationResponses: {
                "200": { statusCode: "200", responseTemplates: { "application/json": template } },
              },
            }),
          ),
        },
      }),
    );
    const reply = await gateway.call("/", { method: "POST", body });
    assert.equal(reply.status, 500, template);
    assert.match(String(reply.headers["x-portico-hint"]), hint, template);
  }
  assert.deepEqual(gateway.errors, []);
});

test("bodies in wrong charsets, with odd keys or too deep are JSON or AWS's 400, and harm nothing", async () => {
  const template = "$input.json('$')";
  const sent = async (body: string | Buffer): Promise<string> => {
    const { reply, sent: got } = await send(template, body);
    return reply.status === 200 ? got : `${reply.status} ${reply.text}`;
  };
  const malformed = /^400 \{"message": ?"Could not parse request body into json: /;
  assert.match(await sent(Buffer.from('{"a":1}', "utf16le")), malformed);
  assert.match(await sent(Buffer.from("\ufeff{}", "utf16le")), malformed);
  assert.equal(await sent(Buffer.from('\ufeff{"a":1}')), '{"a":1}');
  assert.equal(await sent(Buffer.from([0x22, 0xc3, 0x28, 0xff, 0x22])), '"\ufffd(\ufffd"');
  assert.equal(await sent(Buffer.from('"\xe9"', "latin1")), '"\ufffd"');
  assert.equal(
    await sent('{"a":1,"a":2,"__proto__":{"a":3},"constructor":{"prototype":{"b":4}}}'),
    '{"a":2,"__proto__":{"a":3},"constructor":{"prototype":{"b":4}}}',
  );
  assert.equal(({} as Record<string, unknown>)["a"], undefined);
  assert.equal(({} as Record<string, unknown>)["b"], undefined);
  assert.match(await sent(`${"[".repeat(100_000)}${"]".repeat(100_000)}`), malformed);
  assert.match(await sent(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`), malformed);
  const decoded = await send('[$util.base64Decode("%%%")][$util.base64Decode("/w==")][$util.base64Decode("a")]', "");
  assert.equal(decoded.sent, "[][\ufffd][]");
});

test("templates reach nothing of JavaScript", async () => {
  const template = `[$input.getClass()][$input.constructor][$input.path('$')["__proto__"]][$context.constructor.constructor]\
[$util.class][$stageVariables["__proto__"]][$stageVariables.constructor][$input.path('$').constructor][$input["__proto__"]]\
[$input.params().header["__proto__"]][$context.get('__proto__')][$context["constructor"]][$input.params('__proto__')]`;
  assert.equal(await render(template), "[]".repeat(13));
});

test("a template that reads no body leaves a large one unread and answers", async () => {
  await using gateway = await startMock("$context.stage", {
    requestTemplates: { "application/json": '#set($s = 200){"statusCode": $s}' },
  });
  const reply = await gateway.call("/pets/7", { method: "POST", body: "x".repeat(200_000) });
  assert.deepEqual([reply.status, reply.text], [200, "prod"]);
});

test("one rendering sees nothing of another", async () => {
  await using gateway = await startMock('$!count#set($count = 1)$input.params().path.put("id", "changed")$count');
  assert.equal((await gateway.call("/pets/7")).text, "71");
  assert.equal((await gateway.call("/pets/8")).text, "81");
});

test("a body of more objects than a thread can afford is AWS's 400, before it is parsed", async () => {
  const body = `[${"{},".repeat(3_000_000)}{}]`;
  const { reply } = await send("$input.json('$[0]')", body);
  assert.equal(reply.status, 400);
  assert.match(reply.text, /Could not parse request body into json: More than 500000 objects and arrays/);
});

test("a template's failure is logged with its route, line and column: once as a warning", async () => {
  const warnings: unknown[] = [];
  await using gateway = await startGateway({ onWarning: (message, fields) => warnings.push([message, fields]) });
  gateway.deploy(aRestApi({ "/a": { GET: aMethod(rendering("\n $input.path('[')")) } }));
  for (let count = 0; count < 3; count++) assert.equal((await gateway.call("/a")).status, 500);
  const [[message, fields]] = warnings as [[string, Record<string, string>]];
  assert.equal(warnings.length, 1);
  assert.match(message, /mapping template failed/);
  assert.match(fields["detail"]!, /^the response template for application\/json, line 2, column \d+: /);
  assert.deepEqual([fields["apiId"], fields["stage"], fields["route"]], ["abc123", "prod", "GET /a"]);
});

test("overrides can't break the answer's framing", async () => {
  const template = `#set($context.responseOverride.header.Content-Length = "1")\
#set($context.responseOverride.header.Transfer-Encoding = "chunked")\
#set($context.responseOverride.header.Connection = "x")\
#set($context.responseOverride.header.Content-Type = "text/plain")whole`;
  await using gateway = await startMock(template);
  const raw = await gateway.raw(
    "GET /prod/pets/7 HTTP/1.1\r\nHost: abc123.execute-api.us-east-1.localhost\r\nConnection: close\r\n\r\n",
  );
  assert.match(raw, /\r\n\r\nwhole$/);
  assert.deepEqual(raw.match(/^content-length: .*$/gim), ["Content-Length: 5"]);
  assert.doesNotMatch(raw, /transfer-encoding/i);
  assert.deepEqual(raw.match(/^content-type: .*$/gim), ["Content-Type: text/plain"]);
});

test("a status without a body has none, whatever the template makes", async () => {
  await using gateway = await startMock("#set($context.responseOverride.status = 204)body");
  const reply = await gateway.call("/pets/7");
  assert.deepEqual([reply.status, reply.text], [204, ""]);
});

test("a HEAD request is answered without the template's text, with its length", async () => {
  await using gateway = await startMock("$context.stage");
  const reply = await gateway.call("/pets/7", { method: "HEAD" });
  assert.deepEqual([reply.status, reply.text, reply.headers["content-length"]], [200, "", "4"]);
});

test("templates are chosen by content type and by Accept, and an empty one sends nothing", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  const requestTemplates = {
    "application/json": "json $input.path('$.a')",
    "application/xml": "",
    "text/csv": "csv $input.body",
  };
  const responseTemplates = { "application/json": "[$input.body]", "text/html": "<$input.body>" };
  const integrationResponses = { "200": { statusCode: "200", responseTemplates } };
  for (const [passthroughBehavior, other] of [
    ["WHEN_NO_MATCH", "[echo x]"],
    ["NEVER", '{"message": "Unsupported Media Type"}'],
  ] as const) {
    const integration = sending(backend.origin, "", { requestTemplates, integrationResponses, passthroughBehavior });
    gateway.deploy(aRestApi({ "/": { POST: aMethod(integration) } }));
    const ask = async (type: string, body: string, accept?: string): Promise<string> => {
      const headers = { "Content-Type": type, ...(accept === undefined ? {} : { Accept: accept }) };
      return (await gateway.call("/", { method: "POST", body, headers })).text;
    };
    assert.equal(await ask("application/json; charset=utf-8", '{"a": 1}'), "[echo json 1]");
    assert.equal(await ask("Application/XML", "<x/>"), "[echo ]");
    assert.equal(await ask("text/csv", "a,b", "text/html, application/json"), "<echo csv a,b>");
    assert.equal(await ask("text/plain", "x"), other);
  }
});
