import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { until } from "../../../test/until.ts";
import type { WebSocketPeer } from "../../http/websocket/websocket.ts";
import { LiveConnections } from "./live-connections.ts";
import type { MessageProgram } from "./message-program.ts";
import { WebSocketSession } from "./websocket-session.ts";

const key = "abc123/prod";
const account = "000000000000";

/** A connection whose messages are never answered. */
function aConnection(): { session: WebSocketSession; received: Buffer[] } {
  const received: Buffer[] = [];
  const program = {
    plan: { account },
    life: { countSent: () => undefined, hold: () => () => undefined },
    receive: (_session: unknown, message: Buffer) => void received.push(message),
  } as Partial<MessageProgram> as MessageProgram;
  const features = { groups: false, wills: false, resume: undefined };
  const connections = new LiveConnections({ thread: 0, features, now: () => 0, callAll: () => undefined });
  connections.serve(key, program);
  const facts = { id: connections.makeId(), key, account, connectedMs: 0, domainName: "host" };
  const session = new WebSocketSession(
    { ...facts, caller: {} } as ConstructorParameters<typeof WebSocketSession>[0],
    { host: "host" } as ConstructorParameters<typeof WebSocketSession>[1],
    connections,
  );
  session.begin({ isOpen: true } as WebSocketPeer, { groups: [], will: undefined });
  return { session, received };
}

test("a message that is under way keeps little of what it was received with", () => {
  const { session, received } = aConnection();
  const piece = Buffer.alloc(65_536, "x");
  for (const length of [0, 1, 200, 3_000]) session.onText(piece.subarray(1_000, 1_000 + length));
  assert.deepEqual(
    received.map(({ length, buffer }) => [length, buffer.byteLength]),
    [
      [0, 0],
      [1, 1],
      [200, 200],
      [3_000, 3_000],
    ],
  );
});

test("a message that came alone is not copied", () => {
  const { session, received } = aConnection();
  for (const length of [20, 4_000]) {
    const piece = Buffer.alloc(length + 6);
    const message = piece.subarray(6);
    session.onText(message);
    assert.equal(received.pop(), message);
  }
});

test("thousands of connections whose stage is gone are closed in turns, and each runs the $disconnect that it had", async () => {
  const disconnected = { old: 0, next: 0 };
  let held = 0;
  const programOf = (name: keyof typeof disconnected) =>
    ({
      plan: { account },
      life: {
        countSent: () => undefined,
        hold: () => {
          held++;
          return () => void held--;
        },
      },
      disconnect: () => void disconnected[name]++,
    }) as Partial<MessageProgram> as MessageProgram;
  const features = { groups: false, wills: false, resume: undefined };
  const connections = new LiveConnections({ thread: 0, features, now: () => 0, callAll: () => undefined });
  connections.serve(key, programOf("old"));
  let closed = 0;
  // A hash of it takes some half a millisecond.
  const work = Buffer.alloc(1_000_000);
  const sessions = Array.from({ length: 200 }, () => {
    const session = new WebSocketSession(
      {
        id: connections.makeId(),
        key,
        account,
        connectedMs: 0,
        domainName: "host",
        caller: {},
      } as ConstructorParameters<typeof WebSocketSession>[0],
      { host: "host" } as ConstructorParameters<typeof WebSocketSession>[1],
      connections,
    );
    const peer = {
      isOpen: true,
      close(code: number, reason: string) {
        createHash("sha256").update(work).digest();
        this.isOpen = false;
        closed++;
        session.onClose(code, reason, "server");
      },
    };
    session.begin(peer as unknown as WebSocketPeer, { groups: [], will: undefined });
    return session;
  });
  connections.serve(key, undefined);
  connections.serve(key, programOf("next"));
  assert.ok(closed < 100, `${closed} are closed at once`);
  const [last] = sessions.slice(-1);
  assert.equal(last!.isReachable, false);
  assert.equal(last!.onText(Buffer.from("too late")), false);
  await until(() => closed === 200 && held === 0);
  assert.deepEqual(disconnected, { old: 200, next: 0 });
  assert.equal(connections.find(last!.id), undefined);
});
