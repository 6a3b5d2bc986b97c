import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { settings } from "../../src/definition/settings.ts";
import { loadModel, type Shape } from "../../src/protocol/model.ts";

const root = join(import.meta.dirname, "../..");
const model = loadModel("apigateway");

/** Answers that are no resource and have no settings. */
const answers = new Set([
  "ApiKeyIds",
  "DocumentationPartIds",
  "ExportResponse",
  "SdkConfigurationProperty",
  "SdkResponse",
  "SdkType",
  "Tags",
  "Template",
  "TestInvokeAuthorizerResponse",
  "TestInvokeMethodResponse",
  "Usage",
]);

const shapeOf = (name: string): Shape => model.shapes[name]!;

/** A page of a list, such as `Stages`. */
const isPage = (name: string): boolean =>
  Object.keys(shapeOf(name).members ?? {}).some((member) => /^items?$/.test(member));

/** The structures below a shape, itself included. */
function structuresOf(name: string, found = new Set<string>()): Set<string> {
  const shape = shapeOf(name);
  if (found.has(name)) return found;
  if (shape.type === "structure") found.add(name);
  const below = JSON.stringify([
    shape.members,
    (shape as { member?: unknown }).member,
    (shape as { value?: unknown }).value,
  ]);
  for (const [, next] of below.matchAll(/"shape":"(\w+)"/g)) structuresOf(next!, found);
  return found;
}

/** The members that a table of settings has to have, by shape. */
function expected(): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const add = (name: string, members: readonly string[]): void => {
    if (members.length > 0 && !answers.has(name) && !isPage(name)) found.set(name, [...members].sort());
  };
  for (const [operation, { input, output }] of Object.entries(model.operations)) {
    for (const name of output ? structuresOf(output.shape) : []) add(name, Object.keys(shapeOf(name).members ?? {}));
    if (!/^(Create|Put|Update|Import|Generate)/.test(operation) || input === undefined) continue;
    for (const name of structuresOf(input.shape))
      if (name !== input.shape && name !== "PatchOperation") add(name, Object.keys(shapeOf(name).members ?? {}));
    const shown = output ? (shapeOf(output.shape).members ?? {}) : {};
    const own = Object.entries(shapeOf(input.shape).members ?? {}).filter(
      ([member, { location }]) => location !== "uri" && member !== "patchOperations" && !(member in shown),
    );
    add(
      input.shape,
      own.map(([member]) => member),
    );
  }
  return found;
}

test("every setting of the interface model says whether it is enforced, closed, or guards nothing, and there are no others", () => {
  const wanted = expected();
  assert.ok(wanted.size > 45, "the model's shapes are found");
  for (const [shape, members] of wanted)
    assert.deepEqual(
      Object.keys(settings[shape] ?? {}).sort(),
      members,
      `src/definition/settings.ts has other members of ${shape} than the interface model: say what becomes of each`,
    );
  assert.deepEqual(
    Object.keys(settings).filter((shape) => !wanted.has(shape)),
    [],
  );
});

const all = Object.entries(settings).flatMap(([shape, members]) =>
  Object.entries(members).map(([member, setting]) => ({ name: `${shape}.${member}`, setting })),
);

test("what is said to enforce a setting, or to give it its effect, is there", () => {
  for (const { name, setting } of all)
    if ("by" in setting) assert.ok(existsSync(join(root, setting.by)), `${name}: there is no ${setting.by}`);
});

test("what is said to close a method or stage does", () => {
  const compiler = globSync("src/compiler/*.ts", { cwd: root })
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  for (const { name, setting } of all)
    if (setting.kind === "closed")
      assert.ok(
        ["closed(", "return "].some((call) =>
          ['"', "`"].some((quote) => compiler.includes(call + quote + setting.reason)),
        ),
        `${name}: the compiler closes nothing for "${setting.reason}"`,
      );
});

test("what `portico status` is said to name as without effect, it names", () => {
  const sources = ["src/compiler/without-effect.ts", "src/server/operations-endpoints.ts"]
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  for (const { name, setting } of all)
    if (setting.kind === "without-effect" && setting.status !== undefined)
      assert.match(sources, new RegExp(`["\`][^"\`]*${setting.status}`), `${name} is named nowhere`);
});
