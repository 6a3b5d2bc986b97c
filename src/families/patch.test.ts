import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError, notFound } from "../protocol/errors.ts";
import {
  applyPatch,
  decimal,
  entry,
  entryList,
  flag,
  listPaths,
  member,
  memberInPath,
  memberInValue,
  nameMistake,
  nullableText,
  oneOf,
  type PatchOperation,
  type PatchTable,
  text,
  wholeNumber,
} from "./patch.ts";

const table: PatchTable = {
  refuse: listPaths,
  rules: {
    "/name": member("name", text),
    "/description": member("description", text, { clears: true }),
    "/enabled": member("enabled", flag),
    "/mode": member("mode", oneOf("A", "B")),
    "/size": member("size", wholeNumber(0, 10), { clears: true }),
    "/rate": member("deep.rate", decimal(0, 100)),
    "/variables/{name}": entry("variables", text),
    "/headers/{name}": entry("headers", flag, () => notFound("Invalid parameter name specified")),
    "/templates/{mediaType}": entry("templates", nullableText),
    "/types/{type}": memberInPath("types", ["add", "replace", "remove"]),
    "/scopes": memberInValue("scopes", ["add", "replace", "remove"]),
    "/sources": entryList("sources"),
  },
};

const patch = (item: object, ...operations: readonly PatchOperation[]): unknown => applyPatch(item, operations, table);

describe("a patch", () => {
  const cases: readonly [string, object, readonly PatchOperation[], object][] = [
    ["replaces a member", { name: "a" }, [{ op: "replace", path: "/name", value: "b" }], { name: "b" }],
    ["takes a path without its slash", {}, [{ op: "replace", path: "name", value: "b" }], { name: "b" }],
    ["clears with an empty value", { description: "x" }, [{ op: "replace", path: "/description", value: "" }], {}],
    ["clears a number", { size: 3 }, [{ op: "replace", path: "/size" }], {}],
    ["keeps 0", {}, [{ op: "replace", path: "/size", value: "0" }], { size: 0 }],
    ["reads True", {}, [{ op: "replace", path: "/enabled", value: "True" }], { enabled: true }],
    ["makes what holds a member", {}, [{ op: "replace", path: "/rate", value: "2.5" }], { deep: { rate: 2.5 } }],
    ["adds to a map", {}, [{ op: "add", path: "/variables/a", value: "1" }], { variables: { a: "1" } }],
    [
      "replaces what a map does not have",
      {},
      [{ op: "replace", path: "/variables/a", value: "1" }],
      { variables: { a: "1" } },
    ],
    ["takes an emptied map away", { variables: { a: "1" } }, [{ op: "remove", path: "/variables/a" }], {}],
    [
      "unescapes a key, tilde last",
      {},
      [{ op: "add", path: "/templates/a~1b~01", value: "x" }],
      { templates: { "a/b~1": "x" } },
    ],
    ["stores nothing as null", {}, [{ op: "add", path: "/templates/a~1b" }], { templates: { "a/b": null } }],
    ["adds a member by its path", { types: ["a/b"] }, [{ op: "add", path: "/types/c~1d" }], { types: ["a/b", "c/d"] }],
    ["adds a member once", { types: ["a/b"] }, [{ op: "add", path: "/types/a~1b" }], { types: ["a/b"] }],
    [
      // Recorded.
      "replaces a member by one at the end",
      { types: ["a", "b"] },
      [{ op: "replace", path: "/types/a", value: "c/d" }],
      { types: ["b", "c/d"] },
    ],
    ["removes the last member and the list", { types: ["a"] }, [{ op: "remove", path: "/types/a" }], {}],
    ["adds by value", { scopes: ["a"] }, [{ op: "add", path: "/scopes", value: "b" }], { scopes: ["a", "b"] }],
    ["removes by value", { scopes: ["a", "b"] }, [{ op: "remove", path: "/scopes", value: "a" }], { scopes: ["b"] }],
    ["adds to a list of text", { sources: "a,b" }, [{ op: "add", path: "/sources", value: "c" }], { sources: "a,b,c" }],
    [
      "removes from a list of text",
      { sources: "a, b" },
      [{ op: "remove", path: "/sources", value: "b" }],
      { sources: "a" },
    ],
    ["empties a list of text", { sources: "a,b" }, [{ op: "remove", path: "/sources" }], {}],
    [
      "applies operations in order",
      {},
      [
        { op: "add", path: "/variables/a", value: "1" },
        { op: "replace", path: "/variables/a", value: "2" },
      ],
      { variables: { a: "2" } },
    ],
    ["of no operations changes nothing", { name: "a" }, [], { name: "a" }],
  ];
  for (const [name, item, operations, expected] of cases) {
    it(name, () => assert.deepEqual(patch(item, ...operations), expected));
  }

  // Recorded: whatever is not "true" is false.
  const flags: readonly [string | undefined, boolean][] = [
    ["true", true],
    ["True", true],
    ["false", false],
    ["yes", false],
    ["", false],
    [undefined, false],
  ];
  for (const [value, enabled] of flags) {
    it(`reads ${JSON.stringify(value)} as the boolean ${enabled}`, () =>
      assert.deepEqual(patch({}, { op: "replace", path: "/enabled", value }), { enabled }));
  }

  it("makes a member of any name its map's own", () => {
    const patched = patch({}, { op: "add", path: "/variables/__proto__", value: "x" }) as { variables: object };
    assert.deepEqual(Object.entries(patched.variables), [["__proto__", "x"]]);
    assert.equal(Object.getPrototypeOf(patched.variables), Object.prototype);
  });

  it("leaves the item as it was, above all when it fails", () => {
    const item = { name: "a", variables: { x: "1" } };
    assert.throws(() =>
      patch(
        item,
        { op: "replace", path: "/name", value: "b" },
        { op: "remove", path: "/variables/x" },
        { op: "replace", path: "/nowhere", value: "c" },
      ),
    );
    assert.deepEqual(item, { name: "a", variables: { x: "1" } });
  });

  const refusals: readonly [PatchOperation, string | RegExp][] = [
    [
      { op: "replace", path: "/nowhere", value: "x" },
      "Invalid patch path  '/nowhere' specified for op 'replace'. Must be one of: [/name, /description, /enabled, /mode, /size, /rate, /variables/{name}, /headers/{name}, /templates/{mediaType}, /types/{type}, /scopes, /sources]",
    ],
    [
      { op: "add", path: "name" },
      "Invalid patch path  'name' specified for op 'add'. Must be one of: [/variables/{name}, /headers/{name}, /templates/{mediaType}, /types/{type}, /scopes, /sources]",
    ],
    [
      { op: "copy", path: "/name" },
      "Invalid patch path  '/name' specified for op 'copy'. Please choose supported operations",
    ],
    [{ path: "/name" }, "Invalid patch path  '/name' specified for op 'null'. Please choose supported operations"],
    [{ op: "replace" }, /^Invalid patch path {2}'null' specified for op 'replace'/],
    [{ op: "replace", path: "/variables/" }, /^Invalid patch path/],
    [{ op: "replace", path: "/variables/a/b" }, /^Invalid patch path/],
    [{ op: "replace", path: "/constructor" }, /^Invalid patch path/],
    [{ op: "replace", path: "/mode", value: "C" }, /Must be one of: \[A, B\]/],
    [{ op: "replace", path: "/size", value: "11" }, /integer between 0 and 10/],
    [{ op: "replace", path: "/size", value: "1.5" }, /integer/],
    [{ op: "replace", path: "/rate", value: "NaN" }, /number between 0 and 100/],
    [{ op: "replace", path: "/rate", value: "1e1" }, /number/],
    [{ op: "add", path: "/scopes" }, /Must name a member/],
  ];
  for (const [operation, expected] of refusals) {
    it(`refuses ${JSON.stringify(operation)}`, () =>
      assert.throws(
        () => patch({}, operation),
        (error) => {
          assert(error instanceof ApiError);
          assert.equal(error.code, "BadRequestException");
          if (typeof expected === "string") assert.equal(error.message, expected);
          else assert.match(error.message, expected);
          return true;
        },
      ));
  }
});

