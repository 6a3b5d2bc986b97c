// Custom domain names, their base path mappings and access associations.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { makeRestManagement, type RestManagement } from "../../../test/rest-management.ts";
import { makeSelfSignedCertificate } from "./self-signed-certificate.ts";

let management: RestManagement;
before(() => {
  management = makeRestManagement({ publicDomainNames: 3, accessAssociations: 1 });
});
after(() => management.close());
beforeEach(() => management.store.reset());

const edgeArn = "arn:aws:acm:us-east-1:123456789012:certificate/edge";
const otherEdgeArn = "arn:aws:acm:us-east-1:123456789012:certificate/edge2";
const regionalArn = "arn:aws:acm:us-east-1:123456789012:certificate/regional";
const edge = { domainName: "api.example.com", certificateArn: edgeArn };
const regional = {
  domainName: "api.example.com",
  regionalCertificateArn: regionalArn,
  endpointConfiguration: { types: ["REGIONAL"] },
};
const privateName = {
  domainName: "private.example.com",
  certificateArn: edgeArn,
  endpointConfiguration: { types: ["PRIVATE"] },
};
const policy = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "execute-api:Invoke", Resource: "*" }],
};
const path = "/domainnames/api.example.com";
const unknown = "Invalid domain name identifier specified";

type Operation = { readonly op: string; readonly path: string; readonly value?: string };
const patch = (...patchOperations: Operation[]) => ({ patchOperations });
const replace = (at: string, value: string) => patch({ op: "replace", path: at, value });

/** An API with a stage `dev`. */
async function anApi(type = "EDGE"): Promise<string> {
  const endpointConfiguration = { types: [type] };
  // No private API is deployed without a policy.
  const policy =
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}}';
  const made = await management.call("POST /restapis", { name: "mapped", endpointConfiguration, policy });
  const { id, rootResourceId } = made;
  const resource = `/restapis/${id}/resources/${rootResourceId}/methods/GET`;
  await management.call(`PUT ${resource}`, { authorizationType: "NONE" });
  await management.call(`PUT ${resource}/integration`, { type: "MOCK" });
  await management.call(`POST /restapis/${id}/deployments`, { stageName: "dev" });
  return id;
}

