import type { HttpProxyPlan } from "../../plan/steps.ts";
import { answerFailure } from "../integrations/backend-failure.ts";
import { connectionOptions, linkPath, linkProxyHeaders, withoutListed } from "../integrations/backend-request.ts";
import { decodeBase64, linkRequestContent, refuseUndecodable } from "../integrations/content-handling.ts";
import { linkBackendCall } from "../integrations/link-backend-call.ts";
import { takeBody } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { remappedName, responseHeaderFates } from "../responses/header-remapping.ts";
import { BackendRelay, type RelayOptions } from "./backend-relay.ts";
import { backendReadsBody, linkBackendSearch, refusePath } from "./http.ts";
import { withPayload } from "./request-template.ts";

/** AWS: API Gateway Developer Guide, "Set up HTTP integrations in API Gateway", HTTP proxy integration. */
export function linkHttpProxy(plan: HttpProxyPlan, context: LinkContext): RunStep {
  const { stage, thread } = context;
  const { backend } = plan;
  const writePath = linkPath(backend, true);
  const mapsBody = backendReadsBody(backend);
  const findInRequest = linkBackendSearch(backend, thread);
  const contentOf =
    plan.contentHandling === undefined ? undefined : linkRequestContent(plan.contentHandling, stage.binaryMediaTypes);
  const relay: RelayOptions = {
    thread,
    backend,
    isUnlimited: plan.stream !== undefined,
    relayHeaders,
    answerFailure,
  };
  const call = linkBackendCall(backend, context, {
    idleMs: plan.stream?.idleMs,
    writeHeaders: linkProxyHeaders(backend, stage.apiId),
    consumerOf: (exchange) => new BackendRelay(exchange, relay),
  });
  const pass: RunStep = (exchange) => {
    const path = writePath(exchange);
    if (typeof path !== "string") return refusePath(exchange, path);
    takeBody(exchange, thread, "decompressed", (body) => call(exchange, path, body));
    return false;
  };
  if (!mapsBody && contentOf === undefined) return pass;
  return (exchange) => {
    const conversion = contentOf === undefined ? "none" : contentOf(exchange).conversion;
    if (!mapsBody && conversion === "none") return pass(exchange);
    // A mapping from the body needs the whole body before the path can be written, and so does a conversion.
    withPayload(exchange, { thread, conversion }, (body) => {
      findInRequest(exchange, () => {
        const sent = conversion === "decode" && body !== undefined ? decodeBase64(body) : body;
        const path = writePath(exchange);
        if (typeof path !== "string") refusePath(exchange, path);
        else if (sent === undefined && body !== undefined) refuseUndecodable(exchange);
        else call(exchange, path, sent);
      });
    });
    return false;
  };
}

/**
 * The names of headers on the client's side, or undefined for a header that is dropped. Common names are remembered.
 */
const relayedNames = new Map<string, string | undefined>();

function relayedName(name: string): string | undefined {
  const known = relayedNames.get(name);
  if (known !== undefined || relayedNames.has(name)) return known;
  const fate = responseHeaderFates.get(name.toLowerCase());
  const relayed = fate === "drop" ? undefined : fate === "remap" ? remappedName(name) : name;
  if (relayedNames.size < 1_000 && name.length <= 128) relayedNames.set(name, relayed);
  return relayed;
}

/** AWS: "Important notes for REST APIs", header remapping; a missing content type is JSON. */
function relayHeaders(backend: readonly string[]): string[] {
  const headers: string[] = [];
  let hasContentType = false;
  let listed: readonly string[] | undefined;
  for (let index = 0; index < backend.length; index += 2) {
    const name = backend[index]!;
    const relayed = relayedName(name);
    if (relayed === name) {
      headers.push(name, backend[index + 1]!);
      if (name.length === 12 && name.toLowerCase() === "content-type") hasContentType = true;
    } else if (relayed !== undefined) {
      headers.push(relayed, backend[index + 1]!);
      if (name.length === 10 && name.toLowerCase() === "connection") listed = connectionOptions(backend[index + 1]);
    }
  }
  if (!hasContentType) headers.push("Content-Type", "application/json");
  return listed === undefined ? headers : withoutListed(headers, listed);
}
