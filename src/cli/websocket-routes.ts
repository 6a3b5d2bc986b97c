import type { Output } from "./output.ts";
import type { PorticoCalls } from "./portico-calls.ts";
import type { StageStatus } from "./server-status.ts";
import { describeIntegration, summarise } from "./up/api-operations.ts";

/** A route of a WebSocket API. No operation tells what is deployed: it is as it is being edited, and `portico status` has the difference. */
export interface WebSocketRouteRow {
  readonly routeKey: string;
  readonly integration: string;
  /** The client is sent what the integration answers. */
  readonly isTwoWay: boolean;
  /** Why it answers 501, or its messages get an error. */
  readonly closed?: string;
}

type Item = Readonly<Record<string, unknown>>;

/** Reads the routes of a stage's API, the three predefined ones first. */
export async function webSocketRoutes(
  calls: PorticoCalls,
  { apiId, closedRoutes }: StageStatus,
): Promise<readonly WebSocketRouteRow[]> {
  const list = async (operation: string): Promise<readonly Item[]> => {
    const items: Item[] = [];
    for (let NextToken: unknown; ; ) {
      const page = await calls.call("apigatewayv2", operation, {
        ApiId: apiId,
        ...(NextToken !== undefined && { NextToken }),
      });
      items.push(...((page["Items"] ?? []) as readonly Item[]));
      NextToken = page["NextToken"];
      if (NextToken === undefined) return items;
    }
  };
  const integrations = new Map(
    (await list("GetIntegrations")).map((one) => [`integrations/${one["IntegrationId"]}`, one]),
  );
  const closed = new Map(closedRoutes.map(({ route, reason }) => [route, reason]));
  return (await list("GetRoutes"))
    .map((route): WebSocketRouteRow => {
      const routeKey = String(route["RouteKey"]);
      const integration = integrations.get(String(route["Target"]));
      const reason = closed.get(routeKey);
      return {
        routeKey,
        integration: describeIntegration(
          integration && summarise({ type: integration["IntegrationType"], uri: integration["IntegrationUri"] }),
        ),
        isTwoWay: route["RouteResponseSelectionExpression"] === "$default",
        ...(reason !== undefined && { closed: reason }),
      };
    })
    .sort((left, right) => (left.routeKey < right.routeKey ? -1 : 1));
}

/** Prints the routes as a table, with how to talk to them. */
export function printWebSocketRoutes(output: Output, routes: readonly WebSocketRouteRow[], url: string): void {
  output.table(
    ["ROUTE", "INTEGRATION", "ANSWERS"],
    routes.map(({ routeKey, integration, isTwoWay, closed }) => [
      routeKey,
      closed === undefined ? integration : "closed: 501",
      isTwoWay ? "yes" : "no",
    ]),
  );
  for (const { routeKey, closed } of routes)
    if (closed !== undefined)
      output.line(output.paint("yellow", `${routeKey} is closed until Portico can do this: ${closed}`));
  output.line(`portico ws ${webSocketUrl(url)} talks to it.`);
}

/** Returns the URL that a WebSocket connects to. */
export const webSocketUrl = (url: string): string => url.replace(/^http/, "ws");