describe("a patch is refused in the dialect that", () => {
  const rules = { "/name": member("name", text), "/types/{type}": memberInPath("types", ["add", "remove", "replace"]) };
  const refusals: readonly [PatchTable["refuse"], PatchOperation, string][] = [
    [
      listPaths,
      { op: "add", path: "/x" },
      "Invalid patch path  '/x' specified for op 'add'. Must be one of: [/types/{type}]",
    ],
    [
      listPaths,
      { op: "test", path: "/x" },
      "Invalid patch path  '/x' specified for op 'test'. Please choose supported operations",
    ],
    [nameMistake, { op: "replace", path: "/x" }, "Invalid patch path /x"],
    [nameMistake, { op: "replace" }, "Invalid patch path null"],
    [nameMistake, { op: "add", path: "/name" }, "Invalid patch operation specified. Must be one of: [replace]"],
    [
      nameMistake,
      { op: "move", path: "/types/a" },
      "Invalid patch operation specified. Must be 'add'|'remove'|'replace'",
    ],
  ];
  for (const [refuse, operation, message] of refusals) {
    it(`says ${message}`, () => assert.throws(() => applyPatch({}, [operation], { refuse, rules }), { message }));
  }
  for (const op of ["replace", "remove"] as const) {
    it(`knows nothing to ${op}`, () => {
      const one = { op, path: "/headers/a", value: "true" };
      assert.throws(() => patch({ headers: {} }, one), {
        code: "NotFoundException",
        message: "Invalid parameter name specified",
      });
    });
  }
});
