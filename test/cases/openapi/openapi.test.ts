// Each .txt here: options in a first line `#! name=value …`, a document (or several, `==========` between them, imported
// one after the other), a line `----------`, and what comes of it: the definition as YAML, or the refusal.
// `UPDATE=1 npm test -- test/cases/openapi` writes what comes; review the diff.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import type { IdSource } from "../../../src/base/ids.ts";
import type { RestApiDefinition } from "../../../src/definition/rest-api.ts";
import { exportRestApi } from "../../../src/openapi/export-rest-api.ts";
import { type ImportOptions, importRestApi } from "../../../src/openapi/import-rest-api.ts";
import { isUpdating } from "../updating.ts";
import { aNewRestApi, aStage, countingIds } from "./builders.ts";

const separator = "\n----------\n";

interface CaseOptions {
  readonly mode: ImportOptions["mode"];
  readonly basepath: ImportOptions["basepath"];
  readonly profile: "aws" | "relaxed";
  readonly endpoint: "EDGE" | "REGIONAL" | "PRIVATE";
  readonly documentation: "ignore" | "import";
  /** `swagger` or `oas30`: print the export of what was imported. */
  readonly export?: "swagger" | "oas30";
  readonly extensions: string;
}

const defaults: CaseOptions = {
  mode: "overwrite",
  basepath: "ignore",
  profile: "aws",
  endpoint: "EDGE",
  documentation: "import",
  extensions: "",
};

for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith(".txt"))) {
  test(`openapi: ${file.replace(/\.txt$/, "").replaceAll("-", " ")}`, () => {
    const path = join(import.meta.dirname, file);
    const text = readFileSync(path, "utf8");
    const end = text.indexOf(separator);
    const input = end === -1 ? text : text.slice(0, end);
    const actual = runCase(input);
    if (isUpdating) writeFileSync(path, `${input}${separator}${actual}`);
    else assert.equal(actual, end === -1 ? undefined : text.slice(end + separator.length));
  });
}

function runCase(input: string): string {
  const { options, text } = readOptions(input);
  const ids = countingIds();
  let definition: RestApiDefinition = aNewRestApi({ endpointConfiguration: { types: [options.endpoint] } });
  let warnings: readonly string[] = [];
  for (const [index, document] of text.split("\n==========\n").entries()) {
    const result = importRestApi(Buffer.from(document), definition, importOptions(options, ids, index === 0));
    if (result.kind === "refused")
      return `${result.message}\n${result.reason === undefined ? "" : `(${result.reason})\n`}`;
    ({ definition, warnings } = result);
  }
  const outcome = options.export === undefined ? summary(definition) : exported(definition, options);
  return warnings.length === 0 ? outcome : `${outcome}--- warnings\n${warnings.map((line) => `${line}\n`).join("")}`;
}

function importOptions(options: CaseOptions, ids: IdSource, isFirst: boolean): ImportOptions {
  return {
    mode: isFirst ? "create" : options.mode,
    basepath: options.basepath,
    ids,
    account: "123456789012",
    region: "us-east-1",
    profile: options.profile,
    ignoreDocumentation: options.documentation === "ignore",
  };
}

function readOptions(input: string): { options: CaseOptions; text: string } {
  const line = /^#! (.*)\n/.exec(input);
  const given = (line?.[1] ?? "").split(" ").map((option) => option.split("="));
  return { options: { ...defaults, ...Object.fromEntries(given) }, text: input.slice(line?.[0].length ?? 0) };
}

/** The definition without what every one of the cases has. */
function summary(definition: RestApiDefinition): string {
  const { id, createdDate, rootResourceId, ...restApi } = definition.restApi;
  const parts = { ...definition, restApi };
  return stringify(
    Object.fromEntries(Object.entries(parts).filter(([, value]) => !Array.isArray(value) || value.length > 0)),
    {
      lineWidth: 0,
      aliasDuplicateObjects: false,
    },
  );
}

function exported(definition: RestApiDefinition, options: CaseOptions): string {
  return exportRestApi(definition, {
    exportType: options.export!,
    extensions: options.extensions.split(",").filter((extension) => extension !== ""),
    format: "yaml",
    host: "api1234567.execute-api.us-east-1.amazonaws.com",
    region: "us-east-1",
    stage: aStage({ stageName: "prod" }),
    deployedAt: 1_500_000_000,
    documentation: {
      version: { version: "1.0.3", createdDate: 1_500_000_000 },
      parts: definition.documentationParts ?? [],
    },
  });
}
