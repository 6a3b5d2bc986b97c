import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageTurns } from "./message-turns.ts";

/** Messages with their own time, of which each takes so many milliseconds. */
class Messages {
  readonly #scheduled: (() => void)[] = [];
  #taken: string[] = [];
  #nowMs = 0;
  readonly #turns = new MessageTurns(
    (callback) => void this.#scheduled.push(callback),
    () => this.#nowMs,
  );

  /** A short message comes; `then` comes when it was taken. */
  short(name: string, tookMs: number, then?: () => void): void {
    const take = (): void => this.#take(name, tookMs, then);
    if (this.#turns.hasTime()) take();
    else this.#turns.add(take, false);
  }

  large(name: string, tookMs: number, then?: () => void): void {
    this.#turns.add(() => this.#take(name, tookMs, then), true);
  }

  #take(name: string, tookMs: number, then?: () => void): void {
    this.#nowMs += tookMs;
    this.#taken.push(name);
    then?.();
  }

  /** Returns what was taken at once since the last turn. */
  get atOnce(): string {
    const taken = this.#taken.join(" ");
    this.#taken = [];
    return taken;
  }

  /** How many turns of the event loop are asked for. */
  get asked(): number {
    return this.#scheduled.length;
  }

  /** Returns what the next turn takes. */
  turn(): string {
    assert.ok(this.#scheduled.length <= 1, "one turn is asked for at a time");
    this.#taken = [];
    this.#scheduled.shift()?.();
    return this.atOnce;
  }
}

test("a turn takes one large message that takes long, and several others, in their order", () => {
  const messages = new Messages();
  for (const [name, tookMs] of [
    ["a", 80],
    ["b", 80],
    ["c", 2],
    ["d", 2],
    ["e", 30],
    ["f", 1],
  ] as const)
    messages.large(name, tookMs);
  const turns = Array.from({ length: 5 }, () => messages.turn());
  assert.deepEqual(turns, ["a", "b", "c d e", "f", ""]);
});

test("a large message that comes during a turn waits behind the rest", () => {
  const messages = new Messages();
  messages.large("a", 1, () => messages.large("c", 80));
  messages.large("b", 80);
  assert.deepEqual([messages.turn(), messages.turn(), messages.turn()], ["a b", "c", ""]);
  messages.large("d", 1);
  assert.equal(messages.turn(), "d");
});

test("short messages are taken at once until the turn has spent its time on them, and then wait", () => {
  const messages = new Messages();
  for (const name of ["a", "b", "c", "d", "e", "f", "g"]) messages.short(name, 4);
  assert.equal(messages.atOnce, "a b c");
  assert.deepEqual([messages.turn(), messages.turn()], ["d e f", "g"]);
  messages.short("h", 4);
  assert.equal(messages.atOnce, "h");
});

test("a connection that has more waits behind the others", () => {
  const messages = new Messages();
  const goOn = (left: number): void => messages.short("flood", 12, () => left > 0 && goOn(left - 1));
  goOn(2);
  messages.short("other", 1);
  assert.equal(messages.atOnce, "flood");
  assert.deepEqual([messages.turn(), messages.turn(), messages.turn()], ["flood", "other flood", ""]);
});

test("short messages don't wait for large ones", () => {
  const messages = new Messages();
  for (const name of ["A", "B", "C"]) messages.large(name, 80);
  messages.short("a", 1);
  assert.deepEqual([messages.atOnce, messages.turn()], ["a", "A"]);
  messages.short("b", 1);
  assert.deepEqual([messages.atOnce, messages.turn()], ["b", "B"]);
});

test("few short messages over many turns ask for one turn in a while", () => {
  const messages = new Messages();
  let asked = 0;
  for (let i = 0; i < 100; i++) {
    messages.short("a", 1);
    asked += messages.asked;
    messages.turn();
  }
  assert.equal(asked, 10);
});
