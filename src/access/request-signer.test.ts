import assert from "node:assert/strict";
import { test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { below, chance, makeRandom, pick, type Random, seedOr } from "../../test/random.ts";
import { Sha256 } from "../../test/sdk-signer.ts";
import { type Credentials, normaliseTarget, RequestSigner, type SignableRequest } from "./request-signer.ts";

const secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const credentials: Credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey };
const nowMs = Date.UTC(2015, 7, 30, 12, 36, 0);

const headerOf = (headers: readonly string[], name: string): string | undefined =>
  headers[headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name) + 1];

/** The signature that AWS's SDK makes of the same request. */
async function signedBySdk(
  request: SignableRequest,
  options: { service: string; region: string; credentials: Credentials; nowMs: number },
): Promise<string | undefined> {
  const signer = new SignatureV4({
    service: options.service,
    region: options.region,
    credentials: options.credentials as { accessKeyId: string; secretAccessKey: string },
    sha256: Sha256,
    uriEscapePath: options.service !== "s3",
    applyChecksum: true,
  });
  const [path = "", query = ""] = request.target.split("?");
  const parameters: Record<string, string[]> = {};
  const given = new URLSearchParams(query);
  for (const name of given.keys()) parameters[name] = given.getAll(name);
  const headers: Record<string, string> = { host: request.host };
  for (let index = 0; index < request.headers.length; index += 2) {
    headers[request.headers[index]!] = request.headers[index + 1]!;
  }
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: "https:",
      hostname: request.host,
      path,
      query: parameters,
      headers,
      body: request.body,
    },
    // It signs all headers that it does not know to be changed on their way; we sign those that AWS asks for.
    {
      signingDate: new Date(options.nowMs),
      unsignableHeaders: new Set(
        Object.keys(headers)
          .map((name) => name.toLowerCase())
          .filter((name) => !isSigned(name)),
      ),
    },
  );
  return signed.headers["authorization"];
}

const isSigned = (name: string): boolean =>
  name === "host" || name === "content-type" || name === "content-md5" || name.startsWith("x-amz-");

test("requests are signed as in AWS's published examples", () => {
  // AWS: Amazon S3 API reference, "Authenticating Requests: Using the Authorization Header", GET Bucket Lifecycle, GET Bucket.
  const examples: readonly (readonly [target: string, signature: string])[] = [
    ["/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"],
    ["/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"],
  ];
  const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
  const signer = new RequestSigner({ service: "s3", region: "us-east-1" });
  for (const [target, signature] of examples) {
    const headers: string[] = [];
    const request = { method: "GET", target, host: "examplebucket.s3.amazonaws.com", headers, body: undefined };
    signer.sign(request, keys, Date.UTC(2013, 4, 24));
    assert.equal(
      headerOf(headers, "authorization"),
      `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=${signature}`,
    );
  }
});

test("signatures are those of AWS's SDK, for 2,000 random requests of S3 and of other services", async () => {
  const seed = seedOr(20_261_120);
  const random = makeRandom(seed);
  for (let round = 0; round < 2_000; round++) {
    const service = pick(random, ["s3", "sqs", "dynamodb", "execute-api"]);
    const region = pick(random, ["us-east-1", "eu-central-2"]);
    const keys = chance(random, 0.5) ? credentials : { ...credentials, sessionToken: "IQoJb3JpZ2luX2Vj/token==" };
    const at = nowMs + below(random, 5) * 43_200_000;
    const target = normaliseTarget(`/${randomText(random, "path")}${randomQuery(random)}`, service === "s3");
    const headers = [
      "Accept",
      "application/json",
      "Content-Type",
      pick(random, ["text/plain", "a/b;  charset=utf-8 "]),
    ];
    if (chance(random, 0.3)) headers.push("X-Amz-Meta-Zoo", "a  b", "x-amz-acl", "private");
    const body = chance(random, 0.5) ? undefined : Buffer.from(randomText(random, "path"));
    const request = { method: pick(random, ["GET", "POST", "PUT"]), target, host: "h.amazonaws.com", headers, body };
    const expected = await signedBySdk(
      { ...request, headers: [...headers] },
      { service, region, credentials: keys, nowMs: at },
    );
    new RequestSigner({ service, region }).sign(request, keys, at);
    assert.equal(headerOf(headers, "authorization"), expected, `seed ${seed}, round ${round}: ${service} ${target}`);
  }
});

function randomText(random: Random, place: "path" | "query"): string {
  const parts = ["a", "B9", "-._~", "%20", "%2F", "%C3%A9", "$", ":", "@", ",", "!", "'", "(", ")", "*", ";", "key"];
  if (place === "path") parts.push("/", "//", "/./", "+", "=", "&");
  return Array.from({ length: below(random, 8) }, () => pick(random, parts)).join("");
}

function randomQuery(random: Random): string {
  if (chance(random, 0.3)) return "";
  const pairs = Array.from({ length: 1 + below(random, 4) }, () => {
    const name = `${pick(random, ["a", "A", "list-type", "x"])}${randomText(random, "query")}`;
    return chance(random, 0.2) ? name : `${name}=${randomText(random, "query")}`;
  });
  return `?${pairs.join("&")}`;
}

test("one signer makes the key anew for another day and for other credentials", () => {
  const request = (): SignableRequest => ({ method: "GET", target: "/", host: "h", headers: [], body: undefined });
  const other: Credentials = { ...credentials, secretAccessKey: "other" };
  const warm = new RequestSigner({ service: "sqs", region: "eu-west-1" });
  const days: [Credentials, number][] = [
    [credentials, nowMs],
    [credentials, nowMs + 86_400_000],
    [other, nowMs + 86_400_000],
    [credentials, nowMs],
  ];
  for (const [keys, at] of days) {
    const [got, wanted] = [request(), request()];
    warm.sign(got, keys, at);
    new RequestSigner({ service: "sqs", region: "eu-west-1" }).sign(wanted, keys, at);
    assert.deepEqual(got.headers, wanted.headers);
  }
});

test("a target is normalised to the one reading that all services share", () => {
  const cases: readonly (readonly [target: string, isS3: boolean, expected: string])[] = [
    ["/123456789012/queue", false, "/123456789012/queue"],
    ["/bucket/test%2Ftest.txt", true, "/bucket/test/test.txt"],
    ["/bucket%2Fother/key", true, "/bucket%2Fother/key"],
    ["/bucket/a+b c(1)*", true, "/bucket/a%2Bb%20c%281%29%2A"],
    ["/bucket/%zz", true, "/bucket/%25zz"],
    ["/a%2Fb", false, "/a%2Fb"],
    ["/?Action=SendMessage&MessageBody=a+b%7e", false, "/?Action=SendMessage&MessageBody=a%20b~"],
    ["/?acl&prefix=é", true, "/?acl&prefix=%C3%A9"],
    ["/?a=b=c", false, "/?a=b%3Dc"],
  ];
  for (const [target, isS3, expected] of cases) assert.equal(normaliseTarget(target, isS3), expected);
});
