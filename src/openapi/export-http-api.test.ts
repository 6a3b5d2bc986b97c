import assert from "node:assert/strict";
import { test } from "node:test";
import { anHttpApi } from "../../test/exchange/an-http-api.ts";
import type { HttpIntegration } from "../definition/http-api.ts";
import { exportHttpDocument } from "./export-http-api.ts";

const integration: HttpIntegration = {
  IntegrationId: "",
  IntegrationType: "HTTP_PROXY",
  IntegrationMethod: "GET",
  IntegrationUri: "https://backend.example/",
  ConnectionType: "INTERNET",
  PayloadFormatVersion: "1.0",
  TimeoutInMillis: 30_000,
};

test("an export looks at each integration and each of its responses equally often, however many there are", () => {
  const readsPerRoute = (count: number): number => {
    let reads = 0;
    const counted = <Item extends { readonly IntegrationId: string }>(items: readonly Item[]): Item[] =>
      items.map((item) => {
        const { IntegrationId } = item;
        const get = (): string => {
          reads++;
          return IntegrationId;
        };
        return Object.defineProperty({ ...item }, "IntegrationId", { get });
      });
    const keys = Array.from({ length: count }, (_, index) => `GET /r${index}`);
    const definition = anHttpApi(Object.fromEntries(keys.map((key) => [key, { integration }])));
    const responses = definition.integrations.map(({ IntegrationId }) => ({
      IntegrationId,
      IntegrationResponseId: `${IntegrationId}r`,
      IntegrationResponseKey: "/200/",
    }));
    const { paths } = exportHttpDocument(
      { ...definition, integrations: counted(definition.integrations), integrationResponses: counted(responses) },
      { format: "json", endpoint: "https://x.example", includeExtensions: true },
    );
    assert.equal(Object.keys(paths as object).length, count);
    assert.match(JSON.stringify((paths as Record<string, unknown>)["/r1"]), /"uri":"https:\/\/backend\.example\/"/);
    return reads / count;
  };
  assert.equal(readsPerRoute(300), readsPerRoute(30));
});
