import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { below, chance, makeRandom, pick, type Random, seedOr } from "../../test/random.ts";
import { signWithSdk } from "../../test/sdk-signer.ts";
import type { ReceivedRequest } from "./canonical-request.ts";
import type { Credentials } from "./request-signer.ts";
import { SigningKeys } from "./signing-key.ts";
import { readSignature, type SignatureProblem } from "./sigv4-signature.ts";
import { checkSignature, hashOfBody, type SignatureDemand, verifySignature } from "./sigv4-verify.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);
const host = "abc123.execute-api.us-east-1.localhost:4566";
const keys = new SigningKeys();

interface SentRequest extends ReceivedRequest {
  readonly body: Buffer;
}

/** Returns why the request is refused, as a service would that knows one key; undefined if it is accepted. */
function problemWith(
  request: SentRequest,
  demand: Partial<SignatureDemand & { secret: string }> = {},
): SignatureProblem | undefined {
  const { secret = credentials.secretAccessKey, ...rest } = demand;
  const reading = readSignature(request.target, (name) => {
    const values = request.rawHeaders.filter(
      (_, index) => index % 2 === 1 && request.headerNames[(index - 1) / 2] === name,
    );
    return values.length === 0 ? undefined : values.join(", ");
  });
  if (reading.kind === "broken") return reading.problem;
  if (reading.kind !== "signature") return { code: "IncompleteSignatureException", message: reading.kind };
  const check = checkSignature(reading.signature, request, {
    service: "execute-api",
    region: "us-east-1",
    nowMs,
    ...rest,
  });
  if (check.kind === "refused") return check.problem;
  const bodyHash = hashOfBody(request.body);
  if (check.payload.kind === "hash" && check.payload.hash !== bodyHash) {
    return { code: "InvalidSignatureException", message: "the body is another one" };
  }
  return verifySignature(request, check, { secret, keys, bodyHash });
}

const receive = (
  method: string,
  target: string,
  rawHeaders: readonly string[],
  body: Buffer = Buffer.alloc(0),
): SentRequest => ({
  method,
  target,
  rawHeaders,
  headerNames: rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()),
  body,
});

/** Texts of received requests hold bytes. */
const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

const unreserved = ["a", "Z", "0", "-", ".", "_", "~"];
const pathParts = [
  ...unreserved,
  "%20",
  "%2F",
  "%25",
  "%C3%A9",
  "$",
  ":",
  "@",
  ",",
  "!",
  "'",
  "(",
  ")",
  "*",
  ";",
  "+",
  "=",
  "&",
];
const texts = [...unreserved, " ", "+", "/", "%", "&", "=", ";", "{", "}", "é", "日", "😀", "*", "'", "(", "\t", "\n"];
const text = (random: Random, parts: readonly string[], max = 6): string =>
  Array.from({ length: below(random, max) }, () => pick(random, parts)).join("");
const oddCase = (random: Random, name: string): string =>
  [...name].map((letter) => (chance(random, 0.5) ? letter.toUpperCase() : letter)).join("");

async function randomRequest(random: Random, keysOfCaller: Credentials): Promise<SentRequest> {
  const method = pick(random, ["GET", "POST", "DELETE", "PATCH"]);
  const segments = Array.from({ length: below(random, 5) }, () =>
    pick(random, ["", ".", "..", "x", text(random, pathParts)]),
  );
  const query: Record<string, string[]> = {};
  for (let count = below(random, 4); count > 0; count--) {
    query[`q${text(random, texts)}`] = Array.from({ length: 1 + below(random, 3) }, () => text(random, texts));
  }
  const headers: Record<string, string> = { "content-type": "text/plain;  charset=utf-8" };
  if (chance(random, 0.5)) headers["x-amz-meta"] = `${text(random, ["a", " ", "  ", '"', "é"])}a`;
  if (chance(random, 0.5)) headers["my-header"] = "a  b   c,d";
  const body = chance(random, 0.5) ? Buffer.from(text(random, texts, 40)) : Buffer.alloc(0);
  const signed = await signWithSdk(
    { method, host, path: `/prod/${segments.join("/")}`, query, headers, body },
    {
      credentials: keysOfCaller,
      nowMs,
      hasChecksum: chance(random, 0.5),
      ...(chance(random, 0.3) && { expiresIn: 900 }),
    },
  );
  const sent = Object.entries(signed.headers).map(([name, value]) => [oddCase(random, name), latin1(value)]);
  sent.sort(() => random() - 0.5);
  return receive(method, signed.target, ["User-Agent", "x", ...sent.flat()], body);
}

