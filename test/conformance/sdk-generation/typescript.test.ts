import assert from "node:assert/strict";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { run } from "../../tool.ts";
import { assertExercise, serveCalculator } from "./generated-sdk.ts";

const suite = serveCalculator();
const root = join(import.meta.dirname, "..", "..", "..");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

/** Compiles with the settings of the SDK's own tsconfig.json; answers the compiler's complaints. */
async function complaints(folder: string, args: readonly string[]): Promise<string> {
  const ran = await run(process.execPath, [tsc, ...args], { cwd: folder });
  return ran.stdout + ran.stderr;
}

test("the TypeScript SDK compiles, and calls its API with types, plainly and signed", async () => {
  const parameters = { "service.name": "SimpleCalc", "typescript.package-version": "2.1.0" };
  const folder = await suite.unpack("typescript", parameters);
  assert.equal(await complaints(folder, ["-p", "."]), "");
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  assert.deepEqual([name, version], ["simple-calc-client", "2.1.0"]);

  // The user's program beside it: its types must be right, and it runs from source.
  cpSync(folder, join(dirname(folder), "generated"), { recursive: true });
  const program = join(dirname(folder), "exercise.mts");
  copyFileSync(join(import.meta.dirname, "exercise.mts"), program);
  const types = ["--types", "node", "--typeRoots", join(root, "node_modules", "@types")];
  const strict = ["--strict", "--noEmit", "--target", "esnext", "--module", "nodenext", "--allowImportingTsExtensions"];
  assert.equal(await complaints(dirname(folder), [...strict, ...types, program]), "");
  await assertExercise(suite, process.execPath, [program]);
});

test("the JavaScript SDK's types are right, and refuse what is wrong", async () => {
  const folder = await suite.unpack("javascript");
  const check = mkdtempSync(join(tmpdir(), "portico-sdk-types-"));
  try {
    writeFileSync(
      join(check, "use.cts"),
      `import factory = require(${JSON.stringify(`${folder}/apigClient.js`)});
const client = factory.newClient({ accessKey: "a", secretKey: "b", apiKey: "k", timeout: 5 });
export async function use(): Promise<unknown[]> {
  const { data } = await client.petsPetIdGet({ petId: 1 });
  const answer = await client.rootPost(null, { a: 1, op: "+" }, { headers: { x: "1" } });
  const pet: factory.models.Pet = { name: "a", kind: "cat" };
  await client.listPets().catch((error) => error instanceof factory.ApiGatewayError && error.status);
  // @ts-expect-error: no such member
  data.nme;
  // @ts-expect-error: a number
  client.rootPost(null, { a: "1" });
  // @ts-expect-error: none of the values
  pet.kind = "cow";
  // @ts-expect-error: a required parameter
  client.petsPetIdGet({});
  return [data.name.length, data.friends?.[0]?.owner?.name, answer.data.output?.c, pet];
}
`,
    );
    const compile = ["--strict", "--noEmit", "--target", "es2020", "--module", "node16", "--types", "", "use.cts"];
    assert.equal(await complaints(check, compile), "");
  } finally {
    rmSync(check, { recursive: true, force: true });
  }
});
