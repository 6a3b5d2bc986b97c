import { type RouteOrder, Router } from "../../../src/gateway/routing/match.ts";
import { RouteTree } from "../../../src/plan/route-tree.ts";
import type { Bench, Figures } from "../../bench.ts";

/** The cost must not grow with the number of routes: docs/internals/architecture.md, "Performance contract". */
export const bench: Bench = {
  title: "matching a route among 10, 300, 3,000 and 10,000, as REST APIs and as HTTP APIs do it",
  needs: [],
  run() {
    const figures: Record<string, number> = {};
    for (const order of ["by-segment", "exact-first"] as const) {
      const costs = [10, 300, 3_000, 10_000].map((count) => [count, nanoseconds(count, order)] as const);
      figures[`${order}: cost of 10,000 routes ÷ cost of 10`] = costs[3]![1] / costs[0]![1];
      for (const [count, cost] of costs) figures[`${order}: ns at ${count} routes`] = cost;
    }
    return Promise.resolve(figures as Figures);
  },
};

function nanoseconds(count: number, order: RouteOrder): number {
  const tree = new RouteTree();
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    const base = `/service-${index % 50}/resource-${index}`;
    tree.at(index % 2 === 0 ? `${base}/{id}/items` : `${base}/list`).methods.set("GET", index);
    paths.push(index % 2 === 0 ? `${base}/42/items` : `${base}/list`);
  }
  const router = new Router(tree.build(), order);
  let found = 0;
  const match = (path: string): void => {
    if (router.match(path) !== undefined) found++;
  };
  // A request's path was read just now; only here are there as many paths as routes, which the processor has to fetch.
  const cost = nanosecondsEach(paths, match) - nanosecondsEach(paths, (path) => void (path.includes("%") && found++));
  if (found !== 1_100_000) throw new Error("a route was not found");
  return cost;
}

/** Nanoseconds that a path takes: the least of many short runs, since what else runs on the machine takes caches away, too. */
function nanosecondsEach(paths: readonly string[], work: (path: string) => void): number {
  const measure = (rounds: number): number => {
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round++) work(paths[round % paths.length]!);
    // The processor's time, which other programs of the machine do not make longer.
    return (process.cpuUsage(before).user * 1_000) / rounds;
  };
  measure(100_000);
  return Math.min(...Array.from({ length: 20 }, () => measure(50_000)));
}
