import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import type { Integration } from "../../src/definition/rest-api.ts";
import { aMethod, aMock, anHttpProxy, aRestApi } from "../exchange/a-rest-api.ts";
import { type GatewayUnderTest, startGateway } from "../exchange/start-gateway.ts";
import { until } from "../until.ts";

// What hostile answers become under each way to treat them: passed on as they come, passed on by an integration response,
// read by a template. AWS's status for each; no crash, no hang, and the next call is as if nothing had been.

const treatments = {
  proxy: (uri: string): Integration => anHttpProxy(uri),
  passed: (uri: string): Integration => ({ ...custom, uri }),
  mapped: (uri: string): Integration => ({
    ...custom,
    uri,
    integrationResponses: {
      "200": { statusCode: "200", responseTemplates: { "application/json": "$input.json('$')" } },
    },
  }),
  /** A template that does not read it. */
  ignored: (uri: string): Integration => ({
    ...custom,
    uri,
    integrationResponses: { "200": { statusCode: "200", responseTemplates: { "application/json": "{}" } } },
  }),
} as const;
type Treatment = keyof typeof treatments;

const custom: Integration = {
  type: "HTTP",
  httpMethod: "GET",
  integrationResponses: { "200": { statusCode: "200" } },
};

/** A status, with the body if it matters; or `cut`: the answer had begun, and breaks off for the client, too. */
type Outcome = number | "cut" | readonly [status: number, body: string];

interface HostileAnswer {
  readonly answer: string | ((socket: Socket) => void);
  /** Of proxy, passed, mapped. Ignored, an answer whose head is good becomes 200. */
  readonly becomes: readonly [Outcome, Outcome, Outcome];
}

const ok = "HTTP/1.1 200 OK\r\n";
const json = `${ok}Content-Type: application/json\r\n`;
const all = (outcome: Outcome): HostileAnswer["becomes"] => [outcome, outcome, outcome];

/** Sends the second part when the first one is on its way, so that the answer has begun for the client. */
const inTwo = (first: string, second: string) => (socket: Socket) => {
  socket.write(first, "latin1", () => setImmediate(() => setImmediate(() => socket.end(second, "latin1"))));
};

