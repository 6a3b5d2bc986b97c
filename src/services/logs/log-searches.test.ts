import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveTails } from "./live-tails.ts";
import { logEventOperations } from "./log-events.ts";
import { batchOf, LogStore } from "./log-store.ts";

const call = { account: "000000000000", region: "us-east-1", nowMs: 10_000 };
/** A pattern that takes a millisecond or so for each of these lines. */
const slowPattern = "%a*a*a*a*a*a*a*a*a*a*a*b%";
const slowLine = "a".repeat(1_000);

function aStore() {
  const store = new LogStore({ path: undefined, bytesMax: 67_108_864 });
  const group = { name: "g", createdMs: 0, retentionDays: null, logClass: "STANDARD", isProtected: false, tags: {} };
  const groupId = store.createGroup({ account: call.account, region: call.region, ...group } as const);
  return { store, groupId, streamId: store.createStream(groupId, "s", 0) };
}

test("a search that takes long answers what it found, and its pages have all", () => {
  const { store, groupId, streamId } = aStore();
  const events = Array.from({ length: 1_500 }, (_, index) => ({
    timestamp: index,
    message: index % 500 === 499 ? `${index}ab` : slowLine,
  }));
  store.append(groupId, streamId, batchOf(events), 1_000);
  const found: string[] = [];
  let pages = 0;
  for (let nextToken: string | undefined, isMore = true; isMore; isMore = nextToken !== undefined) {
    const input = { logGroupName: "g", filterPattern: slowPattern, ...(nextToken !== undefined && { nextToken }) };
    const answer = logEventOperations.FilterLogEvents(store, input, call) as {
      readonly events: readonly { readonly message: string }[];
      readonly nextToken?: string;
    };
    found.push(...answer.events.map(({ message }) => message));
    nextToken = answer.nextToken;
    pages++;
  }
  assert.deepEqual(found, ["499ab", "999ab", "1499ab"]);
  assert.ok(pages > 2, `${pages} pages`);
  store.close();
});

test("live tails look at lines for a part of a second, and say that they have left some out", () => {
  const { store, groupId } = aStore();
  const tails = new LiveTails(store);
  const logGroupIdentifiers = [`arn:aws:logs:us-east-1:${call.account}:log-group:g`];
  const sessions = Array.from({ length: 4 }, () =>
    tails.start({ logGroupIdentifiers, logEventFilterPattern: slowPattern }, call),
  );
  let seen = 0;
  const offer = (ingestedMs: number, count: number, message: string): void =>
    tails.offer({
      ...{ groupId, streamName: "s", ingestedMs },
      *lines() {
        for (let index = 0; index < count; index++) {
          seen++;
          yield { ms: index, message };
        }
      },
    });
  offer(11_000, 10_000, slowLine);
  assert.ok(seen < 20_000, `${seen} of 40,000 lines`);
  const [one] = sessions.map((session) => tails.next(session, call));
  assert.ok(one?.kind === "update" && one.isSampled && one.events.length === 0);
  // In another second there is time again.
  offer(12_000, 3, "ab");
  const later = tails.next(sessions[3]!, call);
  assert.ok(later.kind === "update" && !later.isSampled && later.events.length === 3);
  store.close();
});
