// Random conversations, cut at random: however the network cuts a client's bytes, the same happens. Random and damaged bytes
// never throw, and always end in one close or in waiting for more.
import assert from "node:assert/strict";
import { test } from "node:test";
import { below, chance, durationMsOr, makeRandom, pick, seed } from "../../../test/random.ts";
import { within } from "../../../test/until.ts";
import { clientFrame, WebSocketUnderTest } from "../../../test/websocket-under-test.ts";

const random = makeRandom(seed);
const upTo = (count: number): number => below(random, count);

const characters = ["a", "é", "€", "😀", "\0", "\ud7ff", "\u{10ffff}"];
const randomText = (length: number): string =>
  Array.from({ length: upTo(length) }, () => pick(random, characters)).join("");
const randomBytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => upTo(256)));

function control(): Buffer {
  const kind = random();
  if (kind < 0.5) return clientFrame(0x89, randomText(20));
  if (kind < 0.8) return clientFrame(0x8a, randomText(20));
  const code = pick(random, [1000, 1001, 1005, 3000, 4999, 5000]);
  return clientFrame(0x88, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(randomText(10))]));
}

/** A message, in parts or whole, with control frames in between. */
function message(): Buffer {
  const payload = Buffer.from(randomText(pick(random, [3, 40, 300])));
  if (chance(random, 0.1) && payload.length > 0) payload[upTo(payload.length)] = upTo(256);
  const frames: Buffer[] = [];
  let at = 0;
  let isFirst = true;
  for (let isFinal = false; !isFinal; isFirst = false) {
    isFinal = chance(random, 0.6);
    const end = isFinal ? payload.length : at + upTo(payload.length - at + 1);
    frames.push(clientFrame((isFirst ? 1 : 0) | (isFinal ? 0x80 : 0), payload.subarray(at, end)));
    at = end;
    if (chance(random, 0.1)) frames.push(control());
  }
  return Buffer.concat(frames);
}

function damaged(bytes: Buffer): Buffer {
  const at = upTo(bytes.length);
  const kind = random();
  if (kind < 0.4) bytes[at] = upTo(256);
  else if (kind < 0.6) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  else if (kind < 0.8) return Buffer.concat([bytes.subarray(0, at), randomBytes(1 + upTo(4)), bytes.subarray(at)]);
  else return bytes.subarray(0, at);
  return bytes;
}

function conversation(): Buffer {
  let bytes = Buffer.concat(Array.from({ length: 1 + upTo(6) }, () => (chance(random, 0.8) ? message() : control())));
  while (chance(random, 0.3) && bytes.length > 0) bytes = Buffer.from(damaged(bytes));
  return chance(random, 0.05) ? randomBytes(upTo(60)) : bytes;
}

/** What happens when the bytes come in pieces; some make the receiver pause for a while. */
function heard(bytes: Buffer, pieceMax: number): WebSocketUnderTest {
  const webSocket = new WebSocketUnderTest({
    frameBytesMax: 500,
    messageBytesMax: 800,
    idleMs: 1,
    lifeMs: 1,
    unsentBytesMax: 1_000_000,
  });
  for (let at = 0; at < bytes.length; ) {
    webSocket.isTaking = pieceMax === bytes.length || chance(random, 0.7);
    const end = Math.min(bytes.length, at + 1 + upTo(pieceMax));
    webSocket.receive(bytes.subarray(at, pieceMax === bytes.length ? bytes.length : end));
    at = pieceMax === bytes.length ? bytes.length : end;
    if (chance(random, 0.5)) webSocket.connection.resume();
  }
  webSocket.isTaking = true;
  for (let waiting = 0; waiting < 2; waiting++) webSocket.connection.resume();
  return webSocket;
}

test(`fuzz: frames of WebSockets (PORTICO_FUZZ_SEED=${seed})`, (context) => {
  const isTimeLeft = within(durationMsOr(2_000));
  const counts = { conversations: 0, texts: 0, closes: 0 };
  while (isTimeLeft()) {
    const bytes = conversation();
    const whole = heard(bytes, bytes.length);
    for (const pieceMax of [1, 3, 50]) {
      const cut = heard(bytes, pieceMax);
      const note = `${bytes.toString("hex")} by at most ${pieceMax}`;
      assert.deepEqual(cut.texts, whole.texts, note);
      assert.deepEqual(cut.frames, whole.frames, note);
      assert.deepEqual(cut.closes, whole.closes, note);
    }
    assert.ok(whole.closes.length <= 1);
    assert.equal(whole.socket.isEnded, whole.closes.length === 1);
    if (whole.socket.isEnded) assert.equal(whole.reservedBytes, 0);
    counts.conversations++;
    counts.texts += whole.texts.length;
    counts.closes += whole.closes.length;
  }
  context.diagnostic(`${counts.conversations} conversations, ${counts.texts} texts, ${counts.closes} closed`);
  assert.ok(counts.texts > 0 && counts.closes > 0 && counts.closes < counts.conversations);
});
