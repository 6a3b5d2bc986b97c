// CloudWatch Logs under the official SDK: what is put in comes out page by page, and what is wrong is refused in AWS's words.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  CloudWatchLogsClient,
  CloudWatchLogsServiceException,
  CreateExportTaskCommand,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  ListTagsLogGroupCommand,
  PutLogEventsCommand,
  PutLogGroupDeletionProtectionCommand,
  PutRetentionPolicyCommand,
  paginateDescribeLogGroups,
  paginateDescribeLogStreams,
  paginateFilterLogEvents,
  TagLogGroupCommand,
  TagResourceCommand,
  UntagLogGroupCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { elsewhere, refusal, startForSuite } from "./sdk-client.ts";

describe("CloudWatch Logs", () => {
  const portico = startForSuite({ exitCode: 0 });
  const logs = portico.client(CloudWatchLogsClient, { maxAttempts: 1 });

  const refuses = async (call: Promise<unknown>, name: string, message: string | RegExp, status = 400) => {
    const error = await refusal(call, CloudWatchLogsServiceException);
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], [name, status]);
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
  };
  const makeStream = async (logGroupName: string, logStreamName: string): Promise<void> => {
    await logs.send(new CreateLogGroupCommand({ logGroupName })).catch(() => undefined);
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  };
  const put = (logGroupName: string, logStreamName: string, ...events: readonly (readonly [number, string])[]) =>
    logs.send(
      new PutLogEventsCommand({
        logGroupName,
        logStreamName,
        logEvents: events.map(([timestamp, message]) => ({ timestamp, message })),
      }),
    );
  const now = Date.now();
  const noGroup = "The specified log group does not exist.";

  describe("groups", () => {
    const logGroupName = "/pets/groups";
    const resourceArn = `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}`;

    it("are made, described, tagged, kept for a while, deleted", async () => {
      await logs.send(new CreateLogGroupCommand({ logGroupName, tags: { team: "pets" } }));
      await refuses(
        logs.send(new CreateLogGroupCommand({ logGroupName })),
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
      );
      await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 30 }));
      const describe = new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName });
      const { logGroups: [group] = [] } = await logs.send(describe);
      assert.ok(group?.creationTime);
      assert.deepEqual(group, {
        logGroupName,
        creationTime: group.creationTime,
        retentionInDays: 30,
        metricFilterCount: 0,
        arn: `${resourceArn}:*`,
        logGroupArn: resourceArn,
        storedBytes: 0,
        logGroupClass: "STANDARD",
        deletionProtectionEnabled: false,
      });
      await logs.send(new DeleteRetentionPolicyCommand({ logGroupName }));
      assert.equal((await logs.send(describe)).logGroups?.[0]?.retentionInDays, undefined);

      await logs.send(new TagResourceCommand({ resourceArn, tags: { stage: "prod" } }));
      await logs.send(new TagLogGroupCommand({ logGroupName, tags: { old: "form" } }));
      const tags = async () => (await logs.send(new ListTagsForResourceCommand({ resourceArn }))).tags;
      assert.deepEqual(await tags(), { old: "form", stage: "prod", team: "pets" });
      await logs.send(new UntagResourceCommand({ resourceArn, tagKeys: ["team"] }));
      await logs.send(new UntagLogGroupCommand({ logGroupName, tags: ["stage"] }));
      assert.deepEqual((await logs.send(new ListTagsLogGroupCommand({ logGroupName }))).tags, { old: "form" });

      const protect = (deletionProtectionEnabled: boolean) =>
        logs.send(
          new PutLogGroupDeletionProtectionCommand({ logGroupIdentifier: logGroupName, deletionProtectionEnabled }),
        );
      await protect(true);
      const remove = () => logs.send(new DeleteLogGroupCommand({ logGroupName }));
      await refuses(remove(), "ValidationException", /deletion protection/);
      await protect(false);
      await remove();
      await refuses(remove(), "ResourceNotFoundException", noGroup);
      await refuses(tags(), "ResourceNotFoundException", noGroup);
    });

    it("are listed by pages, by prefix, by a part of the name; each account and region has its own", async () => {
      const names = Array.from({ length: 7 }, (_, index) => `list/${index}`);
      for (const name of names) await logs.send(new CreateLogGroupCommand({ logGroupName: name }));
      const listed: (string | undefined)[] = [];
      const pages = paginateDescribeLogGroups({ client: logs, pageSize: 3 }, { logGroupNamePrefix: "list/" });
      for await (const { logGroups = [] } of pages) listed.push(...logGroups.map((group) => group.logGroupName));
      assert.deepEqual(listed, names);
      const byPattern = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePattern: "IST/3" }));
      assert.deepEqual(
        byPattern.logGroups?.map((group) => group.logGroupName),
        ["list/3"],
      );
      const other = portico.client(CloudWatchLogsClient, elsewhere);
      assert.deepEqual((await other.send(new DescribeLogGroupsCommand({}))).logGroups, []);
    });

    it("are refused for what AWS refuses", async () => {
      const create = (input: { logGroupName: string; kmsKeyId?: string; tags?: Record<string, string> }) =>
        logs.send(new CreateLogGroupCommand(input));
      await refuses(
        create({ logGroupName: "a b" }),
        "InvalidParameterException",
        /^1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy reg/,
      );
      await refuses(
        create({ logGroupName: "x".repeat(513) }),
        "InvalidParameterException",
        /less than or equal to 512/,
      );
      await refuses(create({ logGroupName: "k", tags: { "aws:x": "" } }), "InvalidParameterException", /aws:/);
      // A key that would guard nothing is not accepted.
      await refuses(create({ logGroupName: "k", kmsKeyId: "k" }), "NotImplementedException", /does not encrypt/, 501);
      await refuses(
        logs.send(new PutRetentionPolicyCommand({ logGroupName: "list/0", retentionInDays: 2 })),
        "InvalidParameterException",
        /^1 validation error detected: Value '2' at 'retentionInDays' failed .* enum value set: \[1, 3, 5, 7,/,
      );
      await refuses(
        logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "a", logGroupNamePattern: "a" })),
        "InvalidParameterException",
        /mutually exclusive/,
      );
      await refuses(
        logs.send(new DescribeLogGroupsCommand({ nextToken: "forged" })),
        "InvalidParameterException",
        "The specified nextToken is invalid.",
      );
      const task = new CreateExportTaskCommand({ logGroupName: "list/0", from: 0, to: 1, destination: "bucket" });
      await refuses(logs.send(task), "NotImplementedException", /no operation CreateExportTask/, 501);
    });
  });

  describe("streams", () => {
    const logGroupName = "/pets/streams";
    before(async () => {
      for (const name of ["a/1", "a/2", "b"]) await makeStream(logGroupName, name);
      await put(logGroupName, "b", [now - 50, "first"], [now, "last"]);
      await put(logGroupName, "a/2", [now - 10, "x"]);
    });

    it("are described in the order of names or of last events, by pages", async () => {
      const list = async (input: object, pageSize = 2) => {
        const names: (string | undefined)[] = [];
        for await (const { logStreams = [] } of paginateDescribeLogStreams({ client: logs, pageSize }, input)) {
          names.push(...logStreams.map((stream) => stream.logStreamName));
        }
        return names;
      };
      assert.deepEqual(await list({ logGroupName }), ["a/1", "a/2", "b"]);
      assert.deepEqual(await list({ logGroupName, descending: true }, 1), ["b", "a/2", "a/1"]);
      assert.deepEqual(await list({ logGroupName, logStreamNamePrefix: "a/" }), ["a/1", "a/2"]);
      assert.deepEqual(await list({ logGroupName, orderBy: "LastEventTime", descending: true }), ["b", "a/2", "a/1"]);
      assert.deepEqual(await list({ logGroupName, orderBy: "LastEventTime" }, 1), ["a/1", "a/2", "b"]);
      const { logStreams = [] } = await logs.send(
        new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: "b" }),
      );
      const { creationTime, lastIngestionTime, uploadSequenceToken, ...stream } = logStreams[0] ?? {};
      assert.ok(creationTime && lastIngestionTime && uploadSequenceToken);
      assert.deepEqual(stream, {
        logStreamName: "b",
        arn: `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}:log-stream:b`,
        firstEventTimestamp: now - 50,
        lastEventTimestamp: now,
        storedBytes: 0,
      });
    });

    it("are refused, and deleted with their events", async () => {
      await refuses(
        makeStream(logGroupName, "b"),
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
      );
      await refuses(makeStream(logGroupName, "a:b"), "InvalidParameterException", /pattern: \[\^:\*\]\*/);
      await refuses(
        logs.send(new CreateLogStreamCommand({ logGroupName: "none", logStreamName: "s" })),
        "ResourceNotFoundException",
        noGroup,
      );
      await refuses(
        logs.send(new DescribeLogStreamsCommand({ logGroupName, orderBy: "LastEventTime", logStreamNamePrefix: "a" })),
        "InvalidParameterException",
        "Cannot order by LastEventTime with a logStreamNamePrefix.",
      );
      await logs.send(new DeleteLogStreamCommand({ logGroupName, logStreamName: "a/2" }));
      await refuses(
        put(logGroupName, "a/2", [now, "x"]),
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
      );
      const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName }));
      assert.deepEqual(
        events?.map(({ message }) => message),
        ["first", "last"],
      );
    });
  });

  describe("events", () => {
    const logGroupName = "/pets/events";
    const logStreamName = "s";
    const times = Array.from({ length: 10 }, (_, index) => now - 100 + index);
    before(async () => {
      await makeStream(logGroupName, logStreamName);
      await makeStream(logGroupName, "t");
      await put(logGroupName, logStreamName, ...times.slice(5).map((ms) => [ms, `event ${ms}`] as const));
      // Older ones that come later.
      await put(logGroupName, logStreamName, ...times.slice(0, 5).map((ms) => [ms, `event ${ms}`] as const));
      await put(logGroupName, "t", [now - 95, '{"level":"error","ms":7}'], [now - 90, "ERROR here"]);
    });
    const get = async (input: {
      nextToken?: string | undefined;
      limit?: number;
      startFromHead?: boolean;
      startTime?: number;
      endTime?: number;
    }) => {
      const answer = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName, ...input }));
      const { nextForwardToken = "", nextBackwardToken = "", events = [] } = answer;
      return {
        events: events.map(({ timestamp }) => timestamp),
        forward: nextForwardToken,
        backward: nextBackwardToken,
      };
    };

    it("are read forward to the end, where the token stays, and on when more come", async () => {
      const first = await get({ startFromHead: true, limit: 4 });
      assert.deepEqual(first.events, times.slice(0, 4));
      const second = await get({ nextToken: first.forward, limit: 4 });
      assert.deepEqual(second.events, times.slice(4, 8));
      const third = await get({ nextToken: second.forward, limit: 4 });
      assert.deepEqual(third.events, times.slice(8));
      const end = await get({ nextToken: third.forward });
      assert.deepEqual(end.events, []);
      assert.equal(end.forward, third.forward);
      assert.deepEqual((await get({ nextToken: second.backward, limit: 3 })).events, times.slice(1, 4));
      await put(logGroupName, logStreamName, [now, "more"]);
      assert.deepEqual((await get({ nextToken: end.forward })).events, [now]);
      times.push(now);
    });

    it("are read backward from the newest, which is the default", async () => {
      const last = await get({ limit: 3 });
      assert.deepEqual(last.events, times.slice(-3));
      const before = await get({ nextToken: last.backward, limit: 100 });
      assert.deepEqual(before.events, times.slice(0, -3));
      const begin = await get({ nextToken: before.backward });
      assert.deepEqual([begin.events, begin.backward], [[], before.backward]);
    });

    it("are taken from a range: the start is in it, and the end only of a search", async () => {
      const range = { startTime: times[2]!, endTime: times[5]! };
      assert.deepEqual((await get({ ...range, startFromHead: true })).events, times.slice(2, 5));
      const search = new FilterLogEventsCommand({ logGroupName, logStreamNames: [logStreamName], ...range });
      assert.deepEqual(
        (await logs.send(search)).events?.map(({ timestamp }) => timestamp),
        times.slice(2, 6),
      );
    });

    it("are searched over the group's streams in the order of their times, by pages", async () => {
      const found: (string | undefined)[] = [];
      const ids = new Set<string | undefined>();
      for await (const { events = [] } of paginateFilterLogEvents({ client: logs, pageSize: 3 }, { logGroupName })) {
        found.push(...events.map(({ timestamp, logStreamName: name }) => `${(timestamp ?? 0) - now} ${name}`));
        for (const { eventId } of events) ids.add(eventId);
      }
      assert.deepEqual(found.slice(4, 8), ["-96 s", "-95 s", "-95 t", "-94 s"]);
      assert.equal(ids.size, times.length + 2);
      const search = async (filterPattern: string, more = {}) =>
        (await logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern, ...more }))).events?.map(
          ({ message }) => message,
        );
      assert.deepEqual(await search("ERROR"), ["ERROR here"]);
      assert.deepEqual(await search('{ $.level = "error" && $.ms > 5 }'), ['{"level":"error","ms":7}']);
      assert.deepEqual(await search("more", { logStreamNamePrefix: "s" }), ["more"]);
      assert.deepEqual(await search("more", { logStreamNamePrefix: "t" }), []);
      await refuses(search("err:"), "InvalidParameterException", "Invalid character(s) in term 'err:'");
      await refuses(search("", { logStreamNames: ["none"] }), "ResourceNotFoundException", /log stream does not exist/);
      await refuses(search("", { nextToken: "forged" }), "InvalidParameterException", /nextToken is invalid/);
    });

    it("by the thousand: a page has 10,000 or 1 MB at most", async () => {
      await makeStream(logGroupName, "many");
      const many = Array.from(
        { length: 10_000 },
        (_, index) => [now - 1_000 + Math.floor(index / 100), `${index}`] as const,
      );
      await put(logGroupName, "many", ...many);
      await put(logGroupName, "many", [now, "last"]);
      const input = { logGroupName, logStreamName: "many", startFromHead: true };
      const { events = [], nextForwardToken } = await logs.send(new GetLogEventsCommand(input));
      assert.deepEqual(
        events.map(({ message }) => message),
        many.map(([, text]) => text),
      );
      const rest = await logs.send(new GetLogEventsCommand({ ...input, nextToken: nextForwardToken }));
      assert.deepEqual(
        rest.events?.map(({ message }) => message),
        ["last"],
      );
      await makeStream(logGroupName, "large");
      for (let batch = 0; batch < 3; batch++) {
        await put(logGroupName, "large", [now + batch, "x".repeat(600_000)]);
      }
      const large = await logs.send(new GetLogEventsCommand({ ...input, logStreamName: "large" }));
      assert.equal(large.events?.length, 1);
    });

    it("too old and too new ones of a batch are said and not stored", async () => {
      await makeStream(logGroupName, "rejected");
      const day = 86_400_000;
      const { rejectedLogEventsInfo } = await put(
        logGroupName,
        "rejected",
        [now, "now"],
        [now + 3 * 3_600_000, "in three hours"],
      );
      assert.deepEqual(rejectedLogEventsInfo, { tooNewLogEventStartIndex: 1 });
      const old = await put(
        logGroupName,
        "rejected",
        [now - 14 * day - 60_000, "old"],
        [now - 14 * day + 60_000, "ok"],
      );
      assert.deepEqual(old.rejectedLogEventsInfo, { tooOldLogEventEndIndex: 1 });
      const { events } = await logs.send(new GetLogEventsCommand({ logGroupName, logStreamName: "rejected" }));
      assert.deepEqual(
        events?.map(({ message }) => message),
        ["ok", "now"],
      );
    });

    it("are refused as a batch for what AWS refuses", async () => {
      const refused = (message: string | RegExp, ...events: readonly (readonly [number, string])[]) =>
        refuses(put(logGroupName, logStreamName, ...events), "InvalidParameterException", message);
      await refused(
        "Log events in a single PutLogEvents request must be in chronological order.",
        [now, "b"],
        [now - 1, "a"],
      );
      await refused(
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        [now - 86_400_001, "a"],
        [now, "b"],
      );
      await refused(/^Log event too large: 1048577 bytes exceeds limit of 1048576$/, [now, "x".repeat(1_048_551)]);
      await refused(
        /^Upload too large: 1048578 bytes exceeds limit of 1048576$/,
        [now, "x".repeat(1_000_000)],
        [now, "x".repeat(48_526)],
      );
      await refused(/logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1/);
      await refused(/message' failed to satisfy constraint: Member must have length/, [now, ""]);
    });
  });
});

