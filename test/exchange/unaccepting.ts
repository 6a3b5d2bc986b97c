import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
// tidy-allow: time – that a connection is not accepted shows by nothing but time
import { setTimeout as delay, setImmediate as immediate } from "node:timers/promises";

/** An address whose connections are never accepted: a listener that is stopped, with its queue full. */
export async function startUnaccepting(): Promise<{ readonly port: number } & AsyncDisposable> {
  const script = `const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 },
    () => console.log(server.address().port))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(line);
  child.kill("SIGSTOP");
  const sockets: Socket[] = [];
  // The queue is full when a connection is not made at once; on loopback one is made within a turn or two.
  for (let isMade = true; isMade; ) {
    assert.ok(sockets.length < 64, "the queue is never full");
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    isMade = await Promise.race([once(socket, "connect").then(() => true), pause().then(() => false)]);
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** A moment, and a turn of the event loop after it: what came in the moment is told by then, however late the timer is. */
const pause = async (): Promise<void> => {
  await delay(200);
  await immediate();
  await immediate();
};
