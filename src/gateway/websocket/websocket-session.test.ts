import assert from "node:assert/strict";
import { test } from "node:test";
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
    life: { countSent: () => undefined },
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
