import assert from "node:assert/strict";
import { test } from "node:test";
import type { CustomDomainPlan } from "../plan/custom-domain.ts";
import { makeDomainsOfStage } from "./stage-domains.ts";

const scope = { account: "000000000000", region: "us-east-1" };
const dev = { ...scope, apiId: "a", stageName: "dev" };

const domain = (plan: Partial<CustomDomainPlan>): CustomDomainPlan => ({ ...scope, rules: [], mappings: [], ...plan });

test("a stage has the mappings that lead to it, and those of all stages under its name", () => {
  const find = makeDomainsOfStage(
    new Map([
      [
        "one.example",
        domain({
          mappings: [
            { key: "v1/x", apiId: "a", stageName: "dev" },
            { key: "", apiId: "a" },
          ],
        }),
      ],
      ["two.example", domain({ mappings: [{ key: "v1", apiId: "a", stageName: "prod" }], closed: "a policy" })],
      ["theirs.example", domain({ account: "111111111111", mappings: [{ key: "", apiId: "a", stageName: "dev" }] })],
      ["there.example", domain({ region: "eu-west-1", mappings: [{ key: "", apiId: "a", stageName: "dev" }] })],
    ]),
  );
  assert.deepEqual(find(dev), [
    { name: "one.example", basePath: "/v1/x" },
    { name: "one.example", basePath: "/dev" },
  ]);
  assert.deepEqual(find({ ...dev, stageName: "prod" }), [
    { name: "one.example", basePath: "/prod" },
    { name: "two.example", basePath: "/v1", closed: "a policy" },
  ]);
  assert.deepEqual(find({ ...dev, apiId: "b" }), []);
});

test("a routing rule tells what a request needs", () => {
  const rule = { headers: [], apiId: "a", stageName: "dev", stripsBasePath: false };
  const find = makeDomainsOfStage(
    new Map([
      [
        "one.example",
        domain({
          rules: [
            {
              ...rule,
              headers: [
                [
                  { name: "x-a", glob: "1*" },
                  { name: "x-b", glob: "2" },
                ],
                [{ name: "x-c", glob: "3" }],
              ],
            },
            { ...rule, basePaths: ["v1", "v2"], stripsBasePath: true },
            { ...rule, basePaths: ["v3"] },
          ],
        }),
      ],
    ]),
  );
  assert.deepEqual(find(dev), [
    { name: "one.example", basePath: "", condition: "x-a: 1* or x-b: 2, x-c: 3" },
    { name: "one.example", basePath: "/v1" },
    { name: "one.example", basePath: "/v2" },
    { name: "one.example", basePath: "", condition: "a path below /v3" },
  ]);
});
