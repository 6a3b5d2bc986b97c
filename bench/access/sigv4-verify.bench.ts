import type { Identity } from "../../src/access/principal.ts";
import { SessionSeal } from "../../src/access/session-seal.ts";
import { SigningKeys } from "../../src/access/signing-key.ts";
import type { Exchange } from "../../src/gateway/exchange.ts";
import { KnownCallers } from "../../src/gateway/known-callers.ts";
import type { LinkContext } from "../../src/gateway/link-context.ts";
import { LinkedResourcePolicy } from "../../src/gateway/resource-policy.ts";
import { linkIam } from "../../src/gateway/steps/iam.ts";
import { emptyPlan } from "../../src/plan/empty-plan.ts";
import { signWithSdk } from "../../test/sdk-signer.ts";
import type { Bench, Figures } from "../bench.ts";

const account = "000000000000";
const nowMs = Date.UTC(2026, 10, 20);
const plan = emptyPlan({ account, apiId: "abc123", stageName: "prod" });
const host = "abc123.execute-api.us-east-1.localhost:4566";
const statements = Array.from({ length: 20 }, (_, index) => ({
  Effect: "Allow",
  Action: "execute-api:Invoke",
  Resource: `arn:aws:execute-api:*:*:abc123/prod/GET/${index === 19 ? "pets/*" : `other${index}/*`}`,
}));
const identity: Identity = {
  ...{ kind: "user", account, arn: `arn:aws:iam::${account}:user/ann`, id: "AIDA", name: "ann", path: "/", tags: {} },
  policies: [{ name: "own", document: JSON.stringify({ Version: "2012-10-17", Statement: statements }) }],
};
const seal = new SessionSeal(Buffer.alloc(32, 1));
const session = { kind: "user", issuerArn: identity.arn, issuerId: identity.id, issuedAt: 0, expiresAt: 9e9 } as const;
const ann = { accessKeyId: "AKIAANN", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const temporary = {
  accessKeyId: "ASIAANN",
  secretAccessKey: seal.secretOf("ASIAANN"),
  sessionToken: seal.sealSession("ASIAANN", session),
};

export const bench: Bench = {
  title: "Verifying a signed request and deciding by a policy of 20 statements, in the step of AWS_IAM: microseconds",
  needs: [],
  async run(): Promise<Figures> {
    const step = linkStep();
    const request = { method: "GET", host, path: "/prod/pets/17", query: { limit: "10", after: "x y" } };
    const simple = await exchangeOf(request, { credentials: ann, nowMs, hasChecksum: false });
    const headers = { accept: "application/json", "content-type": "application/json", "x-amz-meta": "a  b" };
    const hashed = await exchangeOf({ ...request, headers }, { credentials: temporary, nowMs });
    const presigned = await exchangeOf(request, { credentials: ann, nowMs, expiresIn: 900 });
    const measure = (exchange: Exchange): number =>
      microseconds(() => {
        if (step(exchange) !== true) throw new Error("the request was refused");
      });
    return {
      "µs a request": measure(simple),
      "µs a request, session": measure(hashed),
      "µs a request, presigned": measure(presigned),
    };
  },
};

function linkStep(): ReturnType<typeof linkIam> {
  const knownCallers = new KnownCallers({ managedPolicyOf: () => undefined, onUse: () => undefined });
  knownCallers.setIdentity("user/ann", identity);
  knownCallers.setAccessKey("AKIAANN", { secret: ann.secretAccessKey, isActive: true, ownerArn: identity.arn });
  knownCallers.setSessionKey(Buffer.alloc(32, 1).toString("base64"));
  const thread = { clock: { now: () => nowMs }, knownCallers, signingKeys: new SigningKeys() };
  const context = { stage: plan, thread, resourcePolicy: new LinkedResourcePolicy(plan) };
  // The step uses nothing else of its context.
  return linkIam({ kind: "iam" }, context as unknown as LinkContext);
}

/** An exchange as far as the step looks at it. */
async function exchangeOf(
  sent: Parameters<typeof signWithSdk>[0],
  signing: Parameters<typeof signWithSdk>[1],
): Promise<Exchange> {
  const { target, headers } = await signWithSdk(sent, signing);
  const rawHeaders = ["User-Agent", "bench", "Connection", "keep-alive", ...Object.entries(headers).flat()];
  const headerNames = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return {
    request: {
      ...{ method: "GET", target, rawHeaders, headerNames, hasBody: false, client: { isEncrypted: false } },
      header: (name: string) => rawHeaders[2 * headerNames.lastIndexOf(name) + 1],
    },
    program: { plan, responses: { finish: () => false } },
    startAuthentication: startPhase,
    startAuthorization: startPhase,
    ...{ httpMethod: "GET", path: "/pets/17", startedMs: nowMs, trace: undefined },
    caller: { sourceAddress: "127.0.0.1", userAgent: "bench", iam: undefined },
  } as unknown as Exchange;
}

const startPhase = () => ({ startedAt: performance.now(), latencyMs: undefined, status: undefined, error: undefined });

/** The best of many short runs: others use this machine, too. */
function microseconds(work: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 40; round++) {
    const start = performance.now();
    for (let count = 0; count < 1_000; count++) work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}
