/**
 * The types of what the second version's management stores, where one does not know yet whether it belongs to an HTTP or
 * a WebSocket API. They have the members of both; the rules of the API's kind refuse those that are not its own.
 */
import type { HttpApi, HttpApiDefinition, HttpIntegration, Route } from "./http-api.ts";
import type {
  WebSocketApi,
  WebSocketApiDefinition,
  WebSocketIntegration,
  WebSocketRoute,
  WebSocketStage,
} from "./websocket-api.ts";

export type V2ApiDefinition = HttpApiDefinition | WebSocketApiDefinition;

export interface V2Api extends Omit<HttpApi, "ProtocolType"> {
  readonly ProtocolType: "HTTP" | "WEBSOCKET";
}

export const isWebSocketApi = (api: V2Api): api is WebSocketApi => api.ProtocolType === "WEBSOCKET";
export const isHttpApi = (api: V2Api): api is HttpApi => api.ProtocolType === "HTTP";

export interface V2Route extends Route, Omit<WebSocketRoute, keyof Route> {}

export interface V2Integration
  extends Omit<HttpIntegration, "IntegrationType">,
    Partial<Omit<WebSocketIntegration, keyof HttpIntegration>> {
  readonly IntegrationType: WebSocketIntegration["IntegrationType"];
}

export interface V2Stage extends WebSocketStage {
  readonly ApiGatewayManaged?: true;
}
