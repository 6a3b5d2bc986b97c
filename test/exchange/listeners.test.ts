// One gateway thread's data plane behind two listeners: what a public one must never show.
import assert from "node:assert/strict";
import { test } from "node:test";
import { publicListener } from "../../src/http/listener.ts";
import { aMethod, aMock, anHttpProxy, aRestApi, aStage } from "./a-rest-api.ts";
import { startGateway } from "./start-gateway.ts";

const host = "abc123.execute-api.us-east-1.localhost";
const overload = "x".repeat(40_000);

/** A request for every place where the gateway, or the codec below it, answers by itself. */
const errors: Readonly<Record<string, { readonly bytes: string; readonly status: number }>> = {
  "no route": { bytes: `GET /prod/none HTTP/1.1\r\nHost: ${host}\r\n\r\n`, status: 403 },
  "no route, with a token": {
    bytes: `GET /prod/none HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer x\r\n\r\n`,
    status: 403,
  },
  "no stage": { bytes: `GET /none HTTP/1.1\r\nHost: ${host}\r\n\r\n`, status: 403 },
  "no API": { bytes: "GET /prod HTTP/1.1\r\nHost: none.execute-api.localhost\r\n\r\n", status: 403 },
  "a disabled endpoint": { bytes: "GET /prod HTTP/1.1\r\nHost: disabled.execute-api.localhost\r\n\r\n", status: 403 },
  "a closed stage": { bytes: "GET /prod HTTP/1.1\r\nHost: closed.execute-api.localhost\r\n\r\n", status: 501 },
  "a closed method": { bytes: `GET /prod/closed HTTP/1.1\r\nHost: ${host}\r\n\r\n`, status: 501 },
  "a gateway response": { bytes: `GET /prod/unreachable HTTP/1.1\r\nHost: ${host}\r\n\r\n`, status: 504 },
  "a target that is too long": {
    bytes: `GET /prod/${"x".repeat(10_300)} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    status: 414,
  },
  "a body that is too large": {
    bytes: `POST /prod/unreachable HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 99\r\n\r\n`,
    status: 413,
  },
  "a body that is malformed": {
    bytes: `POST /prod/reads HTTP/1.1\r\nHost: ${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    status: 400,
  },
  "a body whose coding nobody knows": {
    bytes: `POST /prod/unreachable HTTP/1.1\r\nHost: ${host}\r\nContent-Encoding: x\r\nContent-Length: 2\r\n\r\nab`,
    status: 415,
  },
  "a malformed head": { bytes: "GET /prod HTTP/1.1\r\nHost : x\r\n\r\n", status: 400 },
  "a head that is too large": { bytes: `GET /prod HTTP/1.1\r\nHost: ${host}\r\nX: ${overload}\r\n\r\n`, status: 431 },
  "a method that is refused": { bytes: `TRACE /prod HTTP/1.1\r\nHost: ${host}\r\n\r\n`, status: 405 },
};

/** What a development listener hands over to management. */
const management: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /restapis HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /_portico/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /_portico/docs HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET /_portico/metrics HTTP/1.0\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "GET http://localhost/_portico/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "POST /2015-03-31/functions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
];

const statusOf = (answer: string): number => Number(answer.split(" ", 2)[1]);

test("a public listener gives no hint where a development listener does", async () => {
  await using gateway = await startGateway({ payloadBytesMax: 10 });
  gateway.deploy(
    aRestApi({
      "/reads": { POST: aMethod(aMock("", { requestTemplates: { "application/json": "$input.body" } })) },
      "/closed": {
        GET: aMethod(
          anHttpProxy("http://a/", { connectionType: "VPC_LINK", connectionId: "v", integrationTarget: "t" }),
        ),
      },
      "/unreachable": { ANY: aMethod(anHttpProxy("http://127.0.0.1:1/")) },
    }),
  );
  gateway.deploy(
    aRestApi({ "/": { GET: aMethod(aMock()) } }, { restApi: { id: "disabled", disableExecuteApiEndpoint: true } }),
  );
  gateway.deploy(
    aRestApi({ "/": { GET: aMethod(aMock()) } }, { restApi: { id: "closed" } }),
    aStage({ webAclArn: "arn" }),
  );
  const publicPort = await gateway.open(publicListener);
  for (const [what, { bytes, status }] of Object.entries(errors)) {
    const told = await gateway.raw(bytes, "\r\n\r\n");
    const untold = await gateway.raw(bytes, "\r\n\r\n", publicPort);
    assert.deepEqual([statusOf(told), statusOf(untold)], [status, status], what);
    assert.match(told, /\r\nx-portico-hint: \S/i, what);
    assert.doesNotMatch(untold, /x-portico/i, what);
  }
});

test("a public listener has no management: what is no address of an API is answered as an unknown API", async () => {
  await using gateway = await startGateway();
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock("served")) } }));
  const publicPort = await gateway.open(publicListener);
  for (const bytes of management) {
    assert.match(await gateway.raw(bytes, "management"), /^HTTP\/1.1 599 /, bytes);
    const refused = await gateway.raw(bytes, '"}', publicPort);
    assert.match(refused, /^HTTP\/1.1 403 /, bytes);
    assert.match(refused, /\r\nx-amzn-ErrorType: ForbiddenException\r\n/, bytes);
    assert.ok(refused.endsWith('\r\n\r\n{"message":"Forbidden"}'), refused);
    assert.doesNotMatch(refused, /portico/i, bytes);
  }
  assert.equal((await gateway.call("/", { port: publicPort })).text, "served");
});
