// StartLiveTail by AWS's SDK for JavaScript and by boto3: what is stored while a session is open comes each second.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  type LiveTailSessionLogEvent,
  PutLogEventsCommand,
  StartLiveTailCommand,
  type StartLiveTailCommandInput,
  type StartLiveTailResponseStream,
} from "@aws-sdk/client-cloudwatch-logs";
import { startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";
import { until } from "../../until.ts";
import { startForSuite } from "./sdk-client.ts";

const arnOf = (group: string): string => `arn:aws:logs:us-east-1:000000000000:log-group:${group}`;

interface Tail {
  readonly events: StartLiveTailResponseStream[];
  /** The lines of all updates so far. */
  lines(): LiveTailSessionLogEvent[];
  close(): void;
  readonly ended: Promise<void>;
}

/** Opens a session, and gathers what comes. */
async function openTail(client: CloudWatchLogsClient, input: StartLiveTailCommandInput): Promise<Tail> {
  const abort = new AbortController();
  const { responseStream } = await client.send(new StartLiveTailCommand(input), { abortSignal: abort.signal });
  const events: StartLiveTailResponseStream[] = [];
  const read = async (): Promise<void> => {
    for await (const event of responseStream ?? []) events.push(event);
  };
  return {
    events,
    lines: () => events.flatMap(({ sessionUpdate }) => sessionUpdate?.sessionResults ?? []),
    close: () => abort.abort(),
    ended: read().catch(() => undefined),
  };
}

describe("StartLiveTail", () => {
  const portico = startForSuite();
  let client: CloudWatchLogsClient;
  const logStreamName = "s";
  before(async () => {
    client = new CloudWatchLogsClient({
      endpoint: portico.url,
      region: "us-east-1",
      credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
      // There is no host `stream-127.0.0.1`.
      disableHostPrefix: true,
    });
    for (const logGroupName of ["/tail/a", "/tail/b"]) {
      await client.send(new CreateLogGroupCommand({ logGroupName }));
      await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
      await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "other" }));
    }
  });
  after(() => client.destroy());

  const put = (logGroupName: string, messages: readonly string[], stream = logStreamName) =>
    client.send(
      new PutLogEventsCommand({
        logGroupName,
        logStreamName: stream,
        logEvents: messages.map((message) => ({ timestamp: Date.now(), message })),
      }),
    );

  it("sends what is stored, from all groups, with what the session is about first", async () => {
    const identifiers = [arnOf("/tail/a"), arnOf("/tail/b")];
    const tail = await openTail(client, { logGroupIdentifiers: identifiers });
    await until(() => tail.events.length > 0);
    const start = tail.events[0]?.sessionStart;
    assert.deepEqual([start?.logGroupIdentifiers, start?.logEventFilterPattern], [identifiers, ""]);
    assert.ok(start?.sessionId && start.requestId);
    await put("/tail/a", ["one", "two"]);
    await put("/tail/b", ["three"]);
    await until(() => tail.lines().length === 3);
    const [first] = tail.lines();
    assert.deepEqual(
      [first?.message, first?.logStreamName, first?.logGroupIdentifier],
      ["one", "s", "000000000000:/tail/a"],
    );
    assert.ok(Math.abs((first?.ingestionTime ?? 0) - Date.now()) < 60_000);
    // AWS: an update comes each second, with or without lines.
    const count = tail.events.length;
    await until(() => tail.events.length > count);
    assert.equal(tail.events.at(-1)?.sessionUpdate?.sessionMetadata?.sampled, false);
    tail.close();
    await tail.ended;
  });

  it("filters by pattern, by streams and by their prefixes", async () => {
    const only = { logGroupIdentifiers: [arnOf("/tail/a")] };
    const tails = await Promise.all([
      openTail(client, { ...only, logEventFilterPattern: "ERROR -health" }),
      openTail(client, { ...only, logStreamNames: ["other"] }),
      openTail(client, { ...only, logStreamNamePrefixes: ["oth", "x"] }),
    ]);
    await put("/tail/a", ["ERROR one", "fine", "ERROR health"]);
    await put("/tail/a", ["beside"], "other");
    const seen = (): unknown => tails.map((tail) => tail.lines().map(({ message }) => message));
    await until(() => tails.every((tail) => tail.lines().length > 0));
    assert.deepEqual(seen(), [["ERROR one"], ["beside"], ["beside"]]);
    for (const tail of tails) tail.close();
  });

  it("samples a flood down to AWS's 500 lines a second, and says so", async () => {
    const tail = await openTail(client, { logGroupIdentifiers: [arnOf("/tail/b")] });
    await until(() => tail.events.length > 0);
    await put(
      "/tail/b",
      Array.from({ length: 5_000 }, (_, index) => `line ${index}`),
    );
    await until(() => tail.lines().length > 0);
    const update = tail.events.find(({ sessionUpdate }) => (sessionUpdate?.sessionResults?.length ?? 0) > 0);
    assert.equal(update?.sessionUpdate?.sessionMetadata?.sampled, true);
    const count = update?.sessionUpdate?.sessionResults?.length ?? 0;
    assert.ok(count >= 250 && count <= 500, String(count));
    tail.close();
  });

  it("refuses what AWS refuses, and more than 15 sessions", async () => {
    const refused = async (input: StartLiveTailCommandInput, name: string): Promise<void> => {
      await assert.rejects(openTail(client, input), { name });
    };
    await refused({ logGroupIdentifiers: [arnOf("/none")] }, "ResourceNotFoundException");
    await refused({ logGroupIdentifiers: ["/tail/a"] }, "InvalidParameterException");
    await refused({ logGroupIdentifiers: [`${arnOf("/tail/a")}:*`] }, "InvalidParameterException");
    const both = { logStreamNames: ["s"], logStreamNamePrefixes: ["s"] };
    await refused({ logGroupIdentifiers: [arnOf("/tail/a")], ...both }, "InvalidParameterException");
    const two = [arnOf("/tail/a"), arnOf("/tail/b")];
    await refused({ logGroupIdentifiers: two, logStreamNames: ["s"] }, "InvalidParameterException");
    await refused({ logGroupIdentifiers: two, logEventFilterPattern: "{ $." }, "InvalidParameterException");
    const tails: Tail[] = [];
    const one = { logGroupIdentifiers: [arnOf("/tail/a")] };
    const fill = async (): Promise<void> => {
      for (let count = 0; count < 16; count++) tails.push(await openTail(client, one));
    };
    await assert.rejects(fill(), { name: "LimitExceededException" });
    for (const tail of tails) tail.close();
    // A session whose client has gone makes room.
    await until(async () => {
      try {
        (await openTail(client, one)).close();
        return true;
      } catch {
        return false;
      }
    });
  });

  it("is read by boto3, too", tool("python3", ["-c", "import boto3"], true), async () => {
    const program = `
import boto3, time
from botocore.config import Config
logs = boto3.client("logs", config=Config(inject_host_prefix=False))
stream = logs.start_live_tail(logGroupIdentifiers=["${arnOf("/tail/a")}"])["responseStream"]
for event in stream:
    if "sessionStart" in event:
        logs.put_log_events(logGroupName="/tail/a", logStreamName="s", logEvents=[{"timestamp": int(time.time() * 1000), "message": "hello from boto3"}])
    for line in event.get("sessionUpdate", {}).get("sessionResults", []):
        print(line["message"])
        raise SystemExit
`;
    const ran = await run("python3", ["-c", program], { env: clientEnvironment(portico.url) });
    assert.equal(ran.stdout, "hello from boto3\n", ran.stderr);
  });
});

describe("a server with open live tails", () => {
  it("stops all the same, and ends them; a session ends after three hours of its clock", async () => {
    const server = await startPortico({ args: ["--memory", "--threads", "1"] });
    const client = new CloudWatchLogsClient({
      endpoint: server.url,
      region: "us-east-1",
      credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
      disableHostPrefix: true,
    });
    await client.send(new CreateLogGroupCommand({ logGroupName: "/tail" }));
    const tail = await openTail(client, { logGroupIdentifiers: [arnOf("/tail")] });
    await fetch(`${server.url}/_portico/clock`, { method: "POST", body: JSON.stringify({ advanceMs: 10_800_000 }) });
    await tail.ended;
    const open = await openTail(client, { logGroupIdentifiers: [arnOf("/tail")] });
    await until(() => open.events.length > 0);
    assert.equal(await server.stop(), 0);
    await open.ended;
    client.destroy();
  });
});
