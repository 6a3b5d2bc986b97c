import { accessOf, authorize } from "../../src/access/authorize.ts";
import { parsePolicy } from "../../src/access/policy.ts";
import { type Identity, principalOfIdentity } from "../../src/access/principal.ts";
import type { Bench, Figures } from "../bench.ts";

const account = "111111111111";
const api = `arn:aws:execute-api:us-east-1:${account}:a1b2c3d4e5`;
const resource = `${api}/prod/GET/stores/42/pets/7`;
const invoke = { Action: "execute-api:Invoke" };

/** Twenty statements as users write them: by path, verb, principal, address and time. The last one allows. */
const statements = [
  ...Array.from({ length: 6 }, (_, n) => ({
    ...{ Effect: "Deny", Principal: "*", ...invoke, Resource: `${api}/*/GET/stores/*/p${"?".repeat(n)}*` },
    Condition: { NotIpAddress: { "aws:SourceIp": ["10.0.0.0/8", `192.0.${n}.0/24`, "203.0.113.0/24"] } },
  })),
  ...Array.from({ length: 6 }, (_, n) => ({
    ...{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::22222222222${n}:root` }, ...invoke },
    Resource: [`${api}/prod/*/admin${n}/*`, `${api}/prod/GET/stores/${n}*/pets/*`],
  })),
  ...Array.from({ length: 4 }, (_, n) => ({
    ...{ Effect: "Deny", Principal: "*", ...invoke, Resource: `${api}/prod/GET/*/${n}*` },
    Condition: { Bool: { "aws:SecureTransport": "false" }, StringLike: { "aws:UserAgent": [`curl/${n}*`, "*bot*"] } },
  })),
  ...Array.from({ length: 3 }, (_, n) => ({
    ...{ Effect: "Deny", Principal: "*", ...invoke, Resource: `${api}/prod/GET/stores/*` },
    Condition: { DateLessThan: { "aws:CurrentTime": `202${n}-01-01T00:00:00Z` } },
  })),
  { Effect: "Allow", Principal: "*", ...invoke, Resource: `${api}/prod/GET/stores/*` },
];
const document = JSON.stringify({ Version: "2012-10-17", Statement: statements });
const policy = parsePolicy(document);

const values: Readonly<Record<string, string>> = {
  "aws:sourceip": "203.0.113.77",
  "aws:securetransport": "true",
  "aws:useragent": "Mozilla/5.0 (X11; Linux x86_64)",
  "aws:currenttime": "2026-11-20T12:00:00Z",
  "aws:username": "ann",
};
const request = {
  ...{ action: "execute-api:Invoke", resource },
  context: (key: string) => values[key] ?? null,
};
const identity: Identity = {
  ...{
    kind: "user",
    account,
    arn: `arn:aws:iam::${account}:user/ann`,
    id: "AIDAEXAMPLE",
    name: "ann",
    path: "/",
    tags: {},
  },
  policies: Array.from({ length: 3 }, (_, n) => ({
    name: `p${n}`,
    document: JSON.stringify({
      Version: "2012-10-17",
      Statement: { Effect: "Allow", ...invoke, Resource: `${api}/prod/GET/users/\${aws:username}/*` },
    }),
  })),
};
const principal = principalOfIdentity(identity);

export const bench: Bench = {
  title: "Deciding by policies: microseconds",
  needs: [],
  async run(): Promise<Figures> {
    return {
      "µs a resource policy of 20 statements": microseconds(() => {
        if (policy.decide(request).kind !== "allowed") throw new Error("not allowed");
      }),
      "µs a signed call, with 3 policies of the user beside it": microseconds(() => {
        const decision = authorize(request, accessOf(principal), { account, policy: { name: "api", policy } });
        if (decision.kind !== "allowed") throw new Error("not allowed");
      }),
      "µs to read the policy": microseconds(() => parsePolicy(document), 10),
    };
  },
};

/** The best of many short runs: others use this machine, too. */
function microseconds(work: () => unknown, times = 100): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 500; round++) {
    const start = performance.now();
    for (let count = 0; count < times; count++) work();
    best = Math.min(best, ((performance.now() - start) * 1_000) / times);
  }
  return best;
}
