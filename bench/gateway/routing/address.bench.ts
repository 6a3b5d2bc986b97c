import { type Destination, findDestination, type Places } from "../../../src/gateway/routing/address.ts";
import { CustomDomains } from "../../../src/gateway/routing/custom-domains.ts";
import { developmentListener } from "../../../src/http/listener.ts";
import type { Bench, Figures } from "../../bench.ts";

/** An API's own host costs no more because there are custom domain names, and a name no more for its mappings. */
export const bench: Bench = {
  title: "finding where a request goes: by an API's own host, and by custom domain names",
  needs: [],
  run() {
    const figures: Record<string, number> = {
      "own host, no custom domain names: ns": nanoseconds(0, 0, "api7.execute-api.localhost", "/prod/pets/42"),
      "own host, 100 custom domain names: ns": nanoseconds(100, 1, "api7.execute-api.localhost", "/prod/pets/42"),
      "custom domain name, 1 mapping: ns": nanoseconds(1, 1, "d0.example.com", "/orders/v0/items"),
      "100 custom domain names, 200 mappings: ns": nanoseconds(100, 200, "d42.example.com", "/orders/v199/items"),
    };
    return Promise.resolve(figures as Figures);
  },
};

function nanoseconds(domainCount: number, mappingCount: number, host: string, target: string): number {
  const stages = new Map([["api7/prod", "stage"]]);
  const domains = new CustomDomains();
  const mappings = Array.from({ length: mappingCount }, (_, index) => ({
    key: `orders/v${index}`,
    apiId: "api7",
    stageName: "prod",
  }));
  for (let index = 0; index < domainCount; index++) {
    domains.set(`d${index}.example.com`, { account: "1", region: "r", rules: [], mappings });
  }
  const places: Places<string> = {
    get: (key) => stages.get(key),
    domains: { find: (name) => domains.find(name), owns: ({ plan }) => plan.account === "1" },
  };
  const request = { listener: developmentListener, host, target, header: () => undefined };
  let last: Destination<string> | undefined;
  const measure = (rounds: number): number => {
    const before = performance.now();
    for (let round = 0; round < rounds; round++) last = findDestination(places, request);
    return ((performance.now() - before) * 1_000_000) / rounds;
  };
  measure(100_000);
  const cost = Math.min(measure(300_000), measure(300_000), measure(300_000));
  if (last?.kind !== "stage") throw new Error("the stage was not found");
  return cost;
}
