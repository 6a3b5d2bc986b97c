import { principalOfSession, rootOf, type Session } from "../../src/access/principal.ts";
import { SessionSeal } from "../../src/access/session-seal.ts";
import type { Bench, Figures } from "../bench.ts";

const seal = new SessionSeal(Buffer.alloc(32, 1));
const session: Session = {
  kind: "user",
  issuerArn: "arn:aws:iam::111122223333:root",
  issuerId: "111122223333",
  issuedAt: 0,
  expiresAt: 1,
  policy: JSON.stringify({ Statement: [{ Effect: "Allow", Action: "execute-api:Invoke", Resource: "*" }] }),
  tags: { team: "pets", cost: "1" },
};
const token = seal.sealSession("ASIAONE", session);
const identity = rootOf("111122223333");

export const bench: Bench = {
  title: "Opening a session's token, and making its principal: microseconds",
  needs: [],
  async run(): Promise<Figures> {
    return {
      "µs to open a token": microseconds(() => seal.openSession("ASIAONE", token)),
      "µs to make its secret": microseconds(() => seal.secretOf("ASIAONE")),
      "µs to make a principal": microseconds(() => principalOfSession(identity, session, () => undefined)),
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
