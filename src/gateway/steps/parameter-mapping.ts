import { bounds } from "../../base/bounds.ts";
import type { ParameterMappingPlan, RequestMappingsPlan, ResponseMappingsPlan } from "../../plan/parameter-mapping.ts";
import type { TextPlan, ValuePlan } from "../../plan/values.ts";
import type { Exchange } from "../exchange.ts";
import { variableOf } from "../integrations/backend-request.ts";
import type { LinkContext } from "../link-context.ts";
import { toHeaderValue } from "../responses/header-remapping.ts";
import { decodeLeniently } from "../routing/match.ts";
import { Payload } from "../templates/payload.ts";
import { asText, type BodyPaths, findInBody, linkBodyPaths, linkValue } from "../values.ts";

/** Returns a mapped text, or undefined if its one source is not there. Beside others, a missing source is empty. */
export type ReadMappedText = (exchange: Exchange) => string | undefined;

/** Links a mapped text. Path parameters are decoded. */
export function linkMappedText(plan: TextPlan): ReadMappedText {
  const parts = plan.map((part) => (typeof part === "string" ? part : linkMappedValue(part)));
  const [first] = parts;
  if (parts.length === 1 && typeof first === "function") return first;
  return (exchange) => {
    let text = "";
    for (const part of parts) text += typeof part === "string" ? part : (part(exchange) ?? "");
    return text;
  };
}

function linkMappedValue(plan: ValuePlan): ReadMappedText {
  const read = linkValue(plan, "http");
  if (plan.kind !== "request" || plan.place !== "path") return (exchange) => asText(read(exchange));
  return (exchange) => {
    const value = asText(read(exchange));
    return value === undefined ? undefined : decodeLeniently(value);
  };
}

interface LinkedMapping extends Pick<ParameterMappingPlan, "action" | "name" | "source"> {
  readonly lowerName: string;
  /** The name as a query has it. */
  readonly nameInQuery: string;
  readonly read: ReadMappedText;
}

const linkMappings = (plans: readonly ParameterMappingPlan[], place: ParameterMappingPlan["place"]): LinkedMapping[] =>
  plans
    .filter((plan) => plan.place === place)
    .map(({ action, name, source, value }) => ({
      action,
      name,
      lowerName: name.toLowerCase(),
      nameInQuery: encodeInQuery(name),
      source: describeSource(source),
      read: linkMappedText(value),
    }));

/** Returns a value as traces show it, which mask what is said of secrets: static text in quotes, sources without braces. */
export const describeSource = (source: string): string =>
  source.includes("$") ? source.replaceAll(/[{}]/g, "") : `'${source}'`;

/** What a response's mappings make of it, by the status that the integration answered with. */
export type LinkedResponseMappings = (status: number) => ResponseMapping | undefined;

export interface ResponseMapping {
  /** The integration's whole body has to be there. */
  readonly readsBody: boolean;
  /**
   * Changes `headers` (names and values in turn) in place, and goes on with the status to answer with, now or later. The
   * body is undefined unless the mapping reads it.
   */
  map(
    exchange: Exchange,
    response: { readonly status: number; readonly headers: string[]; readonly body: Buffer | string | undefined },
    goOn: (status: number) => void,
  ): void;
}

/** Links the mappings of an integration's answers; undefined if there are none. */
export function linkResponseMapping(
  plan: ResponseMappingsPlan | undefined,
  { thread }: Pick<LinkContext, "thread">,
): LinkedResponseMappings | undefined {
  if (plan === undefined) return undefined;
  const { runJob } = thread;
  const byStatus = new Map(
    Object.entries(plan).map(([status, plans]) => [Number(status), linkStatusMapping(plans, runJob)]),
  );
  return (status) => byStatus.get(status);
}

function linkStatusMapping(
  plans: readonly ParameterMappingPlan[],
  runJob: LinkContext["thread"]["runJob"],
): ResponseMapping {
  const headerMappings = linkMappings(plans, "header");
  const [statusMapping] = linkMappings(plans, "statuscode");
  const readsBody = readsPayload(plans);
  const paths = bodyPathsOf(plans);
  return {
    readsBody,
    map(exchange, { status, headers, body }, goOn) {
      // Sources read the answer as the integration gave it.
      exchange.integrationHeaders = headers.slice();
      if (readsBody) exchange.integrationPayload = new Payload(body);
      findInBody(exchange, { payload: exchange.integrationPayload, paths, runJob }, () => {
        changeAnswerHeaders(exchange, headers, headerMappings);
        goOn(statusMapping === undefined ? status : mappedStatus(exchange, status, statusMapping));
      });
    },
  };
}

function mappedStatus(exchange: Exchange, status: number, mapping: LinkedMapping): number {
  const text = mapping.read(exchange);
  exchange.trace?.addMapping("statuscode", mapping.source, text);
  return text !== undefined && /^[2-5]\d\d$/.test(text) ? Number(text) : status;
}

