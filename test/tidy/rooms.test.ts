import assert from "node:assert/strict";
import { test } from "node:test";
import { floors, rooms } from "./rooms.ts";
import { floorOf, importsOf, isTest, loadsOf, roomOf, sources } from "./source-files.ts";

test("rooms import only along their arrows", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const room = roomOf(file);
    const allowed = rooms[room];
    assert.ok(allowed, `${file}: there is no room src/${room}/; add it to test/tidy/rooms.ts with its arrows`);
    for (const target of importsOf(file)) {
      if (isTest(file) && !target.startsWith("src/")) continue;
      if (!target.startsWith("src/")) {
        if (target !== "package.json") wrong.push(`${file} imports ${target}, which is outside of src/`);
        continue;
      }
      const path = target.slice("src/".length);
      const isAllowed =
        roomOf(target) === room ||
        // A unit test may stand on neighbours' real parts (the memory store, a manual clock).
        isTest(file) ||
        allowed.some((arrow) => path === arrow || path.startsWith(`${arrow}/`));
      if (!isAllowed) wrong.push(`${file} imports ${target}; ${room} may import: ${allowed.join(", ") || "nothing"}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("floors of a room import only along their arrows", () => {
  const wrong: string[] = [];
  for (const file of sources) {
    const room = roomOf(file);
    const floor = floorOf(file);
    if (floor === undefined || isTest(file)) continue;
    const allowed = floors[room]?.[floor];
    assert.ok(allowed, `${file}: src/${room}/ has no floor ${floor}/; add it to test/tidy/rooms.ts with its arrows`);
    for (const target of importsOf(file)) {
      const other = floorOf(target);
      if (!target.startsWith(`src/${room}/`) || other === undefined || other === floor || allowed.includes(other))
        continue;
      wrong.push(`${file} imports ${target}; ${room}/${floor} may import: ${allowed.join(", ") || "no other floor"}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("the arrows between floors make no circle", () => {
  for (const [room, table] of Object.entries(floors)) {
    assert.deepEqual(
      findCircles(Object.keys(table), (floor) => table[floor] ?? []),
      [],
      `src/${room}`,
    );
  }
});

test("no files load each other in a circle", () => {
  const circles = findCircles(
    sources.filter((file) => !isTest(file)),
    loadsOf,
  );
  assert.deepEqual(circles, [], "move what both need into a file of its own, or import it by `import type`");
});

test("circles are found, whole and sorted, and what only leads to one is not in it", () => {
  const arrows: Record<string, string[]> = { a: ["b"], b: ["d", "c"], c: ["b"], d: ["d2"], d2: ["d", "e"], e: [] };
  assert.deepEqual(
    findCircles(Object.keys(arrows), (node) => arrows[node]!),
    [
      ["d", "d2"],
      ["b", "c"],
    ],
  );
});

/** Groups of nodes that lead to one another (Tarjan's strongly connected components of two or more), each sorted. */
function findCircles(nodes: readonly string[], next: (node: string) => readonly string[]): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): number => {
    const number = order.size;
    order.set(node, number);
    lowest.set(node, number);
    open.push(node);
    for (const other of next(node)) {
      if (!nodes.includes(other)) continue;
      const reached = !order.has(other) ? visit(other) : open.includes(other) ? order.get(other)! : number;
      lowest.set(node, Math.min(lowest.get(node)!, reached));
    }
    if (lowest.get(node) === number) {
      const circle = open.splice(open.indexOf(node));
      if (circle.length > 1) circles.push(circle.sort());
    }
    return lowest.get(node)!;
  };
  for (const node of nodes) if (!order.has(node)) visit(node);
  return circles;
}
