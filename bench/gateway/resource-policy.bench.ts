import { parseIpNetwork } from "../../src/base/ip-address.ts";
import { LinkedResourcePolicy } from "../../src/gateway/resource-policy.ts";
import { makeUnsentExchange } from "../../src/gateway/unsent-exchange.ts";
import { parseProxyHeader } from "../../src/http/http1/parse-proxy-header.ts";
import { forwardedClient, makeClient } from "../../src/http/request-client.ts";
import { emptyPlan } from "../../src/plan/empty-plan.ts";
import type { Bench, Figures } from "../bench.ts";

const arn = "arn:aws:execute-api:us-east-1:000000000000:abc123";
const statement = { Principal: "*", Action: "execute-api:Invoke" };

/** Twenty statements: each denies a path to all but some networks, or denies robots; the last one allows. */
const statements = [
  ...Array.from({ length: 12 }, (_, n) => ({
    ...{ Effect: "Deny", ...statement, Resource: `${arn}/*/*/${"*".repeat(n % 2)}admin${n}/*` },
    Condition: { NotIpAddress: { "aws:SourceIp": ["10.0.0.0/8", `192.0.${n}.0/24`] } },
  })),
  ...Array.from({ length: 7 }, (_, n) => ({
    ...{ Effect: "Deny", ...statement, Resource: `${arn}/prod/*` },
    Condition: { StringLike: { "aws:UserAgent": [`bot${n}*`, `*crawler${n}*`] } },
  })),
  { Effect: "Allow", ...statement, Resource: `${arn}/prod/*` },
];

const policy = new LinkedResourcePolicy(
  emptyPlan({
    apiId: "abc123",
    stageName: "prod",
    resourcePolicy: JSON.stringify({ Version: "2012-10-17", Statement: statements }),
  }),
);
const exchange = makeUnsentExchange({
  method: "GET",
  path: [],
  query: [],
  headers: [{ name: "User-Agent", values: ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"] }],
  nowMs: 0,
});
const proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"].map((text) => parseIpNetwork(text)!);
const peer = makeClient({ address: "10.0.0.1", port: 1, calledPort: 80, isEncrypted: false });
const rawHeaders = ["Host", "a", "X-Forwarded-For", "203.0.113.7, 10.0.0.2", "X-Forwarded-Proto", "https"];
const headerNames = ["host", "x-forwarded-for", "x-forwarded-proto"];
const header = Buffer.from("PROXY TCP4 203.0.113.7 10.0.0.1 4660 443\r\nGET / HTTP/1.1\r\n");

export const bench: Bench = {
  title: "Resource policies, and who the client is: microseconds",
  needs: [],
  async run(): Promise<Figures> {
    return {
      "µs a request of a policy with 20 statements": microseconds(() => {
        if (policy.decide(exchange)?.kind !== "allowed") throw new Error("not allowed");
      }),
      "µs a client behind two trusted proxies": microseconds(() => {
        const client = forwardedClient(peer, { headerNames, rawHeaders }, proxies);
        if (client.address !== "203.0.113.7") throw new Error(client.address);
      }),
      "µs a PROXY header": microseconds(() => {
        if (parseProxyHeader(header).kind !== "client") throw new Error("not read");
      }),
    };
  },
};

/** The best of many short runs: others use this machine, too. */
function microseconds(work: () => unknown, times = 1_000): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) {
    const start = performance.now();
    for (let count = 0; count < times; count++) work();
    best = Math.min(best, ((performance.now() - start) * 1_000) / times);
  }
  return best;
}
