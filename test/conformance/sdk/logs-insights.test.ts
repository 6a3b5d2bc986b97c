// Logs Insights by AWS's SDK and its CLI: queries over stored lines, their states, and their refusals.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeQueriesCommand,
  GetQueryResultsCommand,
  type GetQueryResultsCommandOutput,
  MalformedQueryException,
  PutLogEventsCommand,
  StartQueryCommand,
  type StartQueryCommandInput,
  StopQueryCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { clientEnvironment, run, tool } from "../../tool.ts";
import { until } from "../../until.ts";
import { startForSuite } from "./sdk-client.ts";

describe("Logs Insights", () => {
  const portico = startForSuite();
  const logs = portico.client(CloudWatchLogsClient);
  const startMs = Date.now() - 600_000;
  const count = 9_000;

  before(async () => {
    for (const logGroupName of ["/q/a", "/q/b"]) {
      await logs.send(new CreateLogGroupCommand({ logGroupName }));
      await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "s" }));
    }
    const logEvents = Array.from({ length: count }, (_, index) => ({
      timestamp: startMs + index * 10,
      message: JSON.stringify({ status: index % 10 === 0 ? 500 : 200, latency: index % 100, index }),
    }));
    await logs.send(new PutLogEventsCommand({ logGroupName: "/q/a", logStreamName: "s", logEvents }));
    await logs.send(
      new PutLogEventsCommand({
        logGroupName: "/q/b",
        logStreamName: "s",
        logEvents: [{ timestamp: startMs, message: "from the other group" }],
      }),
    );
  });

  const range = { startTime: Math.floor(startMs / 1_000), endTime: Math.ceil(Date.now() / 1_000) };
  async function query(
    queryString: string,
    more: Partial<StartQueryCommandInput> = { logGroupName: "/q/a" },
  ): Promise<GetQueryResultsCommandOutput> {
    const { queryId } = await logs.send(new StartQueryCommand({ ...range, queryString, ...more }));
    let found: GetQueryResultsCommandOutput | undefined;
    await until(async () => {
      found = await logs.send(new GetQueryResultsCommand({ queryId }));
      return found.status !== "Running" && found.status !== "Scheduled";
    });
    return found!;
  }
  const rowsOf = ({ results = [] }: GetQueryResultsCommandOutput) =>
    results.map((row) => Object.fromEntries(row.map(({ field, value }) => [field, value])));

  it("counts, groups and sorts", async () => {
    const answer = await query("stats count(*) as n, avg(latency) as mean by status | sort status");
    assert.equal(answer.status, "Complete");
    assert.deepEqual(rowsOf(answer), [
      { status: "200", n: "8100", mean: "50" },
      { status: "500", n: "900", mean: "45" },
    ]);
    const { recordsScanned, recordsMatched, bytesScanned = 0, logGroupsScanned } = answer.statistics ?? {};
    assert.deepEqual([recordsScanned, recordsMatched, logGroupsScanned], [count, count, 1]);
    assert.ok(bytesScanned > count * 40);
  });

  it("answers the newest lines first, from several groups, within the range and the limit", async () => {
    const newest = rowsOf(await query("fields index | limit 2"));
    assert.deepEqual(
      newest.map(({ index }) => index),
      [String(count - 1), String(count - 2)],
    );
    assert.ok(newest[0]?.["@ptr"]);
    const groups = { logGroupNames: ["/q/a", "/q/b"] };
    const [other] = rowsOf(await query("fields @log, @message | filter @message like /other/", groups));
    assert.equal(other?.["@log"], "000000000000:/q/b");
    const arn = "arn:aws:logs:us-east-1:000000000000:log-group:/q/a";
    const early = { logGroupIdentifiers: [arn], endTime: range.startTime, limit: 10_000 };
    assert.ok(rowsOf(await query("fields index", early)).length <= 100);
    assert.equal(rowsOf(await query("fields index", { logGroupName: "/q/a", limit: 7 })).length, 7);
  });

  it("answers long results in pages", async () => {
    const wide = Array.from({ length: 12 }, (_, index) => `concat(@message, ${index}) as x${index}`).join();
    const { queryId } = await logs.send(
      new StartQueryCommand({ ...range, logGroupName: "/q/a", queryString: `fields index, ${wide}` }),
    );
    await until(
      async () => (await logs.send(new GetQueryResultsCommand({ queryId, maxItems: 1 }))).status === "Complete",
    );
    const found: (string | undefined)[] = [];
    let pages = 0;
    let nextToken: string | undefined;
    do {
      const page: GetQueryResultsCommandOutput = await logs.send(new GetQueryResultsCommand({ queryId, nextToken }));
      found.push(...rowsOf(page).map(({ index }) => index));
      nextToken = page.nextToken;
      pages++;
    } while (nextToken !== undefined);
    assert.deepEqual(
      found,
      Array.from({ length: count }, (_, index) => String(count - 1 - index)),
    );
    assert.ok(pages > 1 && pages < 10, `${pages} pages`);
  });

  it("lists queries, and stops one", async () => {
    const { queries = [] } = await logs.send(new DescribeQueriesCommand({ logGroupName: "/q/a", maxResults: 1 }));
    assert.equal(queries.length, 1);
    assert.equal(queries[0]?.status, "Complete");
    const queryId = queries[0]?.queryId;
    await assert.rejects(logs.send(new StopQueryCommand({ queryId })), { name: "InvalidParameterException" });
    // Slow enough that it does not end before it is stopped.
    const slow = Array.from({ length: 40 }, (_, index) => `@message like /(?i)(a|aa|${index})+b/`).join(" or ");
    const started = await logs.send(
      new StartQueryCommand({ ...range, logGroupName: "/q/a", queryString: `filter ${slow}` }),
    );
    const of = { queryId: started.queryId };
    assert.equal((await logs.send(new StopQueryCommand(of))).success, true);
    assert.equal((await logs.send(new GetQueryResultsCommand(of))).status, "Cancelled");
  });

  it("refuses what is no query, with its place, and what AWS refuses", async () => {
    await assert.rejects(query("fields @message | filter = 3"), (error: unknown) => {
      assert.ok(error instanceof MalformedQueryException);
      assert.deepEqual(error.queryCompileError?.location, { startCharOffset: 25, endCharOffset: 26 });
      assert.match(error.message, /unexpected symbol found = at line 1 and position 26/);
      return true;
    });
    const refused = (name: string, more: Partial<StartQueryCommandInput>) =>
      assert.rejects(query("fields @message", more), { name });
    await refused("ResourceNotFoundException", { logGroupName: "/none" });
    await refused("InvalidParameterException", {});
    await refused("InvalidParameterException", { logGroupName: "/q/a", logGroupNames: ["/q/b"] });
    await refused("InvalidParameterException", { logGroupName: "/q/a", startTime: 10, endTime: 9 });
    const queryId = "8a0c3b5e-0000-4000-8000-000000000000";
    await assert.rejects(logs.send(new GetQueryResultsCommand({ queryId })), { name: "ResourceNotFoundException" });
  });

  it("does not keep lines from being stored while queries run", async () => {
    const slow = Array.from({ length: 40 }, (_, index) => `@message like /(?i)(a|aa|${index})+b/`).join(" or ");
    const ids = await Promise.all(
      [1, 2, 3].map(() =>
        logs.send(new StartQueryCommand({ ...range, logGroupName: "/q/a", queryString: `filter ${slow}` })),
      ),
    );
    await logs.send(
      new PutLogEventsCommand({
        logGroupName: "/q/b",
        logStreamName: "s",
        logEvents: [{ timestamp: Date.now(), message: "in between" }],
      }),
    );
    const states = await Promise.all(ids.map(({ queryId }) => logs.send(new GetQueryResultsCommand({ queryId }))));
    // The lines are stored before the queries have ended.
    assert.ok(states.some(({ status }) => status === "Running" || status === "Scheduled"));
    for (const { queryId } of ids) await logs.send(new StopQueryCommand({ queryId })).catch(() => undefined);
  });

  it("runs from the command line", tool("aws", ["--version"], true), async () => {
    const cli = async (...args: string[]): Promise<Record<string, unknown>> => {
      const call = ["--endpoint-url", portico.url, "logs", ...args, "--output", "json"];
      const ran = await run("aws", call, { env: clientEnvironment(portico.url) });
      assert.equal(ran.status, 0, ran.stderr);
      return JSON.parse(ran.stdout) as Record<string, unknown>;
    };
    const { queryId } = await cli(
      ...[
        "start-query",
        "--log-group-name",
        "/q/a",
        "--query-string",
        "filter status >= 500 | stats count(*) as errors",
      ],
      ...["--start-time", String(range.startTime), "--end-time", String(range.endTime)],
    );
    await until(async () => (await cli("get-query-results", "--query-id", String(queryId)))["status"] === "Complete");
    const { results } = await cli("get-query-results", "--query-id", String(queryId));
    assert.deepEqual(results, [[{ field: "errors", value: "900" }]]);
  });
});