/** What a request's mappings make of it. They read the request as it came. */
export interface RequestMapping {
  /** The request's whole body has to be there before anything below is called. */
  readonly readsBody: boolean;
  /** Finds what mappings look for in the body, `exchange.requestPayload`, and goes on, now or later. */
  find(exchange: Exchange, goOn: () => void): void;
  /** Changes headers, names and values in turn, in place; undefined if no mapping is for headers. */
  readonly headers: ((exchange: Exchange, headers: string[]) => void) | undefined;
  /** Returns a query, as it is sent, with the mappings' changes; undefined if no mapping is for the query. */
  readonly query: ((exchange: Exchange, query: string) => string) | undefined;
}

/** Links the mappings of an integration's requests, except the one of the path; undefined if there are none. */
export function linkRequestMapping(
  plan: RequestMappingsPlan | undefined,
  { thread }: Pick<LinkContext, "thread">,
): RequestMapping | undefined {
  if (plan === undefined) return undefined;
  const { runJob } = thread;
  const headerMappings = linkMappings(plan, "header");
  const queryMappings = linkMappings(plan, "querystring");
  const paths = bodyPathsOf(plan);
  const bytesMax = Math.max(0, ...valuesOf(plan).map((value) => (value.kind === "body" ? (value.bytesMax ?? 0) : 0)));
  return {
    readsBody: readsPayload(plan),
    find(exchange, goOn) {
      const { requestPayload: payload } = exchange;
      // Nothing is looked for in a body that is too long.
      if (payload === undefined || payload.source.length > bytesMax) goOn();
      else findInBody(exchange, { payload, paths, runJob }, goOn);
    },
    headers:
      headerMappings.length === 0
        ? undefined
        : (exchange, headers) => changeRequestHeaders(exchange, headers, headerMappings),
    query: queryMappings.length === 0 ? undefined : (exchange, query) => changeQuery(exchange, query, queryMappings),
  };
}

const valuesOf = (plans: readonly ParameterMappingPlan[]): ValuePlan[] =>
  plans.flatMap(({ value }) => value.filter((part) => typeof part === "object"));

const readsPayload = (plans: readonly ParameterMappingPlan[]): boolean =>
  valuesOf(plans).some(({ kind }) => kind === "body");

const bodyPathsOf = (plans: readonly ParameterMappingPlan[]): BodyPaths => linkBodyPaths(valuesOf(plans));

type ChangeHeaders = (exchange: Exchange, headers: string[], mappings: readonly LinkedMapping[]) => void;

/** Mappings come in the order remove, overwrite, append. Headers for which `sameAs` has one word are one header. */
const headerChanges =
  (sameAs: (lowerName: string) => string): ChangeHeaders =>
  (exchange, headers, mappings) => {
    for (const { action, name, lowerName, read, source } of mappings) {
      if (action === "remove") {
        removeHeader(headers, sameAs(lowerName), sameAs);
        continue;
      }
      const value = short(read(exchange));
      exchange.trace?.addMapping(`${action}:header.${name}`, source, value);
      // What was to be overwritten does not stay because its source is missing: it may be a caller's own word.
      if (action === "overwrite") removeHeader(headers, sameAs(lowerName), sameAs);
      if (value !== undefined) headers.push(name, toHeaderValue(value));
    }
  };

const changeRequestHeaders = headerChanges(variableOf);
const changeAnswerHeaders = headerChanges((lowerName) => lowerName);

/** Returns a mapped value unless it is too long for a header, a query or a path. */
export const short = (value: string | undefined): string | undefined =>
  value === undefined || value.length > bounds.mappedValueCharsMax.value ? undefined : value;

/** Removes every line of a header. */
function removeHeader(headers: string[], word: string, sameAs: (lowerName: string) => string): void {
  let kept = 0;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index]!;
    if (name.length === word.length && sameAs(name.toLowerCase()) === word) continue;
    headers[kept] = name;
    headers[kept + 1] = headers[index + 1]!;
    kept += 2;
  }
  headers.length = kept;
}

function changeQuery(exchange: Exchange, query: string, mappings: readonly LinkedMapping[]): string {
  let pairs = query === "" ? [] : query.split("&");
  for (const { action, name, nameInQuery, read, source } of mappings) {
    const value = action === "remove" ? undefined : short(read(exchange));
    if (action !== "remove") exchange.trace?.addMapping(`${action}:querystring.${name}`, source, value);
    if (action !== "append") pairs = pairs.map((pair) => withoutName(pair, name)).filter((pair) => pair !== "");
    if (value !== undefined) pairs.push(`${nameInQuery}=${encodeInQuery(value)}`);
  }
  return pairs.join("&");
}

/** Half a surrogate pair, which a body can have, can't be written as UTF-8. */
const encodeInQuery = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Some backends take a semicolon for a separator as well, so a parameter behind one does not stay either. */
const withoutName = (pair: string, name: string): string =>
  pair
    .split(";")
    .filter((part) => nameOfPair(part) !== name)
    .join(";");

function nameOfPair(pair: string): string {
  const equals = pair.indexOf("=");
  return decodeLeniently((equals < 0 ? pair : pair.slice(0, equals)).replaceAll("+", " "));
}
