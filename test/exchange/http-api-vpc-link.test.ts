// biome-ignore-all lint/suspicious/noTemplateCurlyInString: stage variables are written like template strings.
// Private integrations of HTTP APIs. AWS: API Gateway Developer Guide, "Create private integrations for HTTP APIs in API Gateway".
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import type { Surroundings } from "../../src/compiler/surroundings.ts";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import type { HttpIntegration } from "../../src/definition/http-api.ts";
import type { HttpVpcLink } from "../../src/definition/vpc-link.ts";
import { makeAuthority } from "../tls-authority.ts";
import { tool } from "../tool.ts";
import { anHttpApi, anHttpStage, aUrl, host } from "./an-http-api.ts";
import {
  type Backend,
  type CallOptions,
  type GatewayUnderTest,
  type Reply,
  startBackend,
  startGateway,
} from "./start-gateway.ts";

const listener =
  "arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/orders/50dc6c495c0c9188/0467ef3c8400ae65";
const service = "arn:aws:servicediscovery:us-east-1:000000000000:service/srv-abc123";

const aLink = (overrides: Partial<HttpVpcLink> = {}): HttpVpcLink => ({
  id: "link12",
  name: "private",
  status: "AVAILABLE",
  subnetIds: ["subnet-1"],
  securityGroupIds: [],
  createdDate: 0,
  ...overrides,
});

const aPrivate = (uri: string, overrides: Partial<HttpIntegration> = {}): HttpIntegration =>
  aUrl(uri, { ConnectionType: "VPC_LINK", ConnectionId: "link12", ...overrides });

const deploy = (
  gateway: GatewayUnderTest,
  integration: HttpIntegration,
  vpcLinkAddresses: Surroundings["vpcLinkAddresses"],
  { link = aLink(), stageName = "$default" }: { link?: HttpVpcLink; stageName?: string } = {},
): void => {
  gateway.deployHttp(
    anHttpApi({ "ANY /orders/{id}": { integration } }),
    anHttpStage({ StageName: stageName, StageVariables: { link: "link12" } }),
    { ...noSurroundings, vpcLinks: new Map([[link.id, link]]), vpcLinkAddresses },
  );
};

const callOn = (gateway: GatewayUnderTest, path = "/orders/1?a=b", options: CallOptions = {}): Promise<Reply> =>
  gateway.call(path, { host, isWhole: true, ...options });

const addressOf = ({ origin }: Backend): string => origin.slice("http://".length);

test("a listener gets the whole path with the stage before it, and the host that the client called", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  for (const name of [listener, "link12", "private"]) {
    deploy(gateway, aPrivate(listener, { ConnectionId: "${stageVariables.link}" }), { [name]: [addressOf(backend)] });
    assert.equal((await callOn(gateway)).status, 200, name);
  }
  deploy(gateway, aPrivate(listener), { [listener]: [addressOf(backend)] }, { stageName: "dev" });
  await callOn(gateway, "/dev/orders/a%2Fb?a=b");
  const mapped = aPrivate(listener, {
    RequestParameters: { "overwrite:path": "$request.path", "overwrite:header.Host": "in.example" },
  });
  deploy(gateway, mapped, { [listener]: [addressOf(backend)] }, { stageName: "dev" });
  await callOn(gateway, "/dev/orders/2?a=b");
  assert.deepEqual(
    backend.requests.map(({ url, headers }) => [url, headers.host]),
    [...[1, 2, 3].map(() => ["/orders/1?a=b", host]), ["/dev/orders/a%2Fb?a=b", host], ["/orders/2?a=b", "in.example"]],
  );
  assert.deepEqual(gateway.errors, []);
});

test("a link whose name is another account's ARN doesn't lead to the address of that ARN", async () => {
  await using backend = await startBackend();
  await using gateway = await startGateway();
  for (const own of [listener, service, "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/a/b"]) {
    const name = own.replace("000000000000", "111111111111");
    deploy(gateway, aPrivate(listener), { [name]: [addressOf(backend)] }, { link: aLink({ name }) });
    assert.equal((await callOn(gateway)).status, 501, name);
  }
  assert.deepEqual(backend.requests, []);
});

