// The table of the second version's settings against the interface model.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Setting } from "../../src/definition/settings.ts";
import { v2Settings } from "../../src/definition/v2-settings.ts";
import { webSocketSettings } from "../../src/definition/websocket-settings.ts";
import { loadModel, type Shape } from "../../src/protocol/model.ts";

const root = join(import.meta.dirname, "../..");
const { operations, shapes } = loadModel("apigatewayv2");

const shapeOf = (name: string): Shape => shapes[name]!;
const membersOf = (name: string): readonly string[] => Object.keys(shapeOf(name).members ?? {});

/** The structures below a shape, itself included. */
function structuresOf(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  const { type, members = {}, member, value } = shapeOf(name);
  if (type === "structure") found.add(name);
  for (const { shape } of [...Object.values(members), ...[member, value].filter((each) => each !== undefined)]) {
    structuresOf(shape, found);
  }
  return found;
}

const inputs = new Set(Object.values(operations).flatMap(({ input }) => input?.shape ?? []));
const outputs = new Set(Object.values(operations).flatMap(({ output }) => output?.shape ?? []));

/** The members that the table has to have, by shape: those of resources and of their parts. */
function expected(): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const name of new Set([...inputs, ...outputs].flatMap((shape) => [...structuresOf(shape)]))) {
    // The form of an input or output is that of its resource; what an input has besides it is found below.
    const members = inputs.has(name) || outputs.has(name) ? [] : membersOf(name);
    if (members.length > 0) found.set(name, [...members].sort());
  }
  for (const [operation, { input, output }] of Object.entries(operations)) {
    if (!/^(Create|Put|Update|Import|Reimport)/.test(operation) || input === undefined) continue;
    const shown = output ? membersOf(output.shape) : [];
    const own = membersOf(input.shape).filter(
      (member) => shapeOf(input.shape).members![member]!.location !== "uri" && !shown.includes(member),
    );
    if (own.length > 0) found.set(input.shape, own.sort());
  }
  return found;
}

const isSetting = (row: (typeof v2Settings)[string]): row is Setting => typeof row["kind"] === "string";

test("every setting of the second version's model says what becomes of it, and there are no others", () => {
  const wanted = expected();
  assert.ok(wanted.size > 50, "the model's shapes are found");
  for (const [shape, members] of wanted) {
    const row = v2Settings[shape];
    assert.ok(row, `src/definition/v2-settings.ts lacks ${shape}: ${members.join(", ")}`);
    if (isSetting(row)) continue;
    assert.deepEqual(Object.keys(row).sort(), members, `src/definition/v2-settings.ts: ${shape}`);
  }
  const unknown = Object.keys(v2Settings).filter((shape) => !wanted.has(shape));
  assert.deepEqual(unknown, [], "the model lacks these");
});

const all = Object.entries(v2Settings).flatMap(([shape, row]) =>
  isSetting(row)
    ? [{ name: shape, setting: row }]
    : Object.entries(row).map(([member, setting]) => ({ name: `${shape}.${member}`, setting })),
);

test("every setting of what WebSocket APIs have says what becomes of it, and there are no others", () => {
  const wanted = expected();
  for (const [shape, row] of Object.entries(webSocketSettings)) {
    assert.deepEqual(Object.keys(row).sort(), wanted.get(shape), `src/definition/websocket-settings.ts: ${shape}`);
  }
  // A row of the other table that refers to this one is no row.
  const lacking = Object.entries(v2Settings).flatMap(([shape, row]) =>
    JSON.stringify(row).includes("HTTP APIs don't have it") && !Object.hasOwn(webSocketSettings, shape) ? [shape] : [],
  );
  assert.deepEqual(lacking, []);
});

const allOfWebSockets = Object.entries(webSocketSettings).flatMap(([shape, row]) =>
  Object.entries(row).map(([member, setting]) => ({ name: `${shape}.${member} of WebSocket APIs`, setting })),
);

test("a shape whose settings are all alike is one that is not served", () => {
  for (const [shape, row] of Object.entries(v2Settings)) {
    if (isSetting(row)) assert.equal(row.kind, "not-served", shape);
  }
});

test("what is said to enforce a setting of the second version, or to give it its effect, is there", () => {
  for (const { name, setting } of [...all, ...allOfWebSockets]) {
    if ("by" in setting) assert.ok(existsSync(join(root, setting.by)), `${name}: there is no ${setting.by}`);
  }
});

test("what is said to close a route does", () => {
  for (const [folder, settings] of [
    ["http-api", all],
    ["websocket", allOfWebSockets],
  ] as const) {
    const compiler = globSync(`src/compiler/${folder}/*.ts`, { cwd: root })
      .map((file) => readFileSync(join(root, file), "utf8"))
      .join("\n");
    for (const { name, setting } of settings) {
      if (setting.kind !== "closed") continue;
      const closes = ['"', "`"].some((quote) => compiler.includes(`closed(${quote}${setting.reason}`));
      assert.ok(closes, `${name}: the compiler closes nothing for "${setting.reason}"`);
    }
  }
});

test("what `portico status` is said to name as without effect of an HTTP API, it names", () => {
  const source = readFileSync(join(root, "src/compiler/http-api/http-settings-without-effect.ts"), "utf8");
  for (const { name, setting } of all) {
    if (setting.kind !== "without-effect" || setting.status === undefined) continue;
    assert.ok(source.includes(setting.status), `${name} is named nowhere`);
  }
});