describe("domain names", () => {
  it("of EDGE have a distribution", async () => {
    const made = await management.call("POST /domainnames", { ...edge, tags: { a: "1" } });
    const { distributionDomainName, ...rest } = made;
    assert.match(distributionDomainName, /^d[a-z0-9]{13}\.cloudfront\.net$/);
    assert.deepEqual(rest, {
      domainName: "api.example.com",
      domainNameArn: "arn:aws:apigateway:us-east-1::/domainnames/api.example.com",
      certificateArn: edgeArn,
      certificateUploadDate: 1_700_000_000,
      distributionHostedZoneId: "Z2FDTNDATAQYW2",
      domainNameStatus: "AVAILABLE",
      endpointConfiguration: { types: ["EDGE"], ipAddressType: "ipv4" },
      routingMode: "BASE_PATH_MAPPING_ONLY",
      securityPolicy: "TLS_1_2",
      tags: { a: "1" },
    });
    assert.deepEqual(await management.call(`GET ${path}`), made);
    assert.deepEqual(await management.call("GET /domainnames"), { item: [made] });
    assert.deepEqual(await management.call("GET /domainnames?resourceOwner=SELF"), { item: [made] });
    assert.deepEqual(await management.call("GET /domainnames?resourceOwner=OTHER_ACCOUNTS"), { item: [] });
    await management.call(`DELETE ${path}`);
    await management.refuses(`GET ${path}`, undefined, 404, unknown);
    await management.refuses(`DELETE ${path}`, undefined, 404, unknown);
    for (const kind of ["domain-name", "domain-name-claim"]) assert.deepEqual(await management.store.all(kind), []);
  });

  it("of REGIONAL have a target in the region, and its zone", async () => {
    const made = await management.call(
      "POST /domainnames",
      {
        ...regional,
        regionalCertificateArn: regionalArn.replace("us-east-1", "eu-west-1"),
        mutualTlsAuthentication: { truststoreUri: "s3://bucket/ca.pem" },
        ownershipVerificationCertificateArn: edgeArn.replace("us-east-1", "eu-west-1"),
      },
      { region: "eu-west-1" },
    );
    assert.match(made.regionalDomainName, /^d-[a-z0-9]{10}\.execute-api\.eu-west-1\.amazonaws\.com$/);
    assert.equal(made.regionalHostedZoneId, "ZLY8HYME6SFDD");
    assert.deepEqual(made.mutualTlsAuthentication, { truststoreUri: "s3://bucket/ca.pem" });
    assert.equal(made.distributionDomainName, undefined);
    assert.equal(made.certificateUploadDate, undefined);
  });

  it("of PRIVATE are told apart by ids, and need them", async () => {
    const made = await management.call("POST /domainnames", {
      ...privateName,
      policy: JSON.stringify(policy, null, 2),
    });
    assert.match(made.domainNameId, /^[a-z0-9]{10}$/);
    assert.equal(
      made.domainNameArn,
      `arn:aws:apigateway:us-east-1:123456789012:/domainnames/private.example.com+${made.domainNameId}`,
    );
    assert.deepEqual(made.endpointConfiguration, { types: ["PRIVATE"], ipAddressType: "dualstack" });
    assert.equal(made.policy, JSON.stringify(policy));
    const other = await management.call("POST /domainnames", privateName);
    assert.notEqual(other.domainNameId, made.domainNameId);
    const at = "/domainnames/private.example.com";
    assert.deepEqual(await management.call(`GET ${at}?domainNameId=${made.domainNameId}`), made);
    await management.refuses(`GET ${at}`, undefined, 404, unknown);
    await management.refuses(`GET ${at}?domainNameId=0000000000`, undefined, 404, unknown);
    await management.refuses(`GET ${at}%2B${made.domainNameId}`, undefined, 404, unknown);
    const changed = await management.call(
      `PATCH ${at}?domainNameId=${made.domainNameId}`,
      patch(
        { op: "replace", path: "/policy", value: "" },
        { op: "replace", path: "/managementPolicy", value: JSON.stringify(policy) },
      ),
    );
    assert.equal(changed.policy, undefined);
    assert.equal(changed.managementPolicy, JSON.stringify(policy));
    await management.call(`DELETE ${at}?domainNameId=${made.domainNameId}`);
    assert.equal((await management.call("GET /domainnames")).item.length, 1);
  });

  it("of one account may cover each other, and those of another account may not", async () => {
    const other = { account: "210987654321" };
    const covered = /^The domain name you provided conflicts with a domain name of another account\.$/;
    const wildcard = { ...edge, domainName: `*${edge.domainName.slice(edge.domainName.indexOf("."))}` };
    await management.call("POST /domainnames", edge);
    await management.refuses("POST /domainnames", wildcard, 400, covered, other);
    await management.call("POST /domainnames", wildcard);
    await management.call(`DELETE ${path}`);
    await management.refuses("POST /domainnames", edge, 400, covered, other);
    await management.call("POST /domainnames", { ...edge, domainName: `a.${edge.domainName}` }, other);
    await management.call(`DELETE /domainnames/${encodeURIComponent(wildcard.domainName)}`);
    await management.call("POST /domainnames", edge, other);
  });

  it("are unique everywhere", async () => {
    const exists = "The domain name you provided already exists.";
    await management.call("POST /domainnames", edge);
    await management.refuses("POST /domainnames", edge, 400, exists);
    await management.refuses("POST /domainnames", edge, 400, exists, { account: "210987654321" });
    await management.refuses("POST /domainnames", edge, 400, exists, { region: "eu-west-1" });
    await management.refuses(`GET ${path}`, undefined, 404, unknown, { account: "210987654321" });
    await management.call(`DELETE ${path}`);
    await management.call("POST /domainnames", edge, { account: "210987654321" });
  });

  it("are refused where name, certificate or settings do not fit", async () => {
    for (const [input, message] of [
      [{ ...edge, domainName: "localhost" }, /^Invalid domain name specified/],
      [{ ...edge, domainName: "API.example.com" }, /^Invalid domain name specified/],
      [{ ...edge, domainName: "a.*.example.com" }, /^Invalid domain name specified/],
      [{ ...edge, domainName: `${"a".repeat(64)}.example.com` }, /^Invalid domain name specified/],
      [{ ...edge, domainName: "a.example.com+b" }, /^Invalid domain name specified/],
      [{ ...edge, domainName: "a/b.example.com" }, /^Invalid domain name specified/],
      [{ domainName: "a.example.com" }, /certificate is required for EDGE/],
      [{ domainName: "a.example.com", certificateName: "mine" }, /certificate is required for EDGE/],
      [{ ...regional, regionalCertificateArn: undefined, regionalCertificateName: "mine" }, /certificate is required/],
      [{ ...regional, certificateBody: "x" }, "Uploading certificates is not supported for REGIONAL."],
      [{ ...regional, regionalCertificateArn: undefined }, /certificate is required for REGIONAL/],
      [{ ...regional, regionalCertificateArn: undefined, certificateArn: edgeArn }, /certificate is required for REG/],
      [{ ...privateName, certificateArn: undefined }, /certificate is required for PRIVATE/],
      [{ ...edge, certificateArn: "mine" }, "Invalid ARN specified in the request"],
      [{ ...edge, endpointConfiguration: { types: ["EDGE", "REGIONAL"] } }, /Only one endpoint type/],
      [{ ...edge, endpointConfiguration: { types: ["EDGE"], vpcEndpointIds: ["vpce-1"] } }, /VPC endpoint ids/],
      [{ ...edge, mutualTlsAuthentication: { truststoreUri: "s3://b/k" } }, /only supported for REGIONAL/],
      [{ ...regional, mutualTlsAuthentication: { truststoreUri: "https://b/k" } }, /Invalid truststore URI/],
      [{ ...regional, securityPolicy: "TLS_1_0", mutualTlsAuthentication: { truststoreUri: "s3://b/k" } }, /TLS 1\.2/],
      [{ ...edge, policy: JSON.stringify(policy) }, /only supported for PRIVATE/],
      [{ ...privateName, policy: "{}" }, /^Invalid policy document/],
      [{ ...privateName, domainName: "*.example.com" }, /Wildcards/],
      [{ ...edge, securityPolicy: "TLS_9" }, /enum value set/],
    ] as const) {
      await management.refuses("POST /domainnames", input, 400, message);
    }
    const elsewhere = edgeArn.replace("us-east-1", "eu-west-1");
    await management.refuses(
      "POST /domainnames",
      { ...edge, certificateArn: elsewhere },
      400,
      `Invalid certificate ARN: ${elsewhere}. Certificate must be in 'us-east-1'.`,
    );
    assert.deepEqual(await management.call("GET /domainnames"), { item: [] });
    assert.deepEqual(await management.store.all("domain-name-claim"), []);
  });

  it("are at most as many as the limit says, wildcards among them", async () => {
    for (const domainName of ["*.example.com", "a.example.com", "b.example.com"]) {
      await management.call("POST /domainnames", { ...edge, domainName });
    }
    await management.refuses("POST /domainnames", edge, 429, /Maximum number of Domain Names/);
    await management.call("POST /domainnames", privateName);
    assert.equal((await management.call("GET /domainnames/*.example.com")).domainName, "*.example.com");
    assert.equal((await management.call("GET /domainnames/%2A.example.com")).domainName, "*.example.com");
    const { item, position } = await management.call("GET /domainnames?limit=3");
    const rest = await management.call(`GET /domainnames?limit=3&position=${position}`);
    assert.deepEqual([item.length, rest.item.length, rest.position], [3, 1, undefined]);
  });

  it("are tagged by their ARNs", async () => {
    const tagged = async (arn: string) => {
      const tags = `/tags/${encodeURIComponent(arn)}`;
      await management.call(`PUT ${tags}`, { tags: { a: "1", b: "2" } });
      await management.call(`DELETE ${tags}?tagKeys=a`);
      assert.deepEqual(await management.call(`GET ${tags}`), { tags: { b: "2" } });
    };
    await management.call("POST /domainnames", edge);
    await tagged("arn:aws:apigateway:us-east-1::/domainnames/api.example.com");
    assert.deepEqual((await management.call(`GET ${path}`)).tags, { b: "2" });
    const { domainNameArn } = await management.call("POST /domainnames", privateName);
    await tagged(domainNameArn);
    const association = await management.call("POST /domainnameaccessassociations", {
      domainNameArn,
      accessAssociationSourceType: "VPCE",
      accessAssociationSource: "vpce-0a1b2c3d",
    });
    await tagged(association.domainNameAccessAssociationArn);
    const missing = encodeURIComponent("arn:aws:apigateway:us-east-1::/domainnames/none.example.com");
    await management.refuses(`GET /tags/${missing}`, undefined, 404, unknown);
    const foreign = encodeURIComponent(domainNameArn.replace("123456789012", "210987654321"));
    await management.refuses(`GET /tags/${foreign}`, undefined, 400, "Invalid ARN specified in the request");
  });
});

