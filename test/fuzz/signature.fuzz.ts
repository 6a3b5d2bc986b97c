// Signed requests that were tampered with: nothing throws, and whatever is still accepted reads as what was signed.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReceivedRequest } from "../../src/access/canonical-request.ts";
import { SigningKeys } from "../../src/access/signing-key.ts";
import { readSignature, type SignatureProblem } from "../../src/access/sigv4-signature.ts";
import { checkSignature, emptyHash, verifySignature } from "../../src/access/sigv4-verify.ts";
import { parseQuery } from "../../src/gateway/query.ts";
import { seed } from "../random.ts";
import { signWithSdk } from "../sdk-signer.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random } from "./from-models.ts";
import { upTo } from "./random-json.ts";

const nowMs = Date.UTC(2026, 10, 20);
const keys = new SigningKeys();
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

interface SentRequest {
  readonly method: string;
  readonly target: string;
  readonly pairs: readonly (readonly [name: string, value: string])[];
}

const received = ({ method, target, pairs }: SentRequest): ReceivedRequest => ({
  method,
  target,
  rawHeaders: pairs.flat(),
  headerNames: pairs.map(([name]) => name.toLowerCase()),
});

/** Returns why the request is refused; undefined if it is accepted. */
function problemWith(sent: SentRequest): SignatureProblem | undefined {
  const request = received(sent);
  const reading = readSignature(request.target, (name) => {
    const values = sent.pairs.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(", ");
  });
  if (reading.kind === "broken") return reading.problem;
  if (reading.kind !== "signature") return { code: "IncompleteSignatureException", message: reading.kind };
  const check = checkSignature(reading.signature, request, { service: "execute-api", region: "us-east-1", nowMs });
  if (check.kind === "refused") return check.problem;
  return verifySignature(request, check, { secret: credentials.secretAccessKey, keys, bodyHash: emptyHash });
}

const bits = [
  ...[
    "",
    " ",
    ",",
    ";",
    "=",
    "&",
    "?",
    "/",
    "//",
    "/../",
    "/./",
    "%",
    "%2F",
    "%20",
    "+",
    "%2B",
    "{",
    "}",
    "\t",
    "\u0000",
  ],
  ...[
    "\u00ff",
    "A",
    "0",
    "host",
    "Signature=",
    "Credential=a/b/c/d/e",
    "X-Amz-Signature=0",
    "X-Amz-Algorithm=x",
    "x".repeat(2_000),
  ],
];

function tamper(text: string): string {
  const at = upTo(text.length);
  return text.slice(0, at) + oneOf(bits) + text.slice(at + upTo(3));
}

const changes: readonly ((sent: SentRequest) => SentRequest)[] = [
  (sent) => ({ ...sent, method: oneOf(["GET", "POST", "get", ""]) }),
  (sent) => ({ ...sent, target: `/${tamper(sent.target.slice(1))}` }),
  (sent) => ({ ...sent, pairs: sent.pairs.map(([name, value]) => [name, random() < 0.3 ? tamper(value) : value]) }),
  (sent) => ({ ...sent, pairs: sent.pairs.filter(() => random() < 0.8) }),
  (sent) => ({ ...sent, pairs: [...sent.pairs, ...sent.pairs.slice(0, 1)] }),
  (sent) => ({ ...sent, pairs: sent.pairs.toReversed() }),
  (sent) => ({
    ...sent,
    pairs: [...sent.pairs, [oneOf(["x-amz-date", "date", "x-amz-x", "authorization"]), oneOf(bits)]],
  }),
  (sent) => ({
    ...sent,
    pairs: sent.pairs.map(([name, value]) => [random() < 0.5 ? name.toUpperCase() : name, value]),
  }),
];

/** The parameters as integrations read them; undefined if their reading is not defined. */
function parametersOf(target: string): string | undefined {
  const query = target.slice(`${target}?`.indexOf("?") + 1);
  if (/%(?![0-9A-Fa-f]{2})|%[89A-Fa-f]/.test(query)) return undefined;
  return JSON.stringify([...parseQuery(query)].map(([name, values]) => [name, values.toSorted()]).toSorted());
}

test(`fuzz: signed requests that were tampered with (PORTICO_FUZZ_SEED=${seed})`, async () => {
  const originals: SentRequest[] = [];
  for (const expiresIn of [undefined, 60]) {
    const sent = {
      method: "GET",
      host: "a.execute-api.local",
      path: "/prod/a%20b/c",
      query: { b: ["2", "1 +"], a: "x;y" },
    };
    const { target, headers } = await signWithSdk(
      { ...sent, headers: { "x-amz-meta": "m  n" } },
      { credentials, nowMs, hasChecksum: false, ...(expiresIn !== undefined && { expiresIn }) },
    );
    originals.push({ method: "GET", target, pairs: Object.entries(headers) });
  }
  const seen = { accepted: 0, refused: 0 };
  const isTimeLeft = within(durationMs);
  while (isTimeLeft()) {
    const original = oneOf(originals);
    let changed = original;
    for (let count = 1 + upTo(2); count > 0; count--) changed = oneOf(changes)(changed);
    const problem = problemWith(changed);
    const text = JSON.stringify(changed);
    if (problem !== undefined) {
      seen.refused++;
      assert.doesNotMatch(problem.message, /wJalrXUtnFEMI/);
      continue;
    }
    seen.accepted++;
    assert.equal(changed.method, original.method, text);
    const parameters = parametersOf(changed.target);
    if (parameters !== undefined) assert.equal(parameters, parametersOf(original.target), text);
    const metas = changed.pairs.filter(([name]) => name.toLowerCase() === "x-amz-meta").map(([, value]) => value);
    assert.equal(
      metas
        .join(",")
        .replaceAll(/[ \t]+/g, " ")
        .trim(),
      original.pairs.some(([name]) => name === "x-amz-meta") ? "m n" : "",
      text,
    );
  }
  assert.ok(seen.accepted > 0 && seen.refused > 0, JSON.stringify(seen));
});
