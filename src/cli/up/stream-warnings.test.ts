import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readApiDocument } from "./api-document.ts";
import { findFunctions } from "./find-functions.ts";
import { findStreamWarnings } from "./stream-warnings.ts";

const uriOf = (name: string, isStreamed: boolean): string =>
  `arn:aws:apigateway:us-east-1:lambda:path/${isStreamed ? "2021-11-15" : "2015-03-31"}/functions/` +
  `arn:aws:lambda:us-east-1:000000000000:function:${name}/${isStreamed ? "response-streaming-" : ""}invocations`;

const streaming = "export const handler = awslambda.streamifyResponse(async (event, stream) => stream.end());";
const functions: Readonly<Record<string, string>> = {
  "streaming.mjs": streaming,
  "buffered.mjs": "export const handler = async () => ({ statusCode: 200 });",
  "framework.mjs": 'import { streamHandle } from "hono/aws-lambda"; export const handler = streamHandle();',
  "report.py": "def handler(event, context): return {}  # no stream",
  "_shared.mjs": streaming,
};

const cases: readonly [name: string, isStreamed: boolean, message: RegExp | undefined][] = [
  ["streaming", true, undefined],
  ["framework", true, undefined],
  ["buffered", false, undefined],
  ["framework", false, undefined],
  ["report", false, undefined],
  ["nobody", true, undefined],
  ["streaming", false, /^streaming streams \(awslambda\.streamifyResponse\), which needs responseTransferMode: STREAM/],
  ["report", true, /^report is streamed from, and Python functions don't stream\. GET \/x will answer 502/],
];

for (const [name, isStreamed, message] of cases) {
  test(`${name} behind ${isStreamed ? "a streaming" : "a buffered"} integration is ${message ? "warned of" : "well"}`, () =>
    check(name, isStreamed, message));
}

test("a function in which nothing streams is warned of", () =>
  check("plain", true, /^plain is streamed from, and nothing in it streams/, {
    "plain/index.mjs": functions["buffered.mjs"]!,
  }));

async function check(
  name: string,
  isStreamed: boolean,
  message: RegExp | undefined,
  files: Readonly<Record<string, string>> = functions,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "portico-streams-"));
  try {
    const integration = { type: "aws_proxy", httpMethod: "POST", uri: uriOf(name, isStreamed) };
    const paths = { "/x": { get: { responses: {}, "x-amazon-apigateway-integration": integration } } };
    const file = join(folder, "openapi.json");
    writeFileSync(file, JSON.stringify({ openapi: "3.0.1", info: { title: "x", version: "1" }, paths }));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(folder, "functions", path, ".."), { recursive: true });
      writeFileSync(join(folder, "functions", path), text);
    }
    const found = findFunctions(folder, {});
    const problems = await findStreamWarnings(await readApiDocument(file, {}), found.functions);
    assert.equal(problems.length, message === undefined ? 0 : 1, JSON.stringify(problems));
    if (message !== undefined) {
      assert.match(problems[0]!.message, message);
      assert.equal(problems[0]!.severity, "warning");
      assert.equal(problems[0]!.place?.file, file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