describe("uploaded certificates", () => {
  const makePair = async () => {
    const times = { notBefore: 1_600_000_000, notAfter: 1_800_000_000 };
    const { certificate, privateKey } = await makeSelfSignedCertificate({ name: "api.example.com", ...times });
    return { certificate, key: privateKey };
  };

  it("are kept with their keys, and no answer has a key", async () => {
    const { key, certificate } = await makePair();
    const input = {
      domainName: "api.example.com",
      certificateName: "mine",
      certificateBody: certificate,
      certificateChain: certificate,
      certificatePrivateKey: key,
    };
    const made = await management.call("POST /domainnames", input);
    assert.equal(made.certificateName, "mine");
    assert.equal(made.certificateUploadDate, 1_700_000_000);
    const kept = await management.store.all<{ privateKey: string }>("domain-name-certificate");
    assert.equal(kept[0]!.body.privateKey, key);
    const [line] = key.split("\n").slice(1);
    for (const at of [`GET ${path}`, "GET /domainnames"]) {
      const text = await management.text(at);
      assert.ok(!text.includes(line!) && !text.includes("PRIVATE"), text);
    }
    await management.call(
      `PATCH ${path}`,
      patch({ op: "add", path: "/certificateArn", value: edgeArn }, { op: "remove", path: "certificateName" }),
    );
    assert.deepEqual(await management.store.all("domain-name-certificate"), []);
  });

  it("are refused with another pair's key, or half, without a word of the key", async () => {
    const { key, certificate } = await makePair();
    const input = { domainName: "api.example.com", certificateName: "mine", certificateBody: certificate };
    for (const more of [
      {},
      { certificatePrivateKey: (await makePair()).key },
      { certificatePrivateKey: "secret-key-text" },
      { certificatePrivateKey: key, certificateBody: "secret-key-text" },
      { certificatePrivateKey: key, certificateChain: "secret-key-text" },
      { certificatePrivateKey: key, certificateName: "" },
      { certificatePrivateKey: key, domainName: "no" },
    ]) {
      await management.refuses("POST /domainnames", { ...input, ...more }, 400, /^(?!.*(secret-key-text|BEGIN)).*$/s);
    }
    assert.deepEqual(await management.store.all("domain-name-certificate"), []);
  });
});

