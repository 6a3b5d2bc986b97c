import assert from "node:assert/strict";
import { ManualClock } from "../src/base/clock.ts";
import { type IdSource, randomIds } from "../src/base/ids.ts";
import { type RunJob, runHere } from "../src/base/job.ts";
import { definitionIndexes } from "../src/definition/indexes.ts";
import { type ControlLimits, makeControlLimits } from "../src/management/control-limits.ts";
import { makeRestOperations } from "../src/management/rest/operations.ts";
import { makeV2Operations } from "../src/management/v2/operations.ts";
import { makeManagement } from "../src/protocol/management.ts";
import { openSqliteStore } from "../src/store/sqlite-store.ts";
import type { Store } from "../src/store/store.ts";
import { rerunningStore } from "./contract/rerunning-store.ts";

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
type Answer = any;

interface Caller {
  readonly account?: string;
  readonly region?: string;
}

/** The management API, of both versions, over a store in memory that runs each write's work twice, called as over the wire. */
export interface RestManagement {
  readonly store: Store;
  readonly clock: ManualClock;
  /** The answer's members; a status that is not 2xx fails. */
  call(line: string, body?: unknown, caller?: Caller): Promise<Answer>;
  /** Whatever is answered: the status, the error's name, the body. */
  send(
    line: string,
    body?: unknown,
    caller?: Caller,
  ): Promise<{ readonly status: number; readonly type: string | undefined; readonly text: string }>;
  /** The raw body of a good answer. */
  text(line: string): Promise<string>;
  /** Asserts that the call is refused in these words. */
  refuses(line: string, body: unknown, status: number, message: string | RegExp, caller?: Caller): Promise<void>;
  close(): Promise<void>;
}

/** `line` is `GET /restapis`. Errors that the model does not declare, and our own faults, fail. `run` runs its jobs. */
export function makeRestManagement(
  limits: Partial<ControlLimits> = {},
  run: RunJob = runHere,
  ids: IdSource = randomIds,
): RestManagement {
  const store = rerunningStore(openSqliteStore({ indexes: definitionIndexes }));
  const clock = new ManualClock(1_700_000_000_500);
  const faults: unknown[] = [];
  const dependencies = { store, limits: makeControlLimits(limits), run };
  const management = makeManagement(
    [
      { model: "apigateway", operations: makeRestOperations(dependencies) },
      { model: "apigatewayv2", operations: makeV2Operations(dependencies) },
    ],
    {
      clock,
      ids,
      bodyBytesMax: 1_000_000,
      logger: { warn: () => {}, error: (message, fields) => faults.push(message, fields) },
      onUndeclaredError: (operation, code) => faults.push(`${operation} does not declare ${code}`),
    },
  );
  const send = async (line: string, body: unknown, { account = "123456789012", region = "us-east-1" }: Caller) => {
    const [method = "", target = ""] = line.split(" ", 2);
    const credential = `${account}/20261120/${region}/apigateway/aws4_request`;
    const answer = await management.handle({
      method,
      target,
      headers: {
        host: "localhost:4566",
        authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
      },
      body: Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body)),
    });
    assert.deepEqual(faults, [], line);
    return { status: answer.status, type: answer.headers["x-amzn-ErrorType"], text: answer.body.toString() };
  };
  const good = async (line: string, body: unknown, caller: Caller): Promise<string> => {
    const { status, text } = await send(line, body, caller);
    assert.ok(status >= 200 && status < 300, `${line}: ${status} ${text}`);
    return text;
  };
  return {
    store,
    clock,
    async call(line, body, caller = {}) {
      const text = await good(line, body, caller);
      return text === "" ? {} : JSON.parse(text);
    },
    send: (line, body, caller = {}) => send(line, body, caller),
    text: (line) => good(line, undefined, {}),
    async refuses(line, body, status, message, caller = {}) {
      const answer = await send(line, body, caller);
      assert.equal(answer.status, status, `${line}: ${answer.text}`);
      const { message: words } = JSON.parse(answer.text) as { message: string };
      if (typeof message === "string") assert.equal(words, message);
      else assert.match(words, message);
    },
    close: () => store.close(),
  };
}
