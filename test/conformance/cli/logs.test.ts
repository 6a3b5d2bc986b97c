// `aws logs`: what an operator types.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, it } from "node:test";
import { clientEnvironment, run, tool } from "../../tool.ts";
import { until } from "../../until.ts";
import { startForSuite } from "../sdk/sdk-client.ts";

const aws = tool("aws", ["--version"], true);

describe("aws logs", aws, () => {
  const portico = startForSuite();
  /** The URL as a flag, since not every version of the CLI heeds the variable. */
  const call = (...args: string[]) => ["--endpoint-url", portico.url, "logs", ...args];
  const cli = async (...args: string[]): Promise<Record<string, never>> => {
    const ran = await run("aws", call(...args, "--output", "json"), { env: clientEnvironment(portico.url) });
    assert.equal(ran.status, 0, `aws logs ${args.join(" ")}\n${ran.stderr}`);
    return ran.stdout.trim() ? JSON.parse(ran.stdout) : {};
  };
  const group = ["--log-group-name", "/pets"];
  const stream = [...group, "--log-stream-name", "s"];
  const put = (message: string) =>
    cli("put-log-events", ...stream, "--log-events", JSON.stringify([{ timestamp: Date.now(), message }]));

  it("makes a group, puts events into it, finds them, page by page, and deletes it", async () => {
    await cli("create-log-group", ...group, "--tags", "team=pets");
    await cli("create-log-stream", ...stream);
    for (const message of ["one", "ERROR two", "three"]) await put(message);
    const { events } = await cli("get-log-events", ...stream, "--start-from-head");
    assert.deepEqual(
      (events as unknown as { message: string }[]).map(({ message }) => message),
      ["one", "ERROR two", "three"],
    );
    const all = await cli("filter-log-events", ...group, "--page-size", "1", "--query", "events[].message");
    assert.deepEqual(all, ["one", "ERROR two", "three"]);
    const errors = await cli("filter-log-events", ...group, "--filter-pattern", "ERROR", "--query", "events[].message");
    assert.deepEqual(errors, ["ERROR two"]);
    const described = await cli("describe-log-groups", "--query", "logGroups[].[logGroupName,metricFilterCount]");
    assert.deepEqual(described, [["/pets", 0]]);
    await cli("delete-log-group", ...group);
    const refused = await run("aws", call("delete-log-group", ...group), { env: clientEnvironment(portico.url) });
    assert.match(refused.stderr, /\(ResourceNotFoundException\) .* The specified log group does not exist\./);
  });

  it("tail --follow prints what comes", async (t) => {
    const help = await run("aws", ["logs", "tail", "help"]);
    if (help.status !== 0) return t.skip("this aws is a version 1, which has no `logs tail`");
    await cli("create-log-group", ...group);
    await cli("create-log-stream", ...stream);
    await put("before");
    const tail = spawn("aws", call("tail", "/pets", "--follow"), {
      env: { ...process.env, ...clientEnvironment(portico.url) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    tail.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    try {
      await until(() => / s before\n/.test(printed), { ms: 60_000 });
      await put("after");
      await until(() => / s after\n/.test(printed), { ms: 60_000 });
    } finally {
      tail.kill();
    }
  });
});