const hostile: Readonly<Record<string, HostileAnswer>> = {
  "chunks whose size is none": {
    answer: `${json}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n`,
    becomes: ["cut", "cut", 504],
  },
  "chunks without an end": {
    answer: inTwo(`${json}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n`, ""),
    becomes: ["cut", "cut", 504],
  },
  "a chunk longer than it says": {
    answer: `${json}Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n`,
    becomes: ["cut", "cut", 504],
  },
  "a chunk size beyond numbers": {
    answer: `${json}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}`,
    becomes: ["cut", "cut", 504],
  },
  "chunk extensions without end": {
    answer: `${json}Transfer-Encoding: chunked\r\n\r\n2;${"x".repeat(200_000)}\r\n{}\r\n0\r\n\r\n`,
    becomes: ["cut", "cut", 504],
  },
  "trailers without end": {
    answer: `${json}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n${"A: b\r\n".repeat(50_000)}\r\n`,
    becomes: ["cut", "cut", 504],
  },
  "less than its length": { answer: inTwo(`${json}Content-Length: 10\r\n\r\n{}`, ""), becomes: ["cut", "cut", 504] },
  "more than its length": { answer: `${json}Content-Length: 2\r\n\r\n{}smuggled`, becomes: all([200, "{}"]) },
  "a length with a sign": { answer: `${json}Content-Length: +2\r\n\r\n{}`, becomes: all(504) },
  "a length in hexadecimal": { answer: `${json}Content-Length: 0x2\r\n\r\n{}`, becomes: all(504) },
  "lengths that differ": { answer: `${json}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, becomes: all(504) },
  "a length beside chunks": {
    answer: `${json}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    becomes: all(504),
  },
  "a coding before chunked": {
    answer: `${json}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    becomes: all(504),
  },
  "a coding that nobody asked for": { answer: `${json}Transfer-Encoding: gzip\r\n\r\n{}`, becomes: all(504) },
  "204 with a body": {
    answer: "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}",
    becomes: [
      [204, ""],
      [200, ""],
      [200, "{}"],
    ],
  },
  "304 with a body": {
    answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n{}",
    becomes: [
      [304, ""],
      [200, ""],
      [200, "{}"],
    ],
  },
  "headers without end": { answer: `${ok}${"A: b\r\n".repeat(100_000)}`, becomes: all(504) },
  "a header without end": { answer: `${ok}A: ${"b".repeat(1_000_000)}`, becomes: all(504) },
  "more than 1,000 headers": { answer: `${ok}${"A: b\r\n".repeat(1_001)}Content-Length: 0\r\n\r\n`, becomes: all(504) },
  "a flood of interim answers": {
    answer: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(10_000),
    becomes: all(504),
  },
  "a few interim answers": {
    answer: `${"HTTP/1.1 100 Continue\r\n\r\n".repeat(3)}${json}Content-Length: 2\r\n\r\n{}`,
    becomes: all([200, "{}"]),
  },
  "a bare carriage return in a header": {
    answer: `${ok}A: b\rSet-Cookie: stolen=1\r\nContent-Length: 0\r\n\r\n`,
    becomes: all(504),
  },
  "a NUL in a header": { answer: `${ok}A: b\0\r\nContent-Length: 0\r\n\r\n`, becomes: all(504) },
  "a status that is none": { answer: "HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n", becomes: all(504) },
  "a status that is no number": { answer: "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", becomes: all(504) },
  "HTTP/2 without being asked": { answer: "HTTP/2 200\r\nContent-Length: 0\r\n\r\n", becomes: all(504) },
  nothing: { answer: "", becomes: all(504) },
  "a body that is no UTF-8": {
    answer: `${json}Content-Length: 6\r\n\r\n"\xff\xfe\xe9"`.replace("6", "5"),
    becomes: [200, 200, 200],
  },
  "a charset that nobody knows": {
    answer: `${ok}Content-Type: application/json; charset=klingon\r\nContent-Length: 2\r\n\r\n{}`,
    becomes: all([200, "{}"]),
  },
  "a content type that is none": {
    answer: `${ok}Content-Type: \xff;;=\r\nContent-Length: 2\r\n\r\n{}`,
    becomes: [200, 200, 200],
  },
  "JSON that is none": { answer: `${json}Content-Length: 1\r\n\r\n{`, becomes: [[200, "{"], [200, "{"], 500] },
  "JSON 100,000 levels deep": {
    answer: `${json}Content-Length: 100000\r\n\r\n${"[".repeat(100_000)}`,
    becomes: [200, 200, 500],
  },
  "an answer in gzip that nobody asked for": {
    answer: `${json}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b`,
    becomes: [200, 200, 500],
  },
};

/** A server that answers each request with what is set at the time; `good` answers `{}`. */
async function startPeer() {
  const sockets = new Set<Socket>();
  const peer = {
    answer: "good" as HostileAnswer["answer"],
    origin: "",
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", () => {
      if (peer.answer === "good") socket.write(good);
      else if (typeof peer.answer === "string") socket.end(peer.answer, "latin1");
      else peer.answer(socket);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  peer.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return peer;
}

const good = `${json}Content-Length: 2\r\n\r\n{}`;

function deploy(gateway: GatewayUnderTest, origin: string): void {
  const routes = Object.entries(treatments).map(([name, make]) => [`/${name}`, { GET: aMethod(make(origin)) }]);
  gateway.deploy(aRestApi(Object.fromEntries(routes)));
}

async function outcomeOf(gateway: GatewayUnderTest, treatment: Treatment): Promise<readonly [Outcome, string]> {
  try {
    const reply = await gateway.call(`/${treatment}`);
    return [reply.status, reply.body.toString("latin1")];
  } catch {
    return ["cut", ""];
  }
}

const bodies: Readonly<Record<number, string>> = {
  500: '{"message": "Internal server error"}',
  504: '{"message": "Network error communicating with endpoint"}',
};

test("hostile answers, under each treatment", async (t) => {
  await using peer = await startPeer();
  await using gateway = await startGateway();
  deploy(gateway, peer.origin);
  for (const [name, { answer, becomes }] of Object.entries(hostile)) {
    await t.test(name, async () => {
      for (const [index, treatment] of (Object.keys(treatments) as Treatment[]).entries()) {
        const expected = becomes[index] ?? (becomes[0] === 504 ? 504 : 200);
        peer.answer = answer;
        const [status, body] = await outcomeOf(gateway, treatment);
        assert.equal(status, Array.isArray(expected) ? expected[0] : expected, `${treatment}: ${body.slice(0, 200)}`);
        const wanted = Array.isArray(expected) ? expected[1] : bodies[Number(expected)];
        if (wanted !== undefined) assert.equal(body, wanted, treatment);
        peer.answer = "good";
        assert.deepEqual(await outcomeOf(gateway, treatment), [200, "{}"], `${treatment}, after it`);
      }
      assert.deepEqual(gateway.errors, []);
    });
  }
});

const gigabyte = 1_073_741_824;
const piece = Buffer.alloc(262_144, " ");

/** Writes as much as is taken, to a gigabyte at most; counts it. */
function pour(socket: Socket, head: string, counted: (bytes: number) => void): void {
  let sent = 0;
  socket.write(head);
  const more = (): void => {
    while (sent < gigabyte && !socket.destroyed) {
      sent += piece.length;
      counted(sent);
      if (!socket.write(piece)) {
        socket.once("drain", more);
        return;
      }
    }
    socket.end();
  };
  more();
}

for (const [name, head, becomes] of [
  ["that says so", `${json}Content-Length: ${gigabyte}\r\n\r\n`, [500, "cut", 500]],
  ["that does not", `${json}\r\n`, ["cut", "cut", 500]],
] as const) {
  test(`an answer of a gigabyte ${name} is not read to its end, nor kept`, async () => {
    await using peer = await startPeer();
    await using gateway = await startGateway();
    deploy(gateway, peer.origin);
    for (const [index, treatment] of (Object.keys(treatments) as Treatment[]).entries()) {
      let poured = 0;
      peer.answer = (socket) =>
        pour(socket, head, (bytes) => {
          poured = bytes;
        });
      const [status] = await outcomeOf(gateway, treatment);
      assert.equal(status, becomes[index] ?? 200, treatment);
      await until(() => [...peer.sockets].every((socket) => socket.destroyed || socket.writableLength === 0));
      // AWS's 10 MB, and what the sockets on the way hold.
      assert.ok(poured < 64 * 1_048_576, `${treatment}: ${poured} bytes were taken`);
      peer.answer = "good";
      assert.deepEqual(await outcomeOf(gateway, treatment), [200, "{}"], `${treatment}, after it`);
    }
    assert.deepEqual(gateway.errors, []);
  });
}

test("values of an answer's body and of templates end no header and no request", async () => {
  await using peer = await startPeer();
  await using gateway = await startGateway();
  const evil = '{"a":"x\\r\\nSet-Cookie: stolen=1\\r\\n\\r\\n<html>","b":"\\u0000\\u010d\\u010a","c":"\\ud800"}';
  peer.answer = `${json}Content-Length: ${Buffer.byteLength(evil)}\r\n\r\n${evil}`;
  const target = "method.response.header";
  const mapped = (name: string): Record<string, string> => ({
    [`${target}.X-Mapped`]: `integration.response.body.${name}`,
  });
  const template = (name: string): Record<string, string> => ({
    "application/json": `{}#set($context.responseOverride.header.X-Over = $input.path('$.${name}'))`,
  });
  const names = ["a", "b", "c"];
  const routes = names.map((name) => {
    const responses = {
      "200": { statusCode: "200", responseParameters: mapped(name), responseTemplates: template(name) },
    };
    return [`/${name}`, { GET: aMethod({ ...custom, uri: peer.origin, integrationResponses: responses }) }];
  });
  gateway.deploy(aRestApi(Object.fromEntries(routes)));
  for (const name of names) {
    const reply = await gateway.call(`/${name}`);
    assert.deepEqual([reply.status, reply.text], [200, "{}"], `${name}: ${String(reply.headers["x-portico-hint"])}`);
    assert.equal(reply.headers["set-cookie"], undefined);
    for (const header of ["x-mapped", "x-over"]) assert.doesNotMatch(String(reply.headers[header]), /[\r\n\0]/);
  }
  assert.deepEqual(gateway.errors, []);
});

