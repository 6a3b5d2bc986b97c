import { type IntegrationResponse, v2Kinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { integrations } from "./integrations.ts";
import { documents } from "./work.ts";

/** The documents of integration responses. */
export const integrationResponses = documents({
  kind: v2Kinds.integrationResponse,
  parent: integrations,
  member: "IntegrationResponseId",
  idOf: (response: IntegrationResponse) => response.IntegrationResponseId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "WebSocket APIs, words of management".
  missing: () => notFound("Invalid IntegrationResponse identifier specified"),
});
