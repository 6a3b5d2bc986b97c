// The documents of test/cases/openapi, broken at random: an import takes them or refuses them, in AWS's words; what it
// takes can be exported, and the export be imported.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseDocument } from "yaml";
import type { RestApiDefinition } from "../../src/definition/rest-api.ts";
import { ExportRefusal, exportRestApi } from "../../src/openapi/export-rest-api.ts";
import { type ImportOptions, type ImportResult, importRestApi } from "../../src/openapi/import-rest-api.ts";
import { aNewRestApi, aStage, countingIds } from "../cases/openapi/builders.ts";
import { countCpuMs } from "../cpu-time.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random } from "./from-models.ts";

const cases = join(import.meta.dirname, "..", "cases", "openapi");
const documents = readdirSync(cases)
  .filter((name) => name.endsWith(".txt") && !name.startsWith("export-"))
  .flatMap((name) => {
    const text = readFileSync(join(cases, name), "utf8").replace(/^#! .*\n/, "");
    const document = parseDocument(text.split(/\n(?:----------|==========)\n/)[0] ?? "", { merge: true });
    return document.errors.length + document.warnings.length > 0 || name.includes("alias")
      ? []
      : [JSON.stringify(document.toJS())];
  });

const strange: readonly unknown[] = [
  null,
  true,
  0,
  -1.5,
  1e300,
  "",
  "x",
  "/",
  "{a+}",
  "application/json",
  "${stageVariables.x}",
  "method.request.header.X",
  "\u0000\ud800",
  "constructor",
  [],
  [null],
  [[]],
  {},
  { $ref: "#" },
  { $ref: "#/paths" },
  { $ref: "#/components/schemas/Pet" },
  { $ref: "https://example.com/" },
  { type: "object" },
  { toString: 1, hasOwnProperty: null },
];

const refusal = /^(Invalid OpenAPI input\.$|Errors found during import:\n\t|Unable to parse API definition because )/;

test(`fuzz: OpenAPI documents (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs);
  const seen = { imported: 0, refused: 0 };
  let previous: RestApiDefinition = aNewRestApi();
  while (isTimeLeft()) {
    const text = brokenDocument();
    const cpuMs = countCpuMs();
    const mode = oneOf(["create", "merge", "overwrite"] as const);
    const result = importText(text, mode === "create" ? aNewRestApi() : previous, { mode });
    assert.ok(cpuMs() < 10_000, text);
    seen[result.kind]++;
    if (result.kind === "refused") {
      assert.match(result.message, refusal, text);
      continue;
    }
    previous = result.definition;
    assertExports(result.definition, text);
  }
  // Proof that not everything was refused, nor everything taken.
  assert.ok(seen.imported > 10 && seen.refused > 10, JSON.stringify(seen));
});

function assertExports(definition: RestApiDefinition, text: string): void {
  const exportType = oneOf(["swagger", "oas30"] as const);
  let document: string;
  try {
    document = exportRestApi(definition, {
      exportType,
      extensions: ["integrations", "authorizers"],
      format: random() < 0.05 ? "yaml" : "json",
      host: "localhost:4566",
      region: "us-east-1",
      stage: aStage(),
      deployedAt: 1_500_000_000,
    });
  } catch (error) {
    assert.ok(error instanceof ExportRefusal, `${error instanceof Error ? error.stack : error}\n${text}`);
    return;
  }
  const again = importText(document, aNewRestApi(), { mode: "create" });
  assert.equal(again.kind, "imported", `${again.kind === "refused" && again.message}\n${document}\n${text}`);
}

function importText(text: string, base: RestApiDefinition, options: Partial<ImportOptions>): ImportResult {
  try {
    return importRestApi(Buffer.from(text), base, {
      mode: "create",
      basepath: oneOf(["ignore", "prepend", "split"] as const),
      ids: countingIds(),
      account: "123456789012",
      region: "us-east-1",
      profile: oneOf(["aws", "relaxed"] as const),
      ...options,
    });
  } catch (error) {
    assert.fail(`${error instanceof Error ? error.stack : error}\n${text}`);
  }
}

/** A document with a few values replaced, removed, renamed or moved; now and then with bytes of its text changed. */
function brokenDocument(): string {
  const document: unknown = JSON.parse(oneOf(documents));
  for (let count = Math.floor(random() * 4); count > 0; count--) breakSomething(document);
  const text = JSON.stringify(document);
  if (random() > 0.05) return text;
  const at = Math.floor(random() * text.length);
  return (
    text.slice(0, at) + oneOf(["{", "}", '"', ",", ":", "[", "\n", "#", "&a ", "*a", "\u0000"]) + text.slice(at + 1)
  );
}

function breakSomething(document: unknown): void {
  const holders: (Record<string, unknown> | unknown[])[] = [];
  collect(document, holders);
  const holder = oneOf(holders);
  if (Array.isArray(holder)) {
    if (random() < 0.3) holder.push(structuredClone(oneOf(strange)));
    else holder[Math.floor(random() * (holder.length + 1))] = structuredClone(oneOf(strange));
    return;
  }
  const name = oneOf(Object.keys(holder));
  if (name === undefined) return;
  const kind = random();
  if (kind < 0.5) holder[name] = structuredClone(oneOf(strange));
  else if (kind < 0.7) delete holder[name];
  else if (kind < 0.85)
    holder[oneOf(["", "get", "200", "default", "$ref", "x", "/{p}", "schema"])] = structuredClone(holder[name]);
  else holder[name] = structuredClone(oneOf(holders));
}

function collect(value: unknown, holders: (Record<string, unknown> | unknown[])[]): void {
  if (typeof value !== "object" || value === null) return;
  holders.push(value as Record<string, unknown>);
  for (const child of Object.values(value)) collect(child, holders);
}
