import assert from "node:assert/strict";
import { test } from "node:test";
import { below, makeRandom } from "../../../test/random.ts";
import { RouteTree } from "../../plan/route-tree.ts";
import { decodeLeniently, type RouteOrder, Router } from "./match.ts";

function routerOf(
  paths: readonly string[],
  order: RouteOrder = "by-segment",
): {
  match(path: string): { route: string; values: Record<string, string> } | undefined;
} {
  const tree = new RouteTree();
  for (const [index, path] of paths.entries()) {
    const node = order === "by-segment" ? tree.at(path) : tree.atExactly(path);
    node.methods.set("GET", index);
  }
  const router = new Router(tree.build(), order);
  return {
    match(path) {
      const found = router.match(path);
      if (found === undefined) return undefined;
      const route = paths[found.methodFor("GET")!]!;
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
  assert.deepEqual(router.match("/files//a"), { route: "/files/{path+}", values: { path: "/a" } });
  assert.equal(router.match("/files//"), undefined);
});

const rank = (part: string): number => (part.endsWith("+}") ? 2 : part.startsWith("{") ? 1 : 0);

/** The rules of REST APIs by brute force: the best of all routes that fit, comparing the kinds of their segments from the left. */
function bruteForce(paths: readonly string[], path: string): string | undefined {
  const segments = path.slice(1).split("/");
  if (segments.at(-1) === "") segments.pop();
  const fits = (route: string): boolean => {
    const parts = route
      .split("/")
      .slice(1)
      .filter((part) => part !== "");
    for (const [index, part] of parts.entries()) {
      if (rank(part) === 2) return segments.slice(index).some((segment) => segment !== "");
      if ((segments[index] ?? "") === "") return false;
      if (rank(part) === 0 && decodeLeniently(segments[index]!) !== part) return false;
    }
    return parts.length === segments.length;
  };
  const key = (route: string): string => route.split("/").slice(1).map(rank).join("");
  return paths.filter(fits).sort((left, right) => (key(left) < key(right) ? -1 : 1))[0];
}

/** The rules of HTTP APIs by brute force: exact routes first, then the longest greedy one, and statics from the left. */
function bruteForceExactFirst(paths: readonly string[], path: string): string | undefined {
  const segments = path.slice(1).split("/");
  const partsOf = (route: string): string[] => route.slice(1).split("/");
  const fits = (route: string): boolean => {
    const parts = partsOf(route);
    for (const [index, part] of parts.entries()) {
      const segment = segments[index];
      if (segment === undefined) return false;
      if (rank(part) === 2) return segments.slice(index).some((one) => one !== "");
      if (segment === "" && rank(part) > 0) return false;
      if (rank(part) === 0 && decodeLeniently(segment) !== part) return false;
    }
    return parts.length === segments.length;
  };
  const key = (route: string): string => {
    const parts = partsOf(route);
    const isGreedy = route.endsWith("+}");
    return `${isGreedy ? 1 : 0} ${isGreedy ? 99 - parts.length : 0} ${parts.map(rank).join("")}`;
  };
  return paths.filter(fits).sort((left, right) => (key(left) < key(right) ? -1 : 1))[0];
}

test("exact routes go before greedy ones, and longer greedy ones before shorter", () => {
  const router = routerOf(
    ["/", "/{all+}", "/a/{rest+}", "/{x}/b/{rest+}", "/{x}/{y}", "/a/", "/a/b/c/d", "/p/{id}/"],
    "exact-first",
  );
  const cases: [string, string | undefined, Record<string, string>][] = [
    ["/", "/", {}],
    ["/a", "/{all+}", { all: "a" }],
    ["/a/", "/a/", {}],
    ["/b/", "/{all+}", { all: "b/" }],
    ["/a/z", "/{x}/{y}", { x: "a", y: "z" }],
    ["/a/z/z", "/a/{rest+}", { rest: "z/z" }],
    ["/a/b/c", "/{x}/b/{rest+}", { x: "a", rest: "c" }],
    ["/a/b/c/d", "/a/b/c/d", {}],
    ["/a/b/c/d/", "/{x}/b/{rest+}", { x: "a", rest: "c/d/" }],
    ["/p/1/", "/p/{id}/", { id: "1" }],
    ["/q/1/", "/{all+}", { all: "q/1/" }],
    ["//", undefined, {}],
    ["/a//", "/{all+}", { all: "a//" }],
    ["//a", "/{all+}", { all: "/a" }],
    ["/a//b", "/a/{rest+}", { rest: "/b" }],
    ["/z//b", "/{all+}", { all: "z//b" }],
    ["/%61/", "/a/", {}],
    ["/a%2Fz", "/{all+}", { all: "a%2Fz" }],
  ];
  for (const [path, route, values] of cases) {
    assert.deepEqual(router.match(path), route === undefined ? undefined : { route, values }, path);
  }
});

test("agrees with brute force on random routes and paths of HTTP APIs", () => {
  const numbers = makeRandom(7);
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
      paths.add(path.endsWith("+}") || random(8) > 0 ? path : `${path}/`);
    }
    const router = routerOf([...paths], "exact-first");
    for (let sample = 0; sample < 30; sample++) {
      let path = "";
      for (let depth = random(5); depth >= 0; depth--)
        path += `/${["a", "b", "%61", "x", ""][random(20) === 0 ? 4 : random(4)]!}`;
      if (random(5) === 0) path += "/";
      const found = router.match(path)?.route;
      assert.equal(found, bruteForceExactFirst([...paths], path), `${path} among ${[...paths].join(" ")}`);
    }
  }
});

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

for (const order of ["by-segment", "exact-first"] as const) {
  test(`hostile paths cost no more than their length: ${order}`, (t) => {
    const paths: string[] = [];
    for (let index = 0; index < 12; index++) paths.push(`${"/a".repeat(index + 1)}/z`, `${"/{p}".repeat(index + 1)}/z`);
    const router = routerOf(paths, order);
    const { indexOf } = String.prototype;
    let looks = 0;
    t.mock.method(String.prototype, "indexOf", function (this: string, text: string, at?: number) {
      if (text === "/") looks++;
      return indexOf.call(this, text, at);
    });
    const found = router.match("/a".repeat(5_000));
    t.mock.restoreAll();
    assert.equal(found, undefined);
    // At a node the end of a segment is looked for: no more often than there are nodes.
    assert.ok(looks > 10 && looks < 24 * 12, `${looks} nodes`);
  });
}