describe("changes of domain names", () => {
  it("migrate from EDGE to REGIONAL and back, as AWS's guide does", async () => {
    const made = await management.call("POST /domainnames", edge);
    const both = await management.call(
      `PATCH ${path}`,
      patch(
        { op: "add", path: "/endpointConfiguration/types", value: "REGIONAL" },
        { op: "add", path: "/regionalCertificateArn", value: regionalArn },
      ),
    );
    assert.deepEqual(both.endpointConfiguration.types, ["EDGE", "REGIONAL"]);
    assert.equal(both.distributionDomainName, made.distributionDomainName);
    assert.match(both.regionalDomainName, /^d-/);
    const moved = await management.call(
      `PATCH ${path}`,
      patch(
        { op: "remove", path: "/endpointConfiguration/types", value: "EDGE" },
        { op: "remove", path: "certificateName" },
        { op: "remove", path: "certificateArn" },
      ),
    );
    assert.deepEqual(moved.endpointConfiguration.types, ["REGIONAL"]);
    assert.equal(moved.regionalDomainName, both.regionalDomainName);
    assert.equal(moved.certificateArn, undefined);
    assert.equal(moved.distributionDomainName, undefined);
    await management.call(
      `PATCH ${path}`,
      patch(
        { op: "add", path: "/endpointConfiguration/types", value: "EDGE" },
        { op: "add", path: "/certificateName", value: "edge-cert" },
        { op: "add", path: "/certificateArn", value: edgeArn },
      ),
    );
    // The guide's REST sample names no type.
    const back = await management.call(
      `PATCH ${path}`,
      patch({ op: "remove", path: "/endpointConfiguration/types" }, { op: "remove", path: "/regionalCertificateArn" }),
    );
    assert.deepEqual(back.endpointConfiguration.types, ["EDGE"]);
    assert.equal(back.regionalDomainName, undefined);
    assert.equal(back.certificateName, "edge-cert");
  });

  it("replace the type in place, with the certificate that it needs", async () => {
    await management.call("POST /domainnames", edge);
    const refused = "/endpointConfiguration/types/0 Invalid request input";
    await management.refuses(`PATCH ${path}`, replace("/endpointConfiguration/types/0", "REGIONAL"), 400, refused);
    await management.refuses(`PATCH ${path}`, replace("/endpointConfiguration/types/0", "PRIVATE"), 400, refused);
    const moved = await management.call(
      `PATCH ${path}`,
      patch(
        { op: "replace", path: "/endpointConfiguration/types/EDGE", value: "REGIONAL" },
        { op: "replace", path: "/regionalCertificateArn", value: regionalArn },
      ),
    );
    assert.deepEqual(moved.endpointConfiguration.types, ["REGIONAL"]);
    assert.equal(moved.certificateArn, undefined);
    await management.refuses(
      `PATCH ${path}`,
      patch({ op: "remove", path: "/regionalCertificateArn" }),
      400,
      /required/,
    );
    await management.refuses(
      `PATCH ${path}`,
      patch({ op: "remove", path: "/endpointConfiguration/types" }),
      400,
      /types/,
    );
  });

  it("set the other members, all of them or none", async () => {
    await management.call("POST /domainnames", regional);
    const changed = await management.call(
      `PATCH ${path}`,
      patch(
        { op: "replace", path: "/securityPolicy", value: "SecurityPolicy_TLS13_1_3_2025_09" },
        { op: "replace", path: "/endpointAccessMode", value: "STRICT" },
        { op: "replace", path: "/endpointConfiguration/ipAddressType", value: "dualstack" },
        { op: "replace", path: "/routingMode", value: "ROUTING_RULE_ONLY" },
        { op: "replace", path: "/ownershipVerificationCertificateArn", value: regionalArn },
        { op: "replace", path: "/regionalCertificateName", value: "regional" },
        { op: "replace", path: "/mutualTlsAuthentication/truststoreUri", value: "s3://bucket/ca.pem" },
        { op: "replace", path: "/mutualTlsAuthentication/truststoreVersion", value: "v1" },
      ),
    );
    assert.deepEqual(
      [changed.securityPolicy, changed.endpointAccessMode, changed.routingMode, changed.regionalCertificateName],
      ["SecurityPolicy_TLS13_1_3_2025_09", "STRICT", "ROUTING_RULE_ONLY", "regional"],
    );
    assert.deepEqual(changed.endpointConfiguration, { types: ["REGIONAL"], ipAddressType: "dualstack" });
    assert.deepEqual(changed.mutualTlsAuthentication, { truststoreUri: "s3://bucket/ca.pem", truststoreVersion: "v1" });
    await management.refuses(
      `PATCH ${path}`,
      patch(
        { op: "replace", path: "/routingMode", value: "BASE_PATH_MAPPING_ONLY" },
        { op: "replace", path: "/nope", value: "" },
      ),
      400,
      /^Invalid patch path {2}'\/nope' specified for op 'replace'\. Must be one of: \[\/certificateArn, /,
    );
    await management.refuses(
      `PATCH ${path}`,
      replace("/policy", JSON.stringify(policy)),
      400,
      /only supported for PRIVATE/,
    );
    assert.deepEqual(await management.call(`GET ${path}`), changed);
    const off = await management.call(`PATCH ${path}`, replace("/mutualTlsAuthentication/truststoreUri", ""));
    assert.equal(off.mutualTlsAuthentication, undefined);
  });

  it("of a certificate move its date", async () => {
    await management.call("POST /domainnames", edge);
    management.clock.advance(5_000);
    const { certificateUploadDate } = await management.call(`PATCH ${path}`, replace("/certificateArn", otherEdgeArn));
    assert.equal(certificateUploadDate, 1_700_000_005);
  });
});

describe("base path mappings", () => {
  const mappings = `${path}/basepathmappings`;
  let restApiId: string;
  beforeEach(async () => {
    restApiId = await anApi();
    await management.call("POST /domainnames", regional);
  });

  it("live: create, get, list, change, delete", async () => {
    const made = await management.call(`POST ${mappings}`, { basePath: "v1", restApiId, stage: "dev" });
    assert.deepEqual(made, { basePath: "v1", restApiId, stage: "dev" });
    assert.deepEqual(await management.call(`GET ${mappings}/v1`), made);
    await management.call(`POST ${mappings}`, { basePath: "v2", restApiId });
    assert.deepEqual(await management.call(`GET ${mappings}`), { item: [made, { basePath: "v2", restApiId }] });
    const changed = await management.call(
      `PATCH ${mappings}/v1`,
      patch({ op: "replace", path: "/basePath", value: "v3" }, { op: "replace", path: "/stage", value: "" }),
    );
    assert.deepEqual(changed, { basePath: "v3", restApiId });
    const other = await anApi();
    assert.equal((await management.call(`PATCH ${mappings}/v3`, replace("/restapiId", other))).restApiId, other);
    const missing = "Invalid base path mapping identifier specified";
    await management.refuses(`GET ${mappings}/v1`, undefined, 404, missing);
    await management.call(`DELETE ${mappings}/v3`);
    await management.refuses(`DELETE ${mappings}/v3`, undefined, 404, missing);
  });

  it("with an empty base path are `(none)`, and alone", async () => {
    const only = "Only one base path mapping is allowed if the base path is empty.";
    assert.deepEqual(await management.call(`POST ${mappings}`, { restApiId }), { basePath: "(none)", restApiId });
    assert.equal((await management.call(`GET ${mappings}/(none)`)).basePath, "(none)");
    assert.equal((await management.call(`GET ${mappings}/%28none%29`)).basePath, "(none)");
    const exists = "Base path already exists for this domain name";
    await management.refuses(`POST ${mappings}`, { restApiId, basePath: "(none)" }, 409, exists);
    await management.refuses(`POST ${mappings}`, { restApiId, basePath: "v1" }, 409, only);
    await management.call(`PATCH ${mappings}/(none)`, replace("/basePath", "v1"));
    await management.refuses(`POST ${mappings}`, { restApiId, basePath: "" }, 409, only);
    await management.refuses(`POST ${mappings}`, { restApiId, basePath: "v1" }, 409, exists);
    assert.equal((await management.call(`PATCH ${mappings}/v1`, replace("/basePath", ""))).basePath, "(none)");
    await management.call(`DELETE ${mappings}/(none)`);
    assert.deepEqual(await management.call(`GET ${mappings}`), { item: [] });
  });

  it("name an API and a stage that there are, and a path of one segment", async () => {
    const input = { basePath: "v1", restApiId, stage: "dev" };
    const noApi = "Invalid API identifier specified 123456789012:none";
    await management.refuses(`POST ${mappings}`, { ...input, restApiId: "none" }, 404, noApi);
    const noStage = "Invalid stage identifier specified";
    await management.refuses(`POST ${mappings}`, { ...input, stage: "none" }, 400, noStage);
    await management.refuses(
      `POST ${mappings}`,
      { ...input, basePath: "a/b" },
      400,
      "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.",
    );
    await management.refuses(`POST ${mappings}`, { ...input, basePath: "a b" }, 400, /^Invalid base path/);
    await management.refuses("POST /domainnames/none.example.com/basepathmappings", input, 404, unknown);
    await management.refuses("GET /domainnames/none.example.com/basepathmappings", undefined, 404, unknown);
    await management.call(`POST ${mappings}`, input);
    await management.refuses(`PATCH ${mappings}/v1`, replace("/stage", "none"), 400, noStage);
    await management.refuses(`PATCH ${mappings}/v1`, replace("/restapiId", "none"), 404, noApi);
    await management.refuses(
      `PATCH ${mappings}/v1`,
      replace("/restApiId", restApiId),
      400,
      "Invalid patch path  '/restApiId' specified for op 'replace'. Must be one of: [/basePath, /restapiId, /stage]",
    );
    assert.deepEqual(await management.call(`GET ${mappings}/v1`), input);
  });

  it("keep their stage and API from being deleted", async () => {
    await management.call(`POST ${mappings}`, { basePath: "v1", restApiId, stage: "dev" });
    await management.refuses(
      `DELETE /restapis/${restApiId}/stages/dev`,
      undefined,
      400,
      "Deleting stage dev failed. Please remove all base path mappings related to the stage in your domains: api.example.com.",
    );
    await management.refuses(
      `DELETE /restapis/${restApiId}`,
      undefined,
      400,
      `Deleting RestApi ${restApiId} failed. Please remove all base path mappings related to the RestApi in your domains: api.example.com.`,
    );
    await management.call(`PATCH ${mappings}/v1`, replace("/stage", ""));
    await management.call(`DELETE /restapis/${restApiId}/stages/dev`);
    await management.call(`DELETE ${path}`);
    assert.deepEqual(await management.store.all("base-path-mapping"), []);
    await management.call(`DELETE /restapis/${restApiId}`);
  });

  it("of private domain names need the name's id, and lead to private APIs only, as those of others do not", async () => {
    const { domainNameId } = await management.call("POST /domainnames", privateName);
    const at = "/domainnames/private.example.com/basepathmappings";
    const byId = `${at}?domainNameId=${domainNameId}`;
    const hidden = await anApi("PRIVATE");
    await management.refuses(`POST ${at}`, { basePath: "v1", restApiId: hidden }, 404, unknown);
    await management.call(`POST ${byId}`, { basePath: "v1", restApiId: hidden });
    assert.equal((await management.call(`GET ${at}/v1?domainNameId=${domainNameId}`)).basePath, "v1");
    await management.refuses(`DELETE /restapis/${hidden}`, undefined, 400, /domains: private\.example\.com\.$/);
    await management.call(`DELETE ${at}/v1?domainNameId=${domainNameId}`);
    const onlyPrivate = "Only private REST APIs can be used with PRIVATE domain names";
    await management.refuses(`POST ${byId}`, { basePath: "v1", restApiId }, 400, onlyPrivate);
    const ofPrivate = "Private REST APIs can only be used with PRIVATE domain names";
    await management.refuses(`POST ${mappings}`, { basePath: "v1", restApiId: hidden }, 400, ofPrivate);
    await management.call(`POST ${mappings}`, { basePath: "v1", restApiId });
    await management.refuses(`PATCH ${mappings}/v1`, replace("/restapiId", hidden), 400, ofPrivate);
  });
});

describe("domain name access associations", () => {
  const associations = "/domainnameaccessassociations";
  const aSource = { accessAssociationSourceType: "VPCE", accessAssociationSource: "vpce-0a1b2c3d" };

  it("live: create, list, delete, reject", async () => {
    const { domainNameArn } = await management.call("POST /domainnames", privateName);
    const input = { ...aSource, domainNameArn };
    const made = await management.call(`POST ${associations}`, input);
    assert.deepEqual(made, {
      ...input,
      domainNameAccessAssociationArn:
        "arn:aws:apigateway:us-east-1:123456789012:/domainnameaccessassociations/domainname/private.example.com/vpcesource/vpce-0a1b2c3d",
    });
    assert.deepEqual(await management.call(`GET ${associations}`), { item: [made] });
    assert.deepEqual(await management.call(`GET ${associations}?resourceOwner=OTHER_ACCOUNTS`), { item: [] });
    await management.refuses(`POST ${associations}`, input, 409, /already exists/);
    const other = { ...input, accessAssociationSource: "vpce-1" };
    await management.refuses(`POST ${associations}`, other, 429, /Maximum number/);
    const arn = encodeURIComponent(made.domainNameAccessAssociationArn);
    await management.call(`DELETE ${associations}/${arn}`);
    await management.refuses(`DELETE ${associations}/${arn}`, undefined, 404, /identifier specified/);
    await management.call(`POST ${associations}`, input);
    const reject = (name: string) =>
      `POST /rejectdomainnameaccessassociations?domainNameAccessAssociationArn=${arn}&domainNameArn=${encodeURIComponent(name)}`;
    await management.refuses(reject("arn:none"), undefined, 404, unknown);
    await management.call(reject(domainNameArn));
    assert.deepEqual(await management.call(`GET ${associations}`), { item: [] });
  });

  it("are of private domain names of the account, and VPC endpoints", async () => {
    const { domainNameArn: publicArn } = await management.call("POST /domainnames", edge);
    const { domainNameArn } = await management.call("POST /domainnames", privateName);
    for (const arn of [publicArn, "none", domainNameArn.replace(/.$/, "_")]) {
      await management.refuses(
        `POST ${associations}`,
        { ...aSource, domainNameArn: arn },
        400,
        /^Invalid domain name ARN/,
      );
    }
    const foreign = { account: "210987654321" };
    await management.refuses(
      `POST ${associations}`,
      { ...aSource, domainNameArn },
      400,
      /^Invalid domain name ARN/,
      foreign,
    );
    const vpc = { ...aSource, domainNameArn, accessAssociationSource: "vpc-1" };
    await management.refuses(`POST ${associations}`, vpc, 400, /Must be a VPC endpoint id$/);
    await management.call(`POST ${associations}`, { ...aSource, domainNameArn });
    const { domainNameId } = (await management.call("GET /domainnames")).item[1];
    await management.call(`DELETE /domainnames/private.example.com?domainNameId=${domainNameId}`);
    assert.deepEqual(await management.call(`GET ${associations}`), { item: [] });
  });
});