describe("a group's retention", () => {
  const portico = startForSuite();
  const logs = portico.client(CloudWatchLogsClient);

  it("hides and drops what is older", async () => {
    const of = { logGroupName: "kept", logStreamName: "s" };
    await logs.send(new CreateLogGroupCommand(of));
    await logs.send(new CreateLogStreamCommand(of));
    await logs.send(new PutRetentionPolicyCommand({ ...of, retentionInDays: 1 }));
    const day = 86_400_000;
    const now = Date.now();
    const logEvents = [{ timestamp: now - 2 * day, message: "expired" }];
    const { rejectedLogEventsInfo } = await logs.send(new PutLogEventsCommand({ ...of, logEvents }));
    assert.deepEqual(rejectedLogEventsInfo, { expiredLogEventEndIndex: 1 });
    await logs.send(new PutLogEventsCommand({ ...of, logEvents: [{ timestamp: now, message: "young" }] }));
    const count = async () => (await logs.send(new GetLogEventsCommand(of))).events?.length;
    assert.equal(await count(), 1);
    await fetch(`${portico.url}/_portico/clock`, {
      method: "POST",
      body: JSON.stringify({ advanceMs: 25 * 3_600_000 }),
    });
    assert.equal(await count(), 0);
    assert.equal((await fetch(`${portico.url}/_portico/reset`, { method: "POST" })).status, 200);
    assert.deepEqual((await logs.send(new DescribeLogGroupsCommand({}))).logGroups, []);
  });
});
