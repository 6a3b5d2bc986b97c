import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, AnswerObserver } from "../../http/inbound.ts";
import type { CachedAnswer } from "../../response-cache/cache-store.ts";
import type { Exchange } from "../exchange.ts";
import { RecordedAnswer, RecordingRoom } from "./recorded-answer.ts";

const roomBytes = 1_000;

/** Records answers of up to 600 bytes in a room for 1,000. */
function startRecording(room: RecordingRoom) {
  const kept: CachedAnswer[] = [];
  let sent = 0;
  const inner: Answer = {
    observer: undefined,
    isBegun: false,
    responseBytes: 0,
    respond: () => undefined,
    startResponse: () => undefined,
    write: ({ length }) => {
      sent += length;
      return true;
    },
    end: () => undefined,
    abort: () => undefined,
  };
  const exchange = { answer: inner, error: undefined, integrationHeaders: [] } as unknown as Exchange;
  let releases = 0;
  const answer = new RecordedAnswer(exchange, {
    bytesMax: 600,
    room,
    variesBy: [],
    readVarying: () => undefined,
    added: [],
    keep: (one) => void kept.push(one),
    release: () => void releases++,
  });
  return {
    answer,
    kept,
    observer: inner.observer as AnswerObserver,
    get sent() {
      return sent;
    },
    get releases() {
      return releases;
    },
  };
}

const isWhole = (room: RecordingRoom): boolean => {
  if (!room.take(roomBytes)) return false;
  room.giveBack(roomBytes);
  return true;
};

test("an answer that finds no room is passed on, and not kept", () => {
  const room = new RecordingRoom(roomBytes);
  const first = startRecording(room);
  const second = startRecording(room);
  for (const { answer } of [first, second]) {
    answer.startResponse(200, [], undefined);
    answer.write(Buffer.alloc(550));
  }
  first.answer.end();
  second.answer.end();
  assert.deepEqual([first.kept.length, first.sent], [1, 550]);
  assert.deepEqual([second.kept.length, second.sent], [0, 550]);
  assert.deepEqual([first.releases, second.releases], [1, 1]);
  assert.ok(isWhole(room));
});

test("an answer gives its room back, however it ends", () => {
  const endings: Record<string, (recording: ReturnType<typeof startRecording>) => void> = {
    "at its end": ({ answer }) => answer.end(),
    "broken off": ({ answer }) => answer.abort(),
    "without its client": ({ observer }) => observer.onClose(),
    "too long": ({ answer }) => {
      answer.write(Buffer.alloc(400));
      answer.write(Buffer.alloc(400));
      answer.end();
    },
    "by another answer": ({ answer }) => answer.respond(500, [], "failed"),
    twice: ({ answer, observer }) => {
      answer.end();
      observer.onClose();
    },
  };
  for (const [name, end] of Object.entries(endings)) {
    const room = new RecordingRoom(roomBytes);
    const recording = startRecording(room);
    recording.answer.startResponse(200, [], undefined);
    recording.answer.write(Buffer.alloc(300));
    assert.ok(!isWhole(room), name);
    end(recording);
    assert.ok(isWhole(room), name);
    assert.equal(recording.releases, 1, name);
  }
});
