import assert from "node:assert/strict";
import { test } from "node:test";
import { threadId } from "node:worker_threads";
import { crashing, dying, endless, failing, unknown, unsendable, where } from "../../test/server/odd-jobs.ts";
import { until } from "../../test/until.ts";
import { ApiError } from "../protocol/errors.ts";
import { makeLogger } from "../telemetry/logger.ts";
import { JobRunner, type JobRunnerOptions } from "./job-runner.ts";

const light = "x";
const heavy = "x".repeat(10_000);

type Log = { readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];

async function withRunner(
  options: Partial<JobRunnerOptions>,
  work: (runner: JobRunner, log: Log) => Promise<void>,
): Promise<void> {
  const log: Log = [];
  const runner = new JobRunner({
    entry: new URL("../../test/server/odd-jobs-thread.ts", import.meta.url),
    logger: makeLogger("error", (_, message, fields = {}) => log.push({ message, fields })),
    ...options,
  });
  try {
    await work(runner, log);
  } finally {
    await runner.close();
  }
}

const givenUp = (reason: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiError);
  assert.equal(error.code, "InternalFailure");
  assert.match(error.message, reason);
  return true;
};

test("a light job runs here, heavy ones in one other thread", () =>
  withRunner({}, async ({ run }) => {
    assert.equal(await run(where, light), threadId);
    const [one, other] = await Promise.all([run(where, heavy), run(where, heavy)]);
    assert.notEqual(one, threadId);
    assert.equal(other, one);
  }));

test("what a job throws is thrown to its caller, with its stack", () =>
  withRunner({}, async ({ run }, log) => {
    await assert.rejects(run(failing, heavy), (error: unknown) => {
      assert.ok(error instanceof RangeError);
      assert.equal(error.message, "a bug");
      assert.match(error.stack ?? "", /odd-jobs\.ts/);
      return true;
    });
    assert.deepEqual(log, []);
  }));

for (const [job, reason] of [
  [dying, /^The work was given up: its thread ended\.$/],
  [endless, /^The work was given up: it took longer than 2 s\.$/],
  [crashing, /^The work was given up: its thread failed: outside of the job\.$/],
] as const)
  test(`a job that takes its thread with it (${job.name}) fails, and the next one gets a new thread`, () =>
    withRunner({ msMax: 2_000 }, async ({ run }, log) => {
      const before = await run(where, heavy);
      const doomed = assert.rejects(run(job, heavy), givenUp(reason));
      const next = run(where, heavy);
      await doomed;
      assert.notEqual(await next, before);
      assert.deepEqual(
        log.map(({ message, fields }) => [message, fields["job"]]),
        [["A job was given up.", job.name]],
      );
    }));

test("what can't be sent, either way, fails only its job", () =>
  withRunner({}, async ({ run }) => {
    const before = await run(where, heavy);
    await assert.rejects(run(unsendable, heavy), /could not be cloned/);
    await assert.rejects(run(where, [heavy, () => undefined] as unknown as string), /could not be cloned/);
    await assert.rejects(run(unknown, heavy), /there is no job unknown/);
    assert.equal(await run(where, heavy), before);
  }));

test("a call more than may wait is refused; one that others wait for is not, and goes first", () =>
  withRunner({ waitingMax: 2 }, async ({ run }) => {
    const order: string[] = [];
    const ask = (name: string, isUrgent: boolean) => run(where, heavy, { isUrgent }).then(() => order.push(name));
    const calls = [ask("running", false), ask("first", false), ask("second", false)];
    await assert.rejects(run(where, heavy), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.code, "TooManyRequestsException");
      return true;
    });
    calls.push(ask("urgent", true));
    await Promise.all(calls);
    assert.deepEqual(order, ["running", "urgent", "first", "second"]);
  }));

test("an idle thread ends, and the next job starts another", () =>
  withRunner({ idleMs: 1 }, async ({ run }) => {
    const first = await run(where, heavy);
    let last = first;
    await until(async () => {
      last = await run(where, heavy);
      // Time for it to be idle.
      await new Promise((resolve) => setImmediate(resolve));
      return last !== first;
    });
    assert.notEqual(last, first);
  }));

test("closing fails what runs and what waits, and what comes later", () =>
  withRunner({}, async (runner, log) => {
    const stopping = givenUp(/the server is stopping/);
    const calls = [endless, where].map((job) => assert.rejects(runner.run<string, unknown>(job, heavy), stopping));
    await runner.close();
    await Promise.all(calls);
    await assert.rejects(runner.run(where, heavy), stopping);
    assert.deepEqual(log, []);
  }));
