import assert from "node:assert/strict";
import { test } from "node:test";
import { below, makeRandom } from "../../../test/random.ts";
import { RouteTree } from "../../plan/route-tree.ts";
import { decodeLeniently, Router } from "./match.ts";

function routerOf(paths: readonly string[]): {
  match(path: string): { route: string; values: Record<string, string> } | undefined;
} {
  const tree = new RouteTree();
  for (const [index, path] of paths.entries()) tree.at(path).methods.set("GET", index);
  const router = new Router(tree.build());
  return {
    match(path) {
      const found = router.match(path);
      if (found === undefined) return undefined;
      const route = paths[found.methods.get("GET")!]!;
      return { route, values: Object.fromEntries(found.names.map((name, index) => [name, found.values[index]!])) };
    },
  };
}

test("path parameters keep their encoding, and greedy ones their slashes but those at the end", () => {
  const router = routerOf(["/a/{x}/b", "/files/{path+}", "/{x}/c/{y}"]);
  assert.deepEqual(router.match("/a/1%2F2/b"), { route: "/a/{x}/b", values: { x: "1%2F2" } });
  assert.deepEqual(router.match("/files/a//b/"), { route: "/files/{path+}", values: { path: "a//b" } });
  assert.deepEqual(router.match("/a/c/2"), { route: "/{x}/c/{y}", values: { x: "a", y: "2" } });
  assert.equal(router.match("/a//b"), undefined);
  assert.equal(router.match("/files//a"), undefined);
});

/** The rules by brute force: the best of all routes that fit, comparing the kinds of their segments from the left. */
function bruteForce(paths: readonly string[], path: string): string | undefined {
  const segments = path.slice(1).split("/");
  if (segments.at(-1) === "") segments.pop();
  const rank = (part: string): number => (part.endsWith("+}") ? 2 : part.startsWith("{") ? 1 : 0);
  const fits = (route: string): boolean => {
    const parts = route
      .split("/")
      .slice(1)
      .filter((part) => part !== "");
    for (const [index, part] of parts.entries()) {
      if ((segments[index] ?? "") === "") return false;
      if (rank(part) === 2) return true;
      if (rank(part) === 0 && decodeLeniently(segments[index]!) !== part) return false;
    }
    return parts.length === segments.length;
  };
  const key = (route: string): string => route.split("/").slice(1).map(rank).join("");
  return paths.filter(fits).sort((left, right) => (key(left) < key(right) ? -1 : 1))[0];
}

test("agrees with brute force on random routes and paths", () => {
  const numbers = makeRandom(99);
  const random = (limit: number): number => below(numbers, limit);
  for (let round = 0; round < 300; round++) {
    const paths = new Set<string>();
    for (let count = random(12) + 1; count > 0; count--) {
      let path = "";
      for (let depth = random(4); depth >= 0; depth--) {
        const part = ["a", "b", "c", "{p}", "{g+}"][random(5)]!;
        path += `/${part}`;
        if (part === "{g+}") break;
      }
      paths.add(path);
    }
    const router = routerOf([...paths]);
    for (let sample = 0; sample < 30; sample++) {
      let path = "";
      for (let depth = random(5); depth >= 0; depth--)
        path += `/${["a", "b", "%61", "x", ""][random(20) === 0 ? 4 : random(4)]!}`;
      if (random(5) === 0) path += "/";
      if (path === "") continue;
      assert.equal(router.match(path)?.route, bruteForce([...paths], path), `${path} among ${[...paths].join(" ")}`);
    }
  }
});

test("hostile paths cost no more than their length", (t) => {
  const paths: string[] = [];
  for (let index = 0; index < 12; index++) paths.push(`${"/a".repeat(index + 1)}/z`, `${"/{p}".repeat(index + 1)}/z`);
  const router = routerOf(paths);
  const { get } = Map.prototype;
  let looks = 0;
  t.mock.method(Map.prototype, "get", function (this: Map<unknown, unknown>, key: unknown) {
    looks++;
    return get.call(this, key);
  });
  const found = router.match("/a".repeat(5_000));
  t.mock.restoreAll();
  assert.equal(found, undefined);
  // A node that is looked at is asked for its static children: no more often than there are nodes.
  assert.ok(looks > 10 && looks < 24 * 12, `${looks} nodes`);
});
