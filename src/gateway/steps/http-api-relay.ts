import type { ResponseMappingsPlan } from "../../plan/parameter-mapping.ts";
import type { BackendPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { answerHttpApiFailure } from "../integrations/http-api-failure.ts";
import { relayHttpApiHeaders } from "../integrations/http-api-headers.ts";
import type { LinkContext } from "../link-context.ts";
import { BackendRelay, type RelayOptions } from "./backend-relay.ts";
import { linkResponseMapping } from "./parameter-mapping.ts";

/** Links what passes backends' answers to the clients of an HTTP API, changed by the integration's mappings. */
export function linkHttpApiRelay(
  { responseMappings }: { readonly responseMappings?: ResponseMappingsPlan },
  backend: BackendPlan,
  { thread }: Pick<LinkContext, "thread">,
): (exchange: Exchange) => BackendRelay {
  const options: RelayOptions = {
    thread,
    backend,
    isUnlimited: false,
    relayHeaders: relayHttpApiHeaders,
    answerFailure: answerHttpApiFailure,
    mappingOf: linkResponseMapping(responseMappings, { thread }),
  };
  return (exchange) => new BackendRelay(exchange, options);
}
