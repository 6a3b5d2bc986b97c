import { generateKeyPairSync, sign } from "node:crypto";
import { parseAuthorizerResult } from "../../src/access/authorizer-result.ts";
import { readToken } from "../../src/access/json-web-token.ts";
import { decideToken } from "../../src/access/user-pool-token.ts";
import type { Bench, Figures } from "../bench.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = {
  iss: "https://pool/p",
  token_use: "id",
  exp: 9_999_999_999,
  aud: "a",
  email: `${"x".repeat(300)}@y.z`,
};
const signed = `${encode({ alg: "RS256", kid: "one" })}.${encode(claims)}`;
const token = `${signed}.${sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url")}`;
const statement = { Action: "execute-api:Invoke", Effect: "Allow", Resource: ["arn:aws:execute-api:*:*:*/prod/GET/*"] };
const result = JSON.stringify({
  principalId: "someone",
  policyDocument: { Version: "2012-10-17", Statement: Array.from({ length: 8 }, () => statement) },
  context: { a: "1", b: 2, c: true },
});

export const bench: Bench = {
  title: "Deciding by a user pool's token, and reading a Lambda authorizer's result with 8 statements: microseconds",
  needs: [],
  async run(): Promise<Figures> {
    return {
      "µs a token": microseconds(() => {
        const read = readToken(token);
        if (typeof read === "string") throw new Error(read);
        decideToken(read, { key: publicKey, algorithm: "RS256" }, { nowMs: 1, use: "id", isAudience: () => true });
      }),
      "µs a result": microseconds(() => parseAuthorizerResult(result)),
    };
  },
};

/** The best of many short runs: others use this machine, too. */
function microseconds(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round++) {
    const start = performance.now();
    for (let count = 0; count < 1_000; count++) work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
