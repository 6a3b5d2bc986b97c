import type { HttpApiProxyPlan } from "../../plan/steps.ts";
import type { TextPlan } from "../../plan/values.ts";
import type { Exchange } from "../exchange.ts";
import type { RequestBodyStream } from "../integrations/backend-call.ts";
import { addQuery, linkPath, sanitisePath, sanitiseQuery, stepsUp } from "../integrations/backend-request.ts";
import { linkHttpApiHeaders } from "../integrations/http-api-headers.ts";
import { linkBackendCall } from "../integrations/link-backend-call.ts";
import { receiveBody, takeBody } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { Payload } from "../templates/payload.ts";
import type { ThreadContext } from "../thread-context.ts";
import { refusePath } from "./http.ts";
import { linkHttpApiRelay } from "./http-api-relay.ts";
import { describeSource, linkMappedText, linkRequestMapping, type RequestMapping, short } from "./parameter-mapping.ts";

/**
 * AWS: API Gateway Developer Guide, "Create HTTP proxy integrations for HTTP APIs", "Create private integrations for HTTP
 * APIs in API Gateway".
 */
export function linkHttpApiProxy(plan: HttpApiProxyPlan, context: LinkContext): RunStep {
  const { thread } = context;
  const { backend } = plan;
  const mapping = linkRequestMapping(plan.requestMappings, context);
  const writePath = linkRequestTarget(plan, mapping);
  const call = linkBackendCall(backend, context, {
    writeHeaders: linkHttpApiHeaders({
      keepsHost: plan.keepsHost === true,
      dropsSignature: plan.dropsSignature === true,
      changeHeaders: mapping?.headers,
    }),
    consumerOf: linkHttpApiRelay(plan, backend, context),
  });
  const send = (exchange: Exchange, body: Buffer | RequestBodyStream | undefined): void => {
    const path = writePath(exchange);
    if (typeof path === "string") call(exchange, path, body);
    else refusePath(exchange, path);
  };
  if (mapping?.readsBody !== true) {
    return (exchange) => {
      takeBody(exchange, thread, "as-sent", (body) => send(exchange, body));
      return false;
    };
  }
  return (exchange) => {
    withWholeBody(exchange, thread, (body) => mapping.find(exchange, () => send(exchange, body)));
    return false;
  };
}

/** Reads the whole request body, as it was sent, for mappings, and goes on with it. */
export function withWholeBody(
  exchange: Exchange,
  thread: ThreadContext,
  goOn: (body: Buffer | undefined) => void,
): void {
  const take = (body: Buffer | undefined): void => {
    exchange.requestPayload = new Payload(body);
    goOn(body);
  };
  if (exchange.request.hasBody) receiveBody(exchange, thread, take);
  else take(undefined);
}

type WriteTarget = (exchange: Exchange) => string | null | undefined;

/** Links path and query of the backend's request. A mapping of the path takes the place of the URI's whole path. */
function linkRequestTarget(
  { backend, requestMappings = [], dropsSignature }: HttpApiProxyPlan,
  mapping: RequestMapping | undefined,
): WriteTarget {
  const pathMapping = requestMappings.find(({ place }) => place === "path");
  const changeQuery = mapping?.query;
  if (pathMapping === undefined && changeQuery === undefined && dropsSignature !== true) return linkPath(backend, true);
  const writeUri = linkPath(backend, false);
  const writeMapped = pathMapping && linkMappedPath(pathMapping.value);
  return (exchange) => {
    let target = writeUri(exchange);
    const mapped = writeMapped?.(exchange);
    if (mapped !== undefined) {
      exchange.trace?.addMapping("overwrite:path", describeSource(pathMapping!.source), mapped.path);
      if (!mapped.isInside) return undefined;
      // The query of the URI stays.
      const query = typeof target === "string" ? target.indexOf("?") : -1;
      target = query < 0 ? mapped.path : mapped.path + target!.slice(query);
    }
    if (typeof target !== "string") return target;
    const own = dropsSignature === true ? withoutSignature(exchange.rawQuery) : exchange.rawQuery;
    const query = changeQuery === undefined ? own : changeQuery(exchange, own);
    return query === "" ? target : addQuery(target, sanitiseQuery(query));
  };
}

/** AWS: IAM User Guide, "Authentication methods": the parameters of a signature in a query. */
const withoutSignature = (query: string): string =>
  query.includes("X-Amz-")
    ? query
        .split("&")
        .filter(
          (pair) =>
            !/^X-Amz-(?:Algorithm|Credential|Date|Expires|Security-Token|Signature|SignedHeaders)(?:=|$)/.test(pair),
        )
        .join("&")
    : query;

interface MappedPath {
  readonly path: string;
  /** No value leads out of the path, and none adds a segment `..` that the mapping's own text does not have. */
  readonly isInside: boolean;
}

/** Links `overwrite:path`; its result is undefined where the value is not there, so that the URI's path stays. */
function linkMappedPath(plan: TextPlan): (exchange: Exchange) => MappedPath | undefined {
  // A text of one source alone may be missing. What the request's path says is encoded as it came.
  const parts = plan.map((part) =>
    typeof part === "string"
      ? encodePath(part)
      : { isEncoded: part.kind === "request-path", read: linkMappedText([part]) },
  );
  const upsAllowed = stepsUp(parts.map((part) => (typeof part === "string" ? part : "value")).join(""));
  return (exchange) => {
    let path = "";
    for (const part of parts) {
      if (typeof part === "string") path += part;
      else {
        const value = short(part.read(exchange));
        if (value === undefined && parts.length === 1) return undefined;
        path += part.isEncoded ? sanitisePath(value ?? "") : encodePath(value ?? "");
      }
    }
    if (!path.startsWith("/")) path = `/${path}`;
    return { path, isInside: stepsUp(path) <= upsAllowed };
  };
}

/** Encodes what a path can't have (RFC 3986 §3.3), which a query or a line's end is made of. Slashes and escapes stay. */
const encodePath = (text: string): string =>
  text.toWellFormed().replaceAll(/%(?![0-9A-Fa-f]{2})|[^\w.~!$&'()*+,;=:@/%-]+/g, encodeURIComponent);
