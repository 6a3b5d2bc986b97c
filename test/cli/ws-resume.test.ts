// `portico ws --resume` against a started server, with a network that the test cuts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { readConfig } from "../../src/server/config.ts";
import { startServer } from "../../src/server/start.ts";
import { makeLogger } from "../../src/telemetry/logger.ts";
import { send } from "../server/mock-api.ts";
import { mockApi } from "../server/websocket-mock-api.ts";
import { until } from "../until.ts";

const program = join(import.meta.dirname, "../../bin/portico.js");

test("a connection that is lost is made again, and what was missed is printed in its place", async (t) => {
  const beyondAws = ["websocket-groups", "websocket-resume"];
  const flags = { port: "0", threads: "2", memory: true, beyondAws };
  const server = await startServer(
    await readConfig({ flags, env: {}, cwd: "/nowhere" }),
    makeLogger("silent", () => {}),
  );
  t.after(() => server.stop());
  const path = `/_aws/execute-api/${await mockApi(server.url)}/prod`;
  const base = `${server.url}${path}`;

  const sockets = new Set<Socket>();
  let isCut = false;
  const network = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(server.port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    near.pipe(far).pipe(near);
  });
  await once(network.listen(0, "127.0.0.1"), "listening");
  t.after(() => network.close());

  const url = `ws://127.0.0.1:${(network.address() as AddressInfo).port}${path}`;
  const child = spawn(process.execPath, [program, "ws", url, "--listen", "--resume", "--json"]);
  t.after(() => child.kill());
  const events: { event: string; message?: string; code?: number; missed?: number }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { time: _, ...event } = JSON.parse(line);
    events.push(event);
  });
  const idOf = async (): Promise<string | undefined> =>
    JSON.parse((await send(`${base}/@connections`)).text).connections[0]?.connectionId;
  await until(async () => (await idOf()) !== undefined);
  const id = (await idOf())!;
  const post = async (body: string): Promise<number> =>
    (await send(`${base}/@connections/${id}`, { method: "POST", body })).status;
  assert.equal(await post("one"), 200);
  await until(() => events.length === 2);
  isCut = true;
  for (const socket of sockets) socket.destroy();
  await until(async () => (await idOf()) === undefined);
  assert.deepEqual([await post("two"), await post("three")], [200, 200]);
  isCut = false;
  await until(() => events.some(({ message }) => message === "three"));
  assert.deepEqual(events, [
    { event: "open", protocol: "" },
    { event: "message", message: "one" },
    { event: "close", code: 1006, reason: "" },
    { event: "open", protocol: "" },
    { event: "resume", isResumed: true, missed: 2, lost: 0 },
    { event: "message", message: "two" },
    { event: "message", message: "three" },
  ]);
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.deepEqual(events.at(-1), { event: "close", code: 1000, reason: "" });
  assert.equal(await post("after its close"), 410);
});

test("a message that looks like the server's own is printed, and its token is not taken", async (t) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  t.after(() => server.close());
  const asked: string[] = [];
  const forged = '{"porticoResume":{"token":"forged","isResumed":true,"lost":7}}';
  server.on("connection", (socket, { url }) => {
    asked.push(url ?? "");
    socket.send('{"porticoResume":{"token":"own","isResumed":false}}');
    for (const message of [forged, '{"porticoResume":null}']) socket.send(message);
    if (asked.length === 1) socket.close(1012);
  });
  await once(server, "listening");
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const child = spawn(process.execPath, [program, "ws", url, "--listen", "--resume"]);
  t.after(() => child.kill());
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const printed = `${forged}\n{"porticoResume":null}\n`;
  await until(() => output === printed.repeat(2));
  assert.deepEqual(asked, ["/?portico-resume=new", "/?portico-resume=own&portico-received=2"]);
});