test("a name, a verb or a path from a template makes no second request", async () => {
  const requests: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      requests.push(chunk.toString("latin1"));
      socket.write(good);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  await using gateway = await startGateway();
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const line = "x HTTP/1.1\\r\\nHost: y\\r\\n\\r\\nGET /admin HTTP/1.1\\r\\nA: b";
  const parse = `#set($evil = $util.parseJson('"${line}"'))`;
  const templates: Readonly<Record<string, string>> = {
    "/header": "#set($context.requestOverride.header.X-Evil = $evil)",
    "/query": "#set($context.requestOverride.querystring.q = $evil)",
    "/query-name": "#set($context.requestOverride.querystring[$evil] = 1)",
    "/path": "#set($context.requestOverride.path.p = $evil)",
    "/name": "#set($context.requestOverride.header[$evil] = 1)",
  };
  const routes = Object.entries(templates).map(([path, template]) => {
    const requestTemplates = { "application/json": `${parse}${template}{}` };
    const requestParameters = { "integration.request.path.p": "'p'" };
    const uri = `${origin}/{p}`;
    return [path, { GET: aMethod({ ...custom, uri, requestTemplates, requestParameters }) }];
  });
  gateway.deploy(aRestApi(Object.fromEntries(routes)));
  for (const path of Object.keys(templates)) {
    const reply = await gateway.call(path);
    assert.ok(path === "/name" ? reply.status === 500 : reply.status === 200, `${path}: ${reply.status}`);
  }
  for (const text of requests) {
    assert.equal(text.match(/HTTP\/1\.1\r\n/g)?.length, 1, text);
    assert.doesNotMatch(text, /\r\nGET \/admin|\r\nHost: y/);
  }
  assert.equal(requests.length, 4);
  assert.deepEqual(gateway.errors, []);
  gateway.deploy(aRestApi({ "/": { GET: aMethod(aMock()) } }));
  server.close();
});
