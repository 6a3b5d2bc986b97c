import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { until } from "../../test/until.ts";
import { lentMemory } from "../base/lent-memory.ts";
import { ownSocket } from "./socket-owner.ts";
import { createSocketServer } from "./socket-server.ts";

/** What the owner of a server's sockets has got. */
class Owner {
  readonly received: Buffer[] = [];
  dataEvents = 0;
  readonly server: Server = createSocketServer((socket) => this.#own(socket));

  #own(socket: Socket): void {
    ownSocket(socket, {
      receive: (chunk) => this.received.push(chunk),
      peerEnded: () => socket.end("bye"),
      drained: () => undefined,
      gone: () => undefined,
    });
    socket.on("data", () => this.dataEvents++);
  }

  /** Sends each text once the one before was received, and returns what comes back until the end. */
  async converse(texts: readonly string[]): Promise<string> {
    const client = connect((this.server.address() as AddressInfo).port, "127.0.0.1");
    let answer = "";
    client.setEncoding("latin1").on("data", (text) => {
      answer += text;
    });
    const closed = once(client, "close");
    for (const [index, text] of texts.entries()) {
      client.write(text);
      await until(() => this.received.length > index);
    }
    client.end();
    await closed;
    return answer;
  }
}

test("what clients send comes without `data` events, each piece in memory of its own", async () => {
  const owner = new Owner();
  await once(owner.server.listen(0, "127.0.0.1"), "listening");
  const answer = await owner.converse(["first", "second"]);
  owner.server.close();
  assert.equal(owner.dataEvents, 0, "this Node.js has the handle that lends memory");
  assert.deepEqual(owner.received.map(String), ["first", "second"]);
  for (const { buffer, byteLength } of owner.received) {
    assert.notEqual(buffer, lentMemory().buffer);
    assert.equal(buffer.byteLength, byteLength);
  }
  assert.equal(answer, "bye", "the client's side may end first");
});

test("where Node.js has no such handle, sockets read by `data` events", async () => {
  const owner = new Owner();
  const inside = owner.server as unknown as { _handle: object | null };
  let handle: object | null = null;
  owner.server.prependListener("listening", () => {
    handle = inside._handle;
    inside._handle = null;
  });
  owner.server.on("listening", () => {
    inside._handle = handle;
  });
  await once(owner.server.listen(0, "127.0.0.1"), "listening");
  const answer = await owner.converse(["first", "second"]);
  owner.server.close();
  assert.equal(owner.dataEvents, 2);
  assert.deepEqual(owner.received.map(String), ["first", "second"]);
  assert.equal(answer, "bye");
});
