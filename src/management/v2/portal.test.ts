import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makeRestManagement } from "../../../test/rest-management.ts";
import { type RunJob, runHere } from "../../base/job.ts";
import { type PortalSite, portalKinds } from "../../definition/portal.ts";

let meanwhile: (() => Promise<unknown>) | undefined;
/** Runs a job, and then what another caller does before its output is written. */
const run: RunJob = async (job, input) => {
  const other = meanwhile;
  meanwhile = undefined;
  const output = await runHere(job, input);
  await other?.();
  return output;
};
const management = makeRestManagement({}, run);
after(() => management.close());
const { call, store } = management;

const documentWith = (summary: string): object => ({
  openapi: "3.0.1",
  info: { title: "Pets", version: "1" },
  paths: {
    "/pets": {
      get: { operationId: summary, responses: {}, "x-amazon-apigateway-integration": { type: "mock" } },
    },
  },
});
const contentWith = (displayName: string): object => ({
  displayName,
  theme: {
    customColors: {
      accentColor: "#000",
      backgroundColor: "#fff",
      errorValidationColor: "#f00",
      headerColor: "#fff",
      navigationColor: "#fff",
      textColor: "#000",
    },
  },
});

test("a portal is published as it is when the publication is written, however short before it was changed", async () => {
  const { id: restApiId } = await call("POST /restapis?mode=import", documentWith("before"));
  await call(`POST /restapis/${restApiId}/deployments`, { stageName: "prod" });
  const { portalProductId, portalProductArn } = await call("POST /v2/portalproducts", { displayName: "Pets" });
  await call(`POST /v2/portalproducts/${portalProductId}/productrestendpointpages`, {
    restEndpointIdentifier: { identifierParts: { restApiId, stage: "prod", path: "/pets", method: "GET" } },
  });
  const { portalId } = await call("POST /v2/portals", {
    authorization: { none: {} },
    endpointConfiguration: { none: {} },
    includedPortalProductArns: [portalProductArn],
    portalContent: contentWith("Before"),
  });
  const publishedAfter = async (change: () => Promise<unknown>): Promise<PortalSite> => {
    meanwhile = change;
    await call(`POST /v2/portals/${portalId}/publish`, {});
    const scope = { account: "123456789012", region: "us-east-1" };
    const stored = await store.read(scope, (tx) => tx.get<PortalSite>(portalKinds.site, `${portalId}/published`));
    return stored!.body;
  };

  const renamed = await publishedAfter(() =>
    call(`PATCH /v2/portals/${portalId}`, { portalContent: contentWith("After") }),
  );
  assert.equal(renamed.content.DisplayName, "After");

  const deployed = await publishedAfter(async () => {
    await call(`PUT /restapis/${restApiId}?mode=overwrite`, documentWith("after"));
    await call(`POST /restapis/${restApiId}/deployments`, { stageName: "prod" });
  });
  assert.match(JSON.stringify(deployed.documents), /"after"/);
});
