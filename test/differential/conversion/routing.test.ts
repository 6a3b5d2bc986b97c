// A REST API and the HTTP API that it is converted to, with both kinds' own routers: no request reaches a method that the
// REST API would not give it to.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Method, RestApiDefinition } from "../../../src/definition/rest-api.ts";
import { splitRouteKey } from "../../../src/definition/route-key.ts";
import { type RouteMatch, Router } from "../../../src/gateway/routing/match.ts";
import { convertRestApi } from "../../../src/openapi/convert/convert-rest-api.ts";
import { RouteTree } from "../../../src/plan/route-tree.ts";
import { aNewRestApi } from "../../cases/openapi/builders.ts";
import { below, chance, makeRandom, pick, type Random, seed } from "../../random.ts";

const uri = "arn:aws:lambda:us-east-1:000000000000:function:f";
const rounds = 1_500;
const segments = ["a", "b", "c", ""];
const verbs = ["GET", "POST", "OPTIONS"];

test(`a converted route gets only what its method gets (PORTICO_FUZZ_SEED=${seed})`, () => {
  const random = makeRandom(seed);
  let reached = 0;
  for (let round = 0; round < rounds; round++) {
    const rest = anApi(random);
    const { definition } = convertRestApi(rest, { audiences: [] });
    const restKeys = rest.resources.flatMap(({ path, resourceMethods = {} }) =>
      Object.keys(resourceMethods).map((verb) => `${verb} ${path}`),
    );
    const httpKeys = definition.routes.map(({ RouteKey }) => RouteKey);
    const restRouter = routerOf(restKeys);
    const httpRouter = routerOf(httpKeys, "exact-first");
    for (const path of somePaths(random)) {
      for (const verb of verbs) {
        const found = keyOf(httpRouter.match(path, verb), verb, httpKeys);
        if (found === undefined || definition.routes.find(({ RouteKey }) => RouteKey === found)?.Target === undefined) {
          continue;
        }
        reached++;
        const expected = keyOf(restRouter.match(path, verb), verb, restKeys);
        const without = found.replace(/(?<=\S)\/$/, "");
        const says = `${verb} ${path} of ${restKeys.join(", ")}; converted: ${httpKeys.join(", ")}`;
        // With preflights, ANY is written as its verbs.
        assert.ok(
          [without, without.replace(/^\w+/, "ANY")].includes(expected ?? ""),
          `${found}, not ${expected}: ${says}`,
        );
      }
    }
  }
  assert.ok(reached > rounds, `${reached}`);
});

function anApi(random: Random): RestApiDefinition {
  const paths = new Set(Array.from({ length: 1 + below(random, 6) }, () => aPath(random)));
  return {
    ...aNewRestApi({ endpointConfiguration: { types: ["REGIONAL"] } }),
    resources: [...paths].map((path, index) => ({
      id: `r${index}`,
      path,
      resourceMethods: Object.fromEntries(
        ["ANY", ...verbs].filter(() => chance(random, 0.4)).map((verb) => [verb, aMethod(random, verb)]),
      ),
    })),
  };
}

/** A variable has one name at its place. */
function aPath(random: Random): string {
  const parts = Array.from({ length: below(random, 4) }, (_, at) => pick(random, ["a", "b", `{v${at}}`]));
  return `/${[...parts, ...(chance(random, 0.3) ? ["{proxy+}"] : [])].join("/")}`;
}

const aMethod = (random: Random, httpMethod: string): Method => ({
  httpMethod,
  authorizationType: "NONE",
  apiKeyRequired: chance(random, 0.3),
  methodIntegration:
    httpMethod === "OPTIONS" && chance(random, 0.7)
      ? {
          type: "MOCK",
          integrationResponses: {
            "200": {
              statusCode: "200",
              responseParameters: {
                "method.response.header.Access-Control-Allow-Origin": "'*'",
                "method.response.header.Access-Control-Allow-Methods": "'*'",
              },
            },
          },
        }
      : { type: "AWS_PROXY", uri },
});

const somePaths = (random: Random): string[] =>
  Array.from(
    { length: 30 },
    () => `/${Array.from({ length: below(random, 5) }, () => pick(random, segments)).join("/")}`,
  );

function routerOf(keys: readonly string[], order?: "exact-first"): Router {
  const tree = new RouteTree();
  for (const [index, key] of keys.entries()) {
    const { httpMethod, path } = splitRouteKey(key);
    (order === undefined ? tree.at(path) : tree.atExactly(path)).methods.set(httpMethod, index);
  }
  return new Router(tree.build(), order);
}

function keyOf(match: RouteMatch | undefined, verb: string, keys: readonly string[]): string | undefined {
  const index = match?.methodFor(verb);
  return index === undefined ? undefined : keys[index];
}
