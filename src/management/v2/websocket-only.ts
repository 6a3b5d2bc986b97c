/**
 * The families that only WebSocket APIs have. An HTTP API has none of their items: lists are empty, nothing is found, and
 * nothing can be made.
 * AWS: API Gateway version 2 API reference, "Model", "RouteResponse", "IntegrationResponse": supported for WebSocket APIs.
 */
import type { Parent } from "../../families/work.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import { httpApis } from "./apis.ts";
import { integrations } from "./integrations.ts";
import { routes } from "./routes.ts";
import { operations, reading, type V2Service } from "./work.ts";

// Unconfirmed: the words of all; see docs/compatibility.md, "HTTP APIs, words of management".
const refused = (items: string, parent: Parent<V2Service, unknown> = httpApis) =>
  reading(async () => {
    throw badRequest(`${items} are not supported on protocolType HTTP`);
  }, parent);
const missing = (item: string, parent: Parent<V2Service, unknown> = httpApis) =>
  reading(async () => {
    throw notFound(`Invalid ${item} identifier specified`);
  }, parent);
const none = (parent: Parent<V2Service, unknown> = httpApis) => reading(async () => ({ Items: [] }), parent);

export const webSocketOnly = operations({
  CreateModel: refused("Models"),
  GetModel: missing("Model"),
  GetModels: none(),
  GetModelTemplate: missing("Model"),
  UpdateModel: missing("Model"),
  DeleteModel: missing("Model"),
  CreateRouteResponse: refused("Route responses", routes),
  GetRouteResponse: missing("RouteResponse", routes),
  GetRouteResponses: none(routes),
  UpdateRouteResponse: missing("RouteResponse", routes),
  DeleteRouteResponse: missing("RouteResponse", routes),
  CreateIntegrationResponse: refused("Integration responses", integrations),
  GetIntegrationResponse: missing("IntegrationResponse", integrations),
  GetIntegrationResponses: none(integrations),
  UpdateIntegrationResponse: missing("IntegrationResponse", integrations),
  DeleteIntegrationResponse: missing("IntegrationResponse", integrations),
});
