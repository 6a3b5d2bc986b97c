// Recorded: no list is in the order of random ids.
import assert from "node:assert/strict";
import { after, beforeEach, describe, it } from "node:test";
import { makeRestManagement } from "../../../test/rest-management.ts";

const management = makeRestManagement();
after(() => management.close());
beforeEach(() => management.store.reset());

const authorizer = { type: "COGNITO_USER_POOLS", identitySource: "method.request.header.Authorization" };
const providerARNs = ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abcdefghi"];
const targetArns = [
  "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/my-balancer/50dc6c495c0c9188",
];

/** By list: where items are made, from what, and the member that names one. */
const lists: Readonly<
  Record<string, { readonly path: (api: string) => string; readonly item: (n: number) => object; readonly id?: string }>
> = {
  GetRestApis: { path: () => "/restapis", item: (n) => ({ name: `${n}` }) },
  GetResources: { path: (api) => `/restapis/${api}/resources`, item: (n) => ({ pathPart: `${n}` }) },
  GetAuthorizers: {
    path: (api) => `/restapis/${api}/authorizers`,
    item: (n) => ({ ...authorizer, name: `${n}`, providerARNs }),
  },
  GetRequestValidators: { path: (api) => `/restapis/${api}/requestvalidators`, item: (n) => ({ name: `${n}` }) },
  GetDeployments: { path: (api) => `/restapis/${api}/deployments`, item: (n) => ({ description: `${n}` }) },
  GetUsagePlans: { path: () => "/usageplans", item: (n) => ({ name: `${n}` }) },
  GetVpcLinks: { path: () => "/vpclinks", item: (n) => ({ name: `${n}`, targetArns }) },
  GetClientCertificates: {
    path: () => "/clientcertificates",
    item: (n) => ({ description: `${n}` }),
    id: "clientCertificateId",
  },
};

/** Returns the ids of a list, read by pages of four; `between` is called after the first one. */
async function listed(target: string, id: string, between?: (first: readonly string[]) => Promise<void>) {
  const found: string[] = [];
  for (let position: string | undefined; ; ) {
    const query = position === undefined ? "" : `&position=${encodeURIComponent(position)}`;
    const page = await management.call(`GET ${target}?limit=4${query}`);
    found.push(...page.item.map((item: Record<string, string>) => item[id]!));
    if (position === undefined) await between?.(found);
    position = page.position;
    if (position === undefined) return found;
  }
}

describe("a list of items with random ids", () => {
  for (const [name, { path, item, id = "id" }] of Object.entries(lists)) {
    it(`${name} has them as they were made, and goes on where it was when some come and go between two pages`, async () => {
      const api = await management.call("POST /restapis", { name: "api" });
      if (name === "GetDeployments") {
        const resourceId = api.rootResourceId;
        const method = `PUT /restapis/${api.id}/resources/${resourceId}/methods/GET`;
        await management.call(method, { authorizationType: "NONE" });
        await management.call(`${method}/integration`, { type: "MOCK" });
      }
      const target = path(api.id);
      const before = await listed(target, id);
      // A resource is made below another one.
      const from = name === "GetResources" ? `${target}/${api.rootResourceId}` : target;
      const make = async (n: number): Promise<string> => (await management.call(`POST ${from}`, item(n)))[id];
      const made = [...before];
      for (let n = 0; n < 6; n++) made.push(await make(n));
      assert.deepEqual(await listed(target, id), made);
      const between = async (first: readonly string[]) => {
        await management.call(`DELETE ${target}/${first.at(-1)}`);
        made.push(await make(6));
      };
      assert.deepEqual(await listed(target, id, between), made);
    });
  }
});
