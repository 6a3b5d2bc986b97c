import assert from "node:assert/strict";
import { test } from "node:test";
import { makeTextFrame } from "../../http/websocket/frames.ts";
import type { WebSocketPeer } from "../../http/websocket/websocket.ts";
import { KeptMessages } from "./kept-messages.ts";
import { isResumeToken, makeResumeToken, ownBytes, Resumable, readResumeWish } from "./resumable.ts";

/** A client's end that takes so many messages. */
function aPeer(room = Number.POSITIVE_INFINITY) {
  const seen: string[] = [];
  let left = room;
  const send = (text: Buffer | string): boolean => left-- > 0 && seen.push(String(text)) > 0;
  const peer = { isOpen: true, send, sendFrame: ({ text }: { text: Buffer | string }) => send(text) };
  const makeRoom = (more: number): void => {
    left = more;
  };
  return { seen, peer: peer as unknown as WebSocketPeer, makeRoom };
}

const limits = { messages: 4, bytes: 1e5, seconds: 10 };
let nowMs = 0;
const make = (token = "t".repeat(43)): Resumable =>
  new Resumable({ token, identity: "[]", kept: new KeptMessages(limits, { of: { bytes: 0 }, max: 1e6 }) }, () => nowMs);
const deliver = (client: Resumable, text: string) => client.deliver(makeTextFrame(Buffer.from(text)));
const opening = (frame: string | undefined): object => {
  const { token, ...others } = JSON.parse(frame ?? "").porticoResume;
  assert.equal(token, "t".repeat(43));
  return others;
};

/** The same client with another connection, as in another thread. */
function comeBack(client: Resumable, received?: number, room?: number) {
  const next = make(client.token);
  next.continueFrom(structuredClone(client.give([])));
  const made = aPeer(room);
  next.begin(made.peer, { received });
  return { ...made, next };
}

test("what comes while a client is away is sent when it is back, in order, and then what is new", () => {
  const client = make();
  const { seen, peer } = aPeer();
  client.begin(peer, undefined);
  assert.equal(deliver(client, "one"), "sent");
  client.leave();
  assert.ok(client.isAway);
  for (const text of ["two", "three"]) assert.equal(deliver(client, text), "kept");
  assert.deepEqual([opening(seen[0]), seen.slice(1)], [{ isResumed: false }, ["one"]]);
  const back = comeBack(client);
  assert.equal(deliver(back.next, "four"), "sent");
  assert.deepEqual(
    [opening(back.seen[0]), back.seen.slice(1)],
    [{ isResumed: true, missed: 2, lost: 0 }, ["two", "three", "four"]],
  );
});

test("a client that says what it has gets what the network lost as well", () => {
  const client = make();
  client.begin(aPeer().peer, undefined);
  for (const text of ["0", "1", "2"]) deliver(client, text);
  client.leave();
  deliver(client, "3");
  const back = comeBack(client, 1);
  assert.deepEqual(
    [opening(back.seen[0]), back.seen.slice(1)],
    [{ isResumed: true, missed: 3, lost: 0 }, ["1", "2", "3"]],
  );
  // It can't have more than there is.
  const again = comeBack(back.next, 1e9);
  assert.deepEqual([opening(again.seen[0]), again.seen.length], [{ isResumed: true, missed: 0, lost: 0 }, 1]);
  assert.equal(deliver(again.next, "4"), "sent");
});

test("what had no room is told of as lost", () => {
  const client = make();
  client.begin(aPeer().peer, undefined);
  client.leave();
  for (let index = 0; index < 7; index++) deliver(client, String(index));
  const back = comeBack(client);
  assert.deepEqual(
    [opening(back.seen[0]), back.seen.slice(1)],
    [{ isResumed: true, missed: 4, lost: 3 }, ["3", "4", "5", "6"]],
  );
});

test("what is too old is lost, too", () => {
  nowMs = 0;
  const client = make();
  client.begin(aPeer().peer, undefined);
  client.leave();
  deliver(client, "old");
  nowMs = 9_000;
  deliver(client, "new");
  nowMs = 11_000;
  const back = comeBack(client);
  assert.deepEqual([opening(back.seen[0]), back.seen.slice(1)], [{ isResumed: true, missed: 1, lost: 1 }, ["new"]]);
  nowMs = 0;
});

test("a client that takes what it missed slowly gets all of it in order, and what has no room behind it is refused", () => {
  const client = make();
  client.begin(aPeer().peer, undefined);
  client.leave();
  for (const text of ["0", "1", "2"]) deliver(client, text);
  const back = comeBack(client, undefined, 2);
  assert.deepEqual(back.seen.slice(1), ["0"]);
  assert.equal(deliver(back.next, "3"), "kept");
  assert.equal(deliver(back.next, "4"), "full", "nothing that was missed gives way");
  back.makeRoom(100);
  back.next.goOn();
  assert.deepEqual(back.seen.slice(1), ["0", "1", "2", "3"]);
  assert.equal(deliver(back.next, "5"), "sent");
  back.makeRoom(0);
  assert.equal(deliver(back.next, "6"), "full");
});

test("a handshake's query asks for a token or names one, and nobody else sees it", () => {
  const token = makeResumeToken();
  assert.ok(isResumeToken(token) && token !== makeResumeToken());
  const cases: [string, ReturnType<typeof readResumeWish>][] = [
    ["a=1&b=2", { wish: undefined, query: "a=1&b=2" }],
    ["portico-received=1", { wish: undefined, query: "portico-received=1" }],
    ["a=1&portico-resume=new&b=2", { wish: { token: undefined, received: undefined }, query: "a=1&b=2" }],
    [`portico-resume=${token}&portico-received=7&a`, { wish: { token, received: 7 }, query: "a" }],
    ["portico-resume=&portico-received=-1", { wish: { token: "", received: undefined }, query: "" }],
    ["xportico-resume=new", { wish: undefined, query: "xportico-resume=new" }],
    [`portico-resume=${token}&portico-resume=other`, { wish: { token, received: undefined }, query: "" }],
  ];
  for (const [query, expected] of cases) assert.deepEqual(readResumeWish(query), expected, query);
  for (const wrong of ["", "new", "x".repeat(42), "x".repeat(44), `${"x".repeat(42)}=`, "__proto__"])
    assert.equal(isResumeToken(wrong), false);
});

test("what is kept has memory of its own", () => {
  const large = Buffer.alloc(100_000, "x");
  for (const text of ["é", large.subarray(0, 10), Buffer.from("pooled")]) {
    const own = ownBytes(text);
    assert.deepEqual([own.toString(), own.buffer.byteLength], [text.toString(), own.length]);
  }
  assert.equal(ownBytes(large), large);
});
