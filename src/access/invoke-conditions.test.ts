import assert from "node:assert/strict";
import { test } from "node:test";
import { isInvokeKey, makeInvokeContext } from "./invoke-conditions.ts";
import { type Identity, type Principal, principalOfIdentity, principalOfSession } from "./principal.ts";

const identity = (kind: Identity["kind"], name: string, tags = {}): Identity => ({
  ...{ kind, name, tags, account: "111111111111", arn: `arn:aws:iam::111111111111:${kind}/${name}` },
  ...{ id: "AIDAEXAMPLE", path: "/", policies: [] },
});
const call = {
  ...{ sourceAddress: "192.0.2.7", userAgent: "curl/8", referer: undefined, isEncrypted: true },
  ...{ nowMs: Date.UTC(2026, 10, 20, 12), account: "222222222222", region: "eu-west-1" },
};
const vpcEndpoint = { id: "vpce-1", vpcId: undefined };
const user = principalOfIdentity(identity("user", "ann", { Team: "blue" }));
const role = identity("role", "r");
const session = principalOfSession(
  role,
  {
    ...{ kind: "assumed-role", issuerArn: role.arn, issuerId: role.id, name: "s", issuedAt: 1_795_000_000 },
    ...{ expiresAt: 1, tags: { project: "x" }, sourceIdentity: "eve" },
  },
  () => undefined,
)!;

// AWS: IAM User Guide, "AWS global condition context keys", "IAM policy elements: Variables and tags", Principal key values.
test("anonymous callers, users and sessions have the keys that AWS's tables name", () => {
  const rows: readonly (readonly [string, string | null, string | null, string | null])[] = [
    ["aws:principaltype", "Anonymous", "User", "AssumedRole"],
    ["aws:userid", "anonymous", "AIDAEXAMPLE", "AIDAEXAMPLE:s"],
    ["aws:username", null, "ann", null],
    ["aws:principalarn", null, "arn:aws:iam::111111111111:user/ann", "arn:aws:iam::111111111111:role/r"],
    ["aws:principalaccount", null, "111111111111", "111111111111"],
    ["aws:principaltag/team", null, "blue", null],
    ["aws:principaltag/project", null, null, "x"],
    ["aws:principalisawsservice", "false", "false", "false"],
    ["aws:tokenissuetime", null, null, "2026-11-18T11:06:40Z"],
    ["aws:sourceidentity", null, null, "eve"],
    ["aws:multifactorauthpresent", null, null, "false"],
    ["aws:multifactorauthage", null, null, null],
    ["aws:federatedprovider", null, null, null],
    ["aws:sourceip", "192.0.2.7", "192.0.2.7", "192.0.2.7"],
    ["aws:vpcsourceip", null, null, null],
    ["aws:sourcevpce", null, null, null],
    ["aws:useragent", "curl/8", "curl/8", "curl/8"],
    ["aws:referer", null, null, null],
    ["aws:securetransport", "true", "true", "true"],
    ["aws:currenttime", "2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z"],
    ["aws:epochtime", "1795176000", "1795176000", "1795176000"],
    ["aws:requestedregion", "eu-west-1", "eu-west-1", "eu-west-1"],
    ["aws:resourceaccount", "222222222222", "222222222222", "222222222222"],
    ["aws:requesttag/team", null, null, null],
    ["aws:tagkeys", null, null, null],
    ["aws:viaawsservice", "false", "false", "false"],
    ["aws:sourcearn", null, null, null],
  ];
  const principals: readonly (Principal | undefined)[] = [undefined, user, session];
  for (const [key, ...expected] of rows) {
    const found = principals.map((principal) => makeInvokeContext({ ...call, principal, vpcEndpoint: undefined })(key));
    assert.deepEqual(found, expected, key);
    assert.equal(isInvokeKey(key), true, key);
  }
});

test("a call through a VPC endpoint has its keys, and no address of the internet", () => {
  const context = makeInvokeContext({ ...call, principal: undefined, vpcEndpoint });
  assert.deepEqual(["aws:sourceip", "aws:vpcsourceip", "aws:sourcevpce", "aws:sourcevpc"].map(context), [
    null,
    "192.0.2.7",
    "vpce-1",
    undefined,
  ]);
});

test("a key that nobody here can know is known to lack for nobody", () => {
  for (const key of ["aws:principalorgid", "aws:resourcetag/x", "s3:prefix", "constructor", "__proto__"]) {
    for (const principal of [undefined, user, session]) {
      assert.equal(makeInvokeContext({ ...call, principal, vpcEndpoint })(key), undefined, key);
    }
    assert.equal(isInvokeKey(key), false, key);
  }
});