test("2,000 random requests that AWS's SDK signs are accepted; one that was changed is not", async () => {
  const seed = seedOr(20_261_120);
  const random = makeRandom(seed);
  for (let round = 0; round < 2_000; round++) {
    const caller = chance(random, 0.3) ? { ...credentials, sessionToken: "IQoJb3JpZ2luX2Vj/token==" } : credentials;
    const request = await randomRequest(random, caller);
    const name = `seed ${seed}, round ${round}: ${request.method} ${request.target} ${request.rawHeaders.join("|")}`;
    assert.equal(problemWith(request), undefined, name);
    const changed = changeOf(random, request);
    assert.equal(
      problemWith(changed)?.code,
      "InvalidSignatureException",
      `${name} ⇒ ${changed.target} ${changed.rawHeaders.join("|")}`,
    );
    assert.equal(problemWith(request, { secret: "another" })?.code, "InvalidSignatureException", name);
  }
});

/** Changes one thing that is signed. */
function changeOf(random: Random, request: SentRequest): SentRequest {
  const { method, target, rawHeaders, body } = request;
  const change = pick(random, ["method", "path", "query", "header", "body"] as const);
  switch (change) {
    case "method":
      return receive(`${method}X`, target, rawHeaders, body);
    case "path":
      return receive(method, target.replace(/\?|$/, "/y$&"), rawHeaders, body);
    case "query":
      return receive(method, `${target}${target.includes("?") ? "&" : "?"}z=1`, rawHeaders, body);
    case "header":
      return receive(
        method,
        target,
        rawHeaders.map((value, index) =>
          index % 2 === 1 && request.headerNames[(index - 1) / 2] === "host" ? `${value}0` : value,
        ),
        body,
      );
    case "body":
      return receive(method, target, rawHeaders, Buffer.concat([body, Buffer.from("!")]));
  }
}

/** A request of SDK's with its parts to change. */
async function signed(
  change: { target?: string; headers?: Record<string, string>; with?: Partial<Parameters<typeof signWithSdk>[1]> } = {},
): Promise<{ readonly target: string; readonly headers: Record<string, string> }> {
  return signWithSdk(
    { method: "GET", host, path: change.target ?? "/prod/pets", headers: change.headers ?? {} },
    { credentials, nowMs, hasChecksum: false, ...change.with },
  );
}

const flat = (headers: Record<string, string>): string[] => Object.entries(headers).flat();

describe("a signature's time", () => {
  const at = async (offsetMs: number): Promise<string | undefined> => {
    const { target, headers } = await signed({ with: { nowMs: nowMs + offsetMs } });
    return problemWith(receive("GET", target, flat(headers)))?.message;
  };
  it("may differ by five minutes", async () => {
    for (const offset of [0, 299_000, 300_000, -299_000, -300_000])
      assert.equal(await at(offset), undefined, `${offset}`);
    assert.equal(
      await at(-301_000),
      "Signature expired: 20261120T115459Z is now earlier than 20261120T115500Z (20261120T120000Z - 5 min.)",
    );
    assert.equal(
      await at(301_000),
      "Signature not yet current: 20261120T120501Z is still later than 20261120T120500Z (20261120T120000Z + 5 min.)",
    );
  });

  it("of a presigned query counts for X-Amz-Expires, seven days at most", async () => {
    const presigned = async (
      expiresIn: number,
      offsetMs: number,
      change = (target: string): string => target,
    ): Promise<string | undefined> => {
      const { target, headers } = await signed({ with: { expiresIn, nowMs: nowMs + offsetMs } });
      return problemWith(receive("GET", change(target), flat(headers)))?.message;
    };
    assert.equal(await presigned(604_800, -604_800_000), undefined);
    assert.equal(
      await presigned(900, -901_000),
      "Signature expired: 20261120T114459Z is now earlier than 20261120T114500Z (20261120T120000Z - 900 sec.)",
    );
    assert.match((await presigned(900, 301_000)) ?? "", /^Signature not yet current: /);
    for (const [wrong, message] of [
      ["604801", /must be less than a week/],
      ["999999999", /must be less than a week/],
      ["-1", /should be a number/],
      ["1e3", /should be a number/],
      ["", /should be a number/],
    ] as const) {
      const replaced = (target: string): string => target.replace("X-Amz-Expires=900", `X-Amz-Expires=${wrong}`);
      assert.match((await presigned(900, 0, replaced)) ?? "", message, wrong);
    }
    const without = (target: string): string => target.replace("&X-Amz-Expires=900", "");
    assert.match((await presigned(900, -301_000, without)) ?? "", /^Signature expired: .* - 5 min\.\)$/);
  });

  it("has ISO 8601's basic form, or that of the header Date", async () => {
    const { target, headers } = await signed();
    const withTime = (name: string, time: string): SentRequest => {
      const { "x-amz-date": _, ...rest } = headers;
      return receive("GET", target, [...flat(rest), name, time]);
    };
    for (const wrong of [
      "20261120",
      "2026-11-20T12:00:00Z",
      "20261120T120000",
      "20261399T120000Z",
      "20261120T126000Z",
      "x".repeat(999),
    ]) {
      const problem = problemWith(withTime("X-Amz-Date", wrong));
      assert.equal(problem?.code, "IncompleteSignatureException");
      assert.match(problem.message, /^Date must be in ISO-8601 'basic format'\. Got '.{0,64}'\. See /);
    }
    const both = receive("GET", target, [...flat(headers), "X-Amz-Date", "20261120T120000Z"]);
    assert.match(problemWith(both)?.message ?? "", /^Date must be/);
    // The time is in what is signed, so it may stand in either header.
    assert.match(
      problemWith(withTime("Date", "Fri, 20 Nov 2026 12:00:00 GMT"))?.message ?? "",
      /does not match the signature/,
    );
    assert.match(
      problemWith(withTime("Date", "Fri, 20 Nov 2026 11:00:00 GMT"))?.message ?? "",
      /^Signature expired: 20261120T110000Z/,
    );
    const { "x-amz-date": _, ...none } = headers;
    assert.equal(
      problemWith(receive("GET", target, flat(none)))?.message,
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    );
  });
});

