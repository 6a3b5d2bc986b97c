import { type HttpIntegration, httpApiKinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { httpApis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of integrations. */
export const integrations = documents({
  kind: httpApiKinds.integration,
  parent: httpApis,
  member: "IntegrationId",
  idOf: (integration: HttpIntegration) => integration.IntegrationId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Integration identifier specified"),
});