test("a service's instances are those that have the attributes that the integration asks for, in turn", async () => {
  const answerAs = (name: string): Promise<Backend> => startBackend((_, outgoing) => outgoing.end(name));
  await using blue = await answerAs("blue");
  await using green = await answerAs("green");
  await using test1 = await answerAs("test");
  await using gateway = await startGateway();
  const addresses = {
    [`${service}?deployment=blue&stage=prod`]: [addressOf(blue)],
    [`${service}?stage=prod&deployment=green`]: [addressOf(green)],
    [`${service}?stage=test`]: [addressOf(test1)],
  };
  const answersOf = async (uri: string): Promise<string[]> => {
    deploy(gateway, aPrivate(uri), addresses);
    const texts = new Set<string>();
    for (let count = 0; count < 6; count++) texts.add((await callOn(gateway)).text);
    return [...texts].sort();
  };
  assert.deepEqual(await answersOf(`${service}?stage=prod&deployment=green`), ["green"]);
  assert.deepEqual(await answersOf(`${service}?stage=prod`), ["blue", "green"]);
  assert.deepEqual(await answersOf(service), ["blue", "green", "test"]);
  deploy(gateway, aPrivate(`${service}?stage=none`), addresses);
  assert.equal((await callOn(gateway)).status, 503);
});

test("a link that is not ready is a 503; an address that nobody gave closes the route", async () => {
  await using gateway = await startGateway();
  const given = { [listener]: ["127.0.0.1:1"] };
  const statusOf = async (
    integration: HttpIntegration,
    addresses: Surroundings["vpcLinkAddresses"] = given,
    link = aLink(),
  ): Promise<readonly unknown[]> => {
    deploy(gateway, integration, addresses, { link });
    const { status, headers } = await callOn(gateway);
    return [status, String(headers["x-portico-hint"])];
  };
  const [pending, pendingHint] = await statusOf(aPrivate(listener), given, aLink({ status: "PENDING" }));
  assert.equal(pending, 503);
  assert.match(String(pendingHint), /the VPC link link12 is PENDING/);
  assert.equal((await statusOf(aPrivate(listener, { ConnectionId: "none" })))[0], 503);
  const first = { id: "link12", name: "first", status: "AVAILABLE", targetArns: [] } as unknown as HttpVpcLink;
  assert.equal((await statusOf(aPrivate(listener), given, first))[0], 500);
  const [unknown, hint] = await statusOf(aPrivate(listener), {});
  assert.equal(unknown, 501);
  assert.match(String(hint), /--vpc-link 'arn:aws:elasticloadbalancing:.*=HOST:PORT' says where it is/);
  // A link's own address says nothing of attributes.
  assert.equal((await statusOf(aPrivate(`${service}?stage=prod`), { link12: ["127.0.0.1:1"] }))[0], 501);
  assert.equal((await statusOf(aPrivate(listener.replace("000000000000", "111111111111"))))[0], 501);
  assert.equal((await statusOf(aPrivate("http://orders.internal/")))[0], 500);
  assert.equal((await statusOf(aPrivate(listener)))[0], 503);
  assert.deepEqual(gateway.errors, []);
});

test("serverNameToVerify makes it HTTPS, for that name alone", tool("openssl", ["version"], false), async () => {
  const authority = makeAuthority();
  const names: unknown[] = [];
  const server = createServer(authority.issue("DNS:orders.internal"), (incoming, outgoing) => {
    names.push((incoming.socket as TLSSocket & { servername: unknown }).servername);
    outgoing.end("over TLS");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, authority.certificate.toString()]);
  try {
    await using gateway = await startGateway();
    const ask = async (ServerNameToVerify: string): Promise<readonly unknown[]> => {
      deploy(gateway, aPrivate(listener, { TlsConfig: { ServerNameToVerify } }), { [listener]: [address] });
      const { status, text } = await callOn(gateway);
      return [status, text];
    };
    assert.deepEqual(await ask("orders.internal"), [200, "over TLS"]);
    assert.deepEqual(await ask("other.internal"), [502, '{"message":"Bad Gateway"}']);
    assert.deepEqual(names, ["orders.internal"]);
  } finally {
    setDefaultCACertificates(before);
    server.closeAllConnections();
    server.close();
  }
});
