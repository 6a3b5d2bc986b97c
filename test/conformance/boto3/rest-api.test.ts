import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startPortico } from "../../portico.ts";
import { clientEnvironment, run, tool } from "../../tool.ts";

test(
  "boto3: the life of a REST API with a Lambda function",
  tool("python3", ["-c", "import boto3"], true),
  async () => {
    const portico = await startPortico();
    try {
      const script = join(import.meta.dirname, "rest_api.py");
      const ran = await run("python3", [script, portico.url], { env: clientEnvironment(portico.url) });
      assert.equal(ran.status, 0, ran.stderr);
      assert.equal(ran.stdout.trim(), "ok");
    } finally {
      await portico.stop();
    }
  },
);
