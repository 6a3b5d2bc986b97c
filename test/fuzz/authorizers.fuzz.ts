// Random results of authorizers' functions and tokens that were tampered with: nothing throws, and no other token is accepted.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { parseAuthorizerResult } from "../../src/access/authorizer-result.ts";
import { readToken } from "../../src/access/json-web-token.ts";
import { decideToken } from "../../src/access/user-pool-token.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random } from "./from-models.ts";
import { randomJson, upTo } from "./random-json.ts";

const statement = '{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}';
const parts = [
  statement,
  `{"Version":"2012-10-17","Statement":[${statement}]}`,
  `{"Statement":${statement.replace("Allow", "Deny")}}`,
  '{"StringLike":{"aws:SourceArn":["*"]}}',
];
const memberNames = [
  ...["principalId", "policyDocument", "context", "usageIdentifierKey", "errorMessage", "__proto__"],
  ...["Version", "Statement", "Effect", "Action", "NotResource", "Condition"],
];

function member(depth: number): string {
  return random() < 0.4 ? oneOf(parts) : random() < 0.5 ? randomJson(3) : object(depth);
}

function object(depth: number): string {
  if (depth <= 0) return randomJson(1);
  const names = Array.from({ length: upTo(5) }, () => oneOf(memberNames));
  return `{${names.map((name) => `"${name}":${member(depth - 1)}`).join(",")}}`;
}

function result(): string {
  if (random() < 0.3) return random() < 0.5 ? randomJson(3) : object(3);
  const more = random() < 0.5 ? "" : `,"${oneOf(memberNames)}":${member(2)}`;
  return `{"principalId":${randomJson(0)},"policyDocument":${member(2)}${more}}`;
}

test(`fuzz: results of authorizers (PORTICO_FUZZ_SEED=${seed})`, () => {
  const isTimeLeft = within(durationMs / 2);
  const seen = { result: 0, problem: 0 };
  while (isTimeLeft()) {
    const text = result();
    const read = parseAuthorizerResult(text);
    if ("problem" in read) {
      seen.problem++;
      continue;
    }
    seen.result++;
    for (const value of Object.values(read.context)) assert.equal(typeof value, "string", text);
    assert.equal(typeof read.principalId, "string", text);
    const { kind } = read.policy.decide({
      action: "execute-api:Invoke",
      resource: "arn:aws:execute-api",
      context: () => undefined,
    });
    assert.ok(["allowed", "denied", "not-allowed"].includes(kind), text);
  }
  assert.ok(seen.result > 0 && seen.problem > 0, JSON.stringify(seen));
});

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const encode = (text: string): string => Buffer.from(text).toString("base64url");
const header = '{"alg":"RS256","kid":"one","typ":"JWT"}';
const claims = '{"iss":"https://pool/p","token_use":"id","exp":9999999999,"sub":"a","aud":"b"}';
const signed = `${encode(header)}.${encode(claims)}`;
const signature = sign("RSA-SHA256", Buffer.from(signed), privateKey).toString("base64url");
const token = `${signed}.${signature}`;
const noise = [..."{}[],:\"'.=+-_/ \n\0é", "none", "HS256", "RS512", "kid", "crit", "exp", "0", "AA"];

function changed(text: string): string {
  let made = text;
  for (let change = 1 + upTo(3); change > 0; change--) {
    const at = upTo(made.length + 1);
    made = made.slice(0, at) + (random() < 0.7 ? oneOf(noise) : "") + made.slice(at + upTo(3));
  }
  return made;
}

function tampered(): string {
  const kind = random();
  if (kind < 0.4) return changed(token);
  if (kind < 0.7) return `${encode(changed(header))}.${encode(claims)}.${signature}`;
  if (kind < 0.9) return `${encode(header)}.${encode(changed(claims))}.${signature}`;
  return `${signed}.${encode(changed(signature))}`;
}

test(`fuzz: tokens that were tampered with (PORTICO_FUZZ_SEED=${seed})`, () => {
  const accepts = (text: string): boolean => {
    const read = readToken(text);
    if (typeof read === "string") return false;
    return (
      decideToken(read, { key: publicKey, algorithm: "RS256" }, { nowMs: 1, use: "id", isAudience: () => true })
        .kind === "accepted"
    );
  };
  assert.ok(accepts(token));
  const isTimeLeft = within(durationMs / 2);
  while (isTimeLeft()) {
    const text = tampered();
    if (text !== token) assert.equal(accepts(text), false, text);
  }
});