describe("a credential", () => {
  const scoped = async (change: (credential: string) => string): Promise<SignatureProblem | undefined> => {
    const { target, headers } = await signed();
    const authorization = headers["authorization"]!.replace(/Credential=[^,]*/, change);
    return problemWith(receive("GET", target, flat({ ...headers, authorization })));
  };

  it("has to be for the region, the service, the terminator and the day", async () => {
    for (const [from, to, message] of [
      ["us-east-1", "eu-west-1", "Credential should be scoped to a valid region, not 'eu-west-1'. "],
      ["us-east-1", "US-EAST-1", "Credential should be scoped to a valid region, not 'US-EAST-1'. "],
      ["execute-api", "apigateway", "Credential should be scoped to correct service: 'execute-api'. "],
      ["aws4_request", "aws4", "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4'. "],
      [
        "20261120",
        "20261119",
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
          "'20261119' != '20261120', from '20261120T120000Z'.",
      ],
    ] as const) {
      const problem = await scoped((credential) => credential.replace(from, to));
      assert.deepEqual([problem?.code, problem?.message], ["InvalidSignatureException", message]);
    }
    const all = await scoped(() => "Credential=a/b/c/d/e");
    assert.match(
      all?.message ?? "",
      /^Credential .* region, not 'c'\. Credential .* service: .* terminator: .* Date in Credential/,
    );
  });

  it("has five parts and a key", async () => {
    for (const credential of [
      "a",
      "a/b/c/d",
      "a/b/c/d/e/f",
      "//////",
      "a/20261120/us-east-1/execute-api/aws4_request/",
    ]) {
      const problem = await scoped(() => `Credential=${credential}`);
      assert.equal(problem?.code, "IncompleteSignatureException");
      assert.match(problem.message, /^Credential must have exactly 5 slash-delimited elements, .*, got '/);
    }
    const scope = "20261120/us-east-1/execute-api/aws4_request";
    for (const key of ["", "A".repeat(129)]) {
      assert.equal((await scoped(() => `Credential=${key}/${scope}`))?.code, "UnrecognizedClientException");
    }
  });

  it("of SigV4a is refused by name", async () => {
    const { target, headers } = await signed();
    const authorization = headers["authorization"]!.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256");
    const problem = problemWith(receive("GET", target, flat({ ...headers, authorization })));
    assert.deepEqual(
      [problem?.code, problem?.message],
      [
        "IncompleteSignatureException",
        "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now). ",
      ],
    );
    assert.match(problem?.hint ?? "", /SigV4a/);
  });
});

describe("signed headers", () => {
  it("have to name the host and all of x-amz-, but those that are added after signing", async () => {
    const { target, headers } = await signed();
    const unsignedHost = headers["authorization"]!.replace("host;", "");
    assert.equal(
      problemWith(receive("GET", target, flat({ ...headers, authorization: unsignedHost })))?.message,
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
    const added = (name: string): string | undefined =>
      problemWith(receive("GET", target, [...flat(headers), name, "Event"]))?.message;
    assert.equal(
      added("X-Amz-Invocation-Type"),
      "'x-amz-invocation-type' must be a 'SignedHeader' in the AWS Authorization.",
    );
    for (const name of ["X-Amz-Cf-Id", "X-Amzn-Trace-Id", "Accept"]) assert.equal(added(name), undefined, name);
    const presigned = await signed({ with: { expiresIn: 60 } });
    const withHeader = receive("GET", presigned.target, [...flat(presigned.headers), "x-amz-x", "1"]);
    assert.match(problemWith(withHeader)?.message ?? "", /^'x-amz-x' must be a 'SignedHeader'/);
  });

  it("may be in any order and case, and are read in the canonical one", async () => {
    const { target, headers } = await signed();
    const names = /SignedHeaders=([^,]*)/.exec(headers["authorization"]!)![1]!;
    const others = [names.toUpperCase(), names.split(";").reverse().join(";")];
    for (const other of others) {
      const authorization = headers["authorization"]!.replace(`SignedHeaders=${names}`, `SignedHeaders=${other}`);
      assert.equal(problemWith(receive("GET", target, flat({ ...headers, authorization }))), undefined, other);
    }
  });

  it("that come twice count with all their values", async () => {
    const { target, headers } = await signed({ headers: { "x-amz-tag": "a,b" } });
    const { "x-amz-tag": _, ...rest } = headers;
    const twice = (...values: string[]): SentRequest =>
      receive("GET", target, [...flat(rest), ...values.flatMap((value) => ["X-Amz-Tag", value])]);
    assert.equal(problemWith(twice("a", "b")), undefined);
    for (const values of [["b", "a"], ["a"], ["a", "b", "c"], []]) {
      assert.match(problemWith(twice(...values))?.message ?? "", /does not match the signature/, values.join());
    }
  });

  it("are bounded", async () => {
    const { target, headers } = await signed();
    const authorization = headers["authorization"]!.replace("SignedHeaders=", `SignedHeaders=${"a;".repeat(300)}`);
    assert.equal(
      problemWith(receive("GET", target, flat({ ...headers, authorization })))?.message,
      "SignedHeaders has too many names.",
    );
  });
});

describe("an Authorization header", () => {
  const refusal = (...authorization: string[]): SignatureProblem | undefined =>
    problemWith(receive("GET", "/", ["Host", host, ...authorization.flatMap((value) => ["Authorization", value])]));
  const hashed = /\(Hashed with SHA-256 and encoded with Base64\) Authorization=[A-Za-z0-9+/]{43}=$/;

  it("without its parameters is told which are missing, and not shown", () => {
    for (const [value, missing] of [
      ["AWS4-HMAC-SHA256", ["Credential", "Signature", "SignedHeaders"]],
      ["AWS4-HMAC-SHA256 Credential=a", ["Signature", "SignedHeaders"]],
      ["AWS4-HMAC-SHA256 Credential=, Signature=b, SignedHeaders=c", ["Credential"]],
      ["AWS4-HMAC-SHA256 credential=a, Signature=b, SignedHeaders=c", ["Credential"]],
    ] as const) {
      const { code, message } = refusal(value)!;
      assert.equal(code, "IncompleteSignatureException");
      assert.equal(
        message.replace(hashed, ""),
        `${missing.map((name) => `Authorization header requires '${name}' parameter. `).join("")}` +
          "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ",
      );
      assert.match(message, hashed);
    }
  });

  it("that is no list of pairs, or has a parameter twice, is refused", async () => {
    const { headers } = await signed();
    const whole = headers["authorization"]!;
    for (const values of [
      ["AWS4-HMAC-SHA256 Credential"],
      [whole, "Bearer x"],
      ["Basic eA==", whole],
      [whole, "Basic eA=="],
      [whole, whole],
      [`${whole}, Signature=0`],
      [`${whole}, SignedHeaders=host`],
    ]) {
      assert.equal(refusal(...values)?.code, "IncompleteSignatureException", values.join(" + "));
    }
  });

  it("and a presigned query are not both accepted, nor are parameters that come twice", async () => {
    const header = await signed();
    const query = await signed({ with: { expiresIn: 60 } });
    const both = receive("GET", query.target, flat(header.headers));
    assert.match(problemWith(both)?.message ?? "", /^Found both 'X-Amz-Algorithm'/);
    assert.equal(problemWith(receive("GET", query.target, ["Host", host])), undefined);
    for (const name of ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date"]) {
      const value = new URLSearchParams(query.target.split("?")[1]).get(name)!;
      const twice = receive("GET", `${query.target}&${name}=${encodeURIComponent(value)}`, ["Host", host]);
      assert.equal(problemWith(twice)?.code, "IncompleteSignatureException", name);
      const without = receive(
        "GET",
        query.target
          .replace(new RegExp(`[?&]${name}=[^&]*`), "?x=1")
          .replace("?", "?")
          .replaceAll(/\?(?=.*\?)/g, "?"),
        ["Host", host],
      );
      assert.ok(problemWith(without), name);
    }
  });
});

describe("a query", () => {
  it("is signed as it is read: a plus is a blank, and a semicolon separates", async () => {
    const { headers } = await signWithSdk(
      { method: "GET", host, path: "/p", query: { a: ["1 2", "3"], b: "" } },
      { credentials, nowMs, hasChecksum: false },
    );
    const accepts = (target: string): boolean => problemWith(receive("GET", target, flat(headers))) === undefined;
    for (const target of ["/p?a=1%202&a=3&b=", "/p?a=1+2&a=3&b", "/p?b;a=3;a=%31%202", "/p?&a=3&&a=1+2&b="])
      assert.ok(accepts(target), target);
    for (const target of ["/p?a=1%2B2&a=3&b=", "/p?a=1+2&a=3", "/p?a=1+2&a=3&b=&b=", "/p?a=1+2%3Ba=3&b", "/p"]) {
      assert.ok(!accepts(target), target);
    }
  });
});

describe("a body", () => {
  const body = Buffer.from("hello");
  const post = async (headers: Record<string, string>, hasChecksum = false): Promise<SentRequest> => {
    const request = await signWithSdk(
      { method: "POST", host, path: "/", headers, body },
      { credentials, nowMs, hasChecksum },
    );
    return receive("POST", request.target, flat(request.headers), body);
  };

  it("may be left unsigned, if the signature says so", async () => {
    const unsigned = await post({ "x-amz-content-sha256": "UNSIGNED-PAYLOAD" });
    assert.equal(problemWith(unsigned), undefined);
    assert.equal(problemWith({ ...unsigned, body: Buffer.from("other") }), undefined);
    // A header that was not signed does not unsign a body.
    const signedBody = await post({});
    const claimed = receive("POST", "/", [...signedBody.rawHeaders, "X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"], body);
    assert.match(problemWith(claimed)?.message ?? "", /'x-amz-content-sha256' must be a 'SignedHeader'/);
  });

  it("of another form is refused", async () => {
    for (const form of [
      "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
      "STREAMING-X",
      "unsigned-payload",
      "E".repeat(64),
      "0",
      "",
    ]) {
      const problem = problemWith(await post({ "x-amz-content-sha256": form }));
      assert.equal(problem?.code, "InvalidSignatureException", form);
    }
  });
});

test("the refusal of a wrong signature shows what should have been signed, without secrets", async () => {
  const caller = { ...credentials, sessionToken: "SECRET-TOKEN" };
  const { target, headers } = await signWithSdk(
    {
      method: "GET",
      host,
      path: "/prod/p%C3%A9ts",
      query: { b: "2", access_token: "SECRET-QUERY" },
      headers: { "x-api-key": "SECRET-KEY", cookie: "SECRET-COOKIE", "x-name": "é" },
    },
    { credentials: caller, nowMs, hasChecksum: false },
  );
  const sent = Object.entries(headers).flatMap(([name, value]) => [name, latin1(value)]);
  const problem = problemWith(receive("GET", target, sent), { secret: "another" });
  assert.equal(
    problem?.message,
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
      "signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have " +
      "been\n'GET\n/prod/p%25C3%25A9ts\naccess_token=***&b=2\ncookie:***\n" +
      `host:${host}\nx-amz-date:20261120T120000Z\nx-amz-security-token:***\nx-api-key:***\nx-name:é\n\n` +
      "cookie;host;x-amz-date;x-amz-security-token;x-api-key;x-name\n" +
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\nThe String-to-Sign should have been\n" +
      `'AWS4-HMAC-SHA256\n20261120T120000Z\n20261120/us-east-1/execute-api/aws4_request\n${/[0-9a-f]{64}(?='\n$)/.exec(problem?.message ?? "")?.[0]}'\n`,
  );
});

test("a signature of the wrong length, case or alphabet is refused", async () => {
  const { target, headers } = await signed();
  const whole = headers["authorization"]!;
  const signature = /Signature=(.*)$/.exec(whole)![1]!;
  for (const wrong of [
    signature.slice(1),
    `${signature}0`,
    signature.toUpperCase(),
    signature.slice(0, 63),
    "x",
    "0".repeat(10_000),
  ]) {
    const authorization = whole.replace(signature, wrong);
    assert.match(
      problemWith(receive("GET", target, flat({ ...headers, authorization })))?.message ?? "",
      /does not match/,
      wrong,
    );
  }
});
