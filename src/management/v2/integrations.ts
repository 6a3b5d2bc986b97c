import { v2Kinds } from "../../definition/http-api.ts";
import type { V2Integration } from "../../definition/v2-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { v2Apis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of integrations. */
export const integrations = documents({
  kind: v2Kinds.integration,
  parent: v2Apis,
  member: "IntegrationId",
  idOf: (integration: V2Integration) => integration.IntegrationId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Integration identifier specified"),
});
