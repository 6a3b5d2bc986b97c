import {
  ApiGatewayV2Client,
  CreateApiCommand,
  CreateIntegrationCommand,
  CreateRouteCommand,
  CreateStageCommand,
  DeleteRouteCommand,
  GetRoutesCommand,
  UpdateIntegrationCommand,
} from "@aws-sdk/client-apigatewayv2";
import { startPortico } from "../../test/portico.ts";
import type { Bench } from "../bench.ts";
import { middle } from "../measure.ts";

/** AWS's limits of an API. */
const routes = 300;

/** The goal is under 100 ms for each call until all threads serve it. */
export const bench: Bench = {
  title: "300 routes, each with its integration, on a stage that deploys by itself; the real SDK, the store on disk",
  needs: [],
  async run() {
    const portico = await startPortico({ args: ["--data", "store"] });
    try {
      const client = new ApiGatewayV2Client({
        endpoint: portico.url,
        region: "us-east-1",
        credentials: { accessKeyId: "000000000000", secretAccessKey: "any" },
      });
      const timed = async <T>(call: () => Promise<T>): Promise<{ ms: number; answer: T }> => {
        const start = performance.now();
        const answer = await call();
        return { ms: performance.now() - start, answer };
      };
      const { ApiId } = await client.send(new CreateApiCommand({ Name: "bench", ProtocolType: "HTTP" }));
      await client.send(new CreateStageCommand({ ApiId, StageName: "$default", AutoDeploy: true }));
      const integrations: number[] = [];
      const created: number[] = [];
      let IntegrationId: string | undefined;
      for (let index = 0; index < routes; index++) {
        const integration = await timed(() =>
          client.send(
            new CreateIntegrationCommand({
              ApiId,
              IntegrationType: "HTTP_PROXY",
              IntegrationMethod: "GET",
              IntegrationUri: `http://127.0.0.1:8080/r${index}`,
              PayloadFormatVersion: "1.0",
            }),
          ),
        );
        integrations.push(integration.ms);
        IntegrationId = integration.answer.IntegrationId;
        const Target = `integrations/${IntegrationId}`;
        const route = await timed(() =>
          client.send(new CreateRouteCommand({ ApiId, RouteKey: `GET /r${index}/{id}`, Target })),
        );
        created.push(route.ms);
      }
      const changed: number[] = [];
      for (let index = 0; index < 20; index++) {
        const call = new UpdateIntegrationCommand({ ApiId, IntegrationId, TimeoutInMillis: 1000 + index });
        changed.push((await timed(() => client.send(call))).ms);
      }
      const { Items } = await client.send(new GetRoutesCommand({ ApiId, MaxResults: "20" }));
      const deleted: number[] = [];
      for (const { RouteId } of Items!) {
        deleted.push((await timed(() => client.send(new DeleteRouteCommand({ ApiId, RouteId })))).ms);
      }
      const last = created.slice(-20);
      return {
        "ms of the last of 300 CreateRoute": middle(last),
        "ms of the slowest of the last 20": Math.max(...last),
        "ms of the last of 300 CreateIntegration": middle(integrations.slice(-20)),
        "ms of UpdateIntegration": middle(changed),
        "ms of DeleteRoute": middle(deleted),
        "s for all 600": [...integrations, ...created].reduce((sum, ms) => sum + ms, 0) / 1000,
      };
    } finally {
      await portico.stop();
    }
  },
};
