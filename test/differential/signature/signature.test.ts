// Each .txt here: a head that names the source, then cases, each after a line `==========`: its name, a signed request, a
// line `----------`, and the canonical request.
import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalRequest, type ReceivedRequest } from "../../../src/access/canonical-request.ts";
import { SigningKeys } from "../../../src/access/signing-key.ts";
import { readSignature } from "../../../src/access/sigv4-signature.ts";
import { checkSignature, hashOfBody, verifySignature } from "../../../src/access/sigv4-verify.ts";
import { readHeadedCases } from "../../cases/headed-cases.ts";

const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/** Cases that can't come in, or contradict themselves, with the reason. */
const left: Readonly<Record<string, string>> = {
  "get-header-value-multiline": "the codec refuses folded headers, as RFC 9112 §5.2 lets it",
  "query: post-sts-header-after": "it has a token that is not signed, which only AWS IoT accepts in a query",
  "double-encode-path": "its canonical request has another time than its header",
};

for (const { name: place, cases } of readHeadedCases(import.meta.dirname)) {
  for (const { input, expected } of cases) {
    const [name = "", ...lines] = input.split("\n");
    const skip = left[name] ?? left[`${place}: ${name}`];
    test(`AWS's SigV4 test suite, signature in the ${place}: ${name}`, { skip }, () => {
      const { request, body, header } = parse(lines);
      const reading = readSignature(request.target, header);
      assert.ok(reading.kind === "signature");
      const { time = "", credential } = reading.signature;
      const nowMs = Date.parse(time.replace(/(....)(..)(..T..)(..)(..Z)/, "$1-$2-$3:$4:$5"));
      const [, , region = "", service = ""] = credential.split("/");
      const check = checkSignature(reading.signature, request, { service, region, nowMs });
      assert.ok(check.kind === "plausible", JSON.stringify(check));
      const bodyHash = hashOfBody(body);
      assert.equal(verifySignature(request, check, { secret, keys: new SigningKeys(), bodyHash }), undefined);
      const { signedHeaders, isPresigned, payload } = check;
      const hash = payload.kind === "hash" ? payload.hash : bodyHash;
      assert.equal(canonicalRequest(request, { signedHeaders, isPresigned, payload: hash }), latin1(expected));
    });
  }
}

/** Texts of received requests hold bytes. */
const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

function parse([requestLine = "", ...lines]: readonly string[]): {
  readonly request: ReceivedRequest;
  readonly body: Buffer;
  readonly header: (name: string) => string | undefined;
} {
  const method = requestLine.slice(0, requestLine.indexOf(" "));
  const target = latin1(requestLine.slice(method.length + 1).replace(/ HTTP\/1\.1$/, ""));
  const end = lines.includes("") ? lines.indexOf("") : lines.length;
  const rawHeaders = lines.slice(0, end).flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), latin1(line.slice(colon + 1).trim())];
  });
  const headerNames = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  const header = (name: string): string | undefined => {
    const values = rawHeaders.filter((_, index) => index % 2 === 1 && headerNames[(index - 1) / 2] === name);
    return values.length === 0 ? undefined : values.join(", ");
  };
  return {
    request: { method, target, rawHeaders, headerNames },
    body: Buffer.from(lines.slice(end + 1).join("\n")),
    header,
  };
}
