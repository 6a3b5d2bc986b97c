import { bounds } from "../../base/bounds.ts";
import type { RunJob } from "../../base/job.ts";
import { parseJavaPattern } from "../../language/java/java-pattern.ts";
import type { ContentHandlingPlan, IntegrationResponsePlan } from "../../plan/steps.ts";
import type { ValuePlan } from "../../plan/values.ts";
import type { Exchange } from "../exchange.ts";
import { setHeader } from "../header-list.ts";
import {
  type Content,
  type Conversion,
  decodeBase64,
  decodeText,
  encodeBase64,
  isText,
  linkFrameContent,
  linkResponseContent,
  refuseUndecodable,
} from "../integrations/content-handling.ts";
import { acceptedMediaType } from "../integrations/media-types.ts";
import type { LinkContext } from "../link-context.ts";
import { configurationError } from "../responses/failure.ts";
import { mappedResponseName } from "../responses/header-remapping.ts";
import { linkSelectionKey, ofKey, type SelectKey } from "../selection.ts";
import { linkFailureLog, linkTemplate, type Template, type TemplateOptions } from "../templates/link-template.ts";
import { Payload } from "../templates/payload.ts";
import {
  type BodyPaths,
  describeValue,
  findInBody,
  linkBodyPaths,
  linkValue,
  type ReadValue,
  readsBody,
} from "../values.ts";
import { traceTemplate } from "./request-template.ts";

/** One integration response after linking. */
export interface IntegrationResponse {
  readonly plan: IntegrationResponsePlan;
  readonly headers: readonly { readonly name: string; readonly read: ReadValue; readonly plan: ValuePlan }[];
  /** The templates by media type, in the plan's order. */
  readonly templates: ReadonlyMap<string, ChosenTemplate>;
  /** Of a WebSocket API: yields the key of the template. */
  readonly selectKey: SelectKey | undefined;
  /** Whether a header is mapped from the integration's body. */
  readonly mapsBody: boolean;
  /** What headers look for in the integration's body. */
  readonly bodyPaths: BodyPaths;
  readonly runJob: RunJob;
  /** A payload that is text has no bytes but UTF-8's. */
  readonly isDecoded: boolean;
  /** Returns how the payload is treated; undefined if it always stays as it is. */
  readonly contentOf: ((exchange: Exchange) => Content) | undefined;
}

/** What the kind of an integration decides of its responses. */
interface IntegrationKind {
  readonly isMock: boolean;
  /** It is of the type AWS, whose text is decoded. */
  readonly isAws: boolean;
}

export const ofMock: IntegrationKind = { isMock: true, isAws: false };
export const ofHttp: IntegrationKind = { isMock: false, isAws: false };
export const ofAws: IntegrationKind = { isMock: false, isAws: true };

/**
 * Finds the integration response for the integration's answer: a status or a function's error message, or undefined for
 * a success without either. Returns undefined if there is no such response and no default.
 */
export type SelectResponse = (status: string | undefined) => IntegrationResponse | undefined;

/**
 * AWS: API Gateway Developer Guide, "Set up an integration response in API Gateway": the one whose selection pattern
 * matches the whole status (of several, as measured, the one for that very status, else the first), else the one without
 * a pattern. Answers are remembered where they are short, as a status is.
 */
export function linkSelection(
  plans: readonly IntegrationResponsePlan[],
  { stage, method, thread }: LinkContext,
  { isMock, isAws }: IntegrationKind,
): SelectResponse {
  const { stageVariables, binaryMediaTypes } = stage;
  const onFailure = linkFailureLog(stage, method, thread.logger);
  const { runJob } = thread;
  const linkContent = (handling: ContentHandlingPlan | undefined): IntegrationResponse["contentOf"] =>
    stage.kind === "websocket"
      ? linkFrameContent(handling)
      : linkResponseContent(handling, { binaryMediaTypes, isMock });
  const responses = plans.map((plan) => ({
    plan,
    headers: plan.headers.flatMap(({ name, value }) => {
      const shown = mappedResponseName(name);
      return shown === undefined ? [] : [{ name: shown, read: linkValue(value), plan: value }];
    }),
    templates: linkTemplates(plan, { stageVariables, onFailure, runJob }),
    selectKey: plan.selection && linkSelectionKey(plan.selection),
    mapsBody: readsBody(plan.headers),
    bodyPaths: linkBodyPaths(plan.headers.map(({ value }) => value)),
    runJob,
    isDecoded: isAws,
    contentOf: linkContent(plan.contentHandling),
    pattern: plan.selectionPattern === undefined ? undefined : linkPattern(plan.selectionPattern),
  }));
  const byDefault =
    responses.find(({ pattern }) => pattern === undefined) ??
    // AWS quirk: `.*` also matches an answer that has no text to match.
    responses.find(({ plan }) => plan.selectionPattern === ".*");
  const ofSuccess = byDefault ?? responses.find(({ pattern }) => pattern?.("", makeVisit()) === true);
  const select = (status: string): IntegrationResponse | undefined => {
    const visit = makeVisit();
    const matching = responses.filter(({ pattern }) => pattern?.(status, visit) === true);
    return matching.find(({ plan }) => String(plan.statusCode) === status) ?? matching[0];
  };
  const known = new Map<string, IntegrationResponse | undefined>();
  return (status) => {
    if (status === undefined) return ofSuccess;
    if (known.has(status)) return known.get(status);
    const selected = select(status) ?? byDefault;
    if (known.size < 1_000 && status.length <= 64) known.set(status, selected);
    return selected;
  };
}

/**
 * Bounds the work of patterns on a long error message. When it is spent, the pattern does not match, and neither do
 * those after it.
 */
function makeVisit(): (states: number) => void {
  let left: number = bounds.selectionPatternVisitsMax.value;
  return (states) => {
    left -= states;
    if (left < 0) throw tooLong;
  };
}

const tooLong = new Error("a selection takes too long");

function linkPattern(source: string): (text: string, visit: (states: number) => void) => boolean {
  const parsed = parseJavaPattern(source);
  // The compiler closes methods with patterns that can't be parsed; a pattern that gets here all the same matches
  // nothing.
  if (parsed.kind !== "pattern") return () => false;
  return (text, visit) => {
    try {
      return parsed.pattern.matches(text, visit);
    } catch (error) {
      if (error === tooLong) return false;
      throw error;
    }
  };
}

function linkTemplates(
  plan: IntegrationResponsePlan,
  options: Pick<TemplateOptions, "stageVariables" | "onFailure" | "runJob">,
): ReadonlyMap<string, ChosenTemplate> {
  const entries = Object.entries(plan.templates).map(([mediaType, template]): [string, ChosenTemplate] => {
    const make =
      template === null || typeof template === "string"
        ? template
        : linkTemplate(template, { side: "response", mediaType, ...options });
    // Of a WebSocket API it is a key that was selected, and no media type.
    return [mediaType, { mediaType: plan.selection === undefined ? mediaType : undefined, make }];
  });
  return new Map(entries);
}

/** How the client's body is made from an integration's body: by a template, or unchanged. */
export interface ChosenTemplate {
  readonly mediaType: string | undefined;
  /** null passes the body on as it is; a text is itself the result. */
  readonly make: string | Template | null;
}

const passBody: ChosenTemplate = { mediaType: undefined, make: null };

/**
 * Chooses the response template: that of the first media type that the request accepts, otherwise the first one. Of a
 * WebSocket API: that of the selected key, or `$default`, and otherwise the body is passed. `status` is the integration's.
 * AWS: "Integration passthrough behaviors"; docs/internals/aws-facts/mapping-and-content.md, "Passthrough".
 */
export function chooseResponseTemplate(
  exchange: Exchange,
  { templates, selectKey }: IntegrationResponse,
  status: string,
): ChosenTemplate {
  if (templates.size === 0) return passBody;
  if (selectKey !== undefined) return ofKey(templates, selectKey(exchange, status)) ?? passBody;
  const chosen = templates.get(acceptedMediaType(exchange.request));
  if (chosen !== undefined) return chosen;
  for (const first of templates.values()) return first;
  return passBody;
}

/** Returns whether the whole body of the integration's answer is needed before the client's answer can begin. */
export const needsPayload = (exchange: Exchange, response: IntegrationResponse, { make }: ChosenTemplate): boolean =>
  // A trace shows the body before the answer, as AWS's log does.
  exchange.trace?.hasData === true ||
  response.mapsBody ||
  (make !== null && typeof make === "object" && make.readsPayload) ||
  (make === null && response.contentOf !== undefined && response.contentOf(exchange).conversion !== "none") ||
  (make === null && response.isDecoded && isText(response.contentOf?.(exchange)));

/** Returns the headers of a method's response: the mapped ones, and the content type. */
export function writeResponseHeaders(
  exchange: Exchange,
  response: IntegrationResponse,
  template: ChosenTemplate,
): string[] {
  const headers = ["Content-Type", template.mediaType ?? "application/json"];
  for (const { name, read, plan } of response.headers) {
    const value = read(exchange);
    exchange.trace?.addMapping(`method.response.header.${name}`, describeValue(plan), value);
    if (value === undefined) continue;
    if (typeof value === "string") setHeader(headers, name, value);
    else for (const each of value) headers.push(name, each);
  }
  return headers;
}

/**
 * Returns the integration response if the method declares its status; otherwise answers the exchange as AWS does and
 * returns undefined. `matched` is the text that the response was selected by.
 */
export function checkResponse(
  exchange: Exchange,
  response: IntegrationResponse | undefined,
  status: string,
  matched = status,
): response is IntegrationResponse {
  if (response !== undefined) {
    const { statusCode = Number(status), selectionPattern } = response.plan;
    exchange.trace?.add({
      kind: "integration-response",
      matched,
      statusCode,
      ...(selectionPattern === undefined ? {} : { pattern: selectionPattern }),
    });
  }
  if (response?.plan.isDeclared === true) return true;
  const detail =
    response === undefined
      ? `No match for output mapping and no default endpoint response configured. Endpoint Response Status Code: ${status}`
      : `Output mapping refers to an invalid method response: ${response.plan.statusCode}`;
  exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", { detail, hint: detail });
  return false;
}

/**
 * Answers with a method's response once everything that it reads is there: first the mapped headers, then the
 * template's result or the integration's `body`, and last the template's overrides.
 */
export function respondMapped(
  exchange: Exchange,
  response: IntegrationResponse,
  options: {
    readonly template: ChosenTemplate;
    readonly body: Buffer | undefined;
    readonly headers?: readonly string[];
    /** The integration's: what is answered where the response has no status of its own. */
    readonly status: number;
  },
): void {
  if (response.bodyPaths.texts.length === 0) {
    respondFound(exchange, response, options);
    return;
  }
  const { bodyPaths: paths, runJob } = response;
  findInBody(exchange, { payload: exchange.integrationPayload, paths, runJob }, () => {
    respondFound(exchange, response, options);
  });
}

function respondFound(
  exchange: Exchange,
  response: IntegrationResponse,
  options: Parameters<typeof respondMapped>[2],
): void {
  const { template, body } = options;
  const headers = writeResponseHeaders(exchange, response, template);
  // A WebSocket's integration response has no status: that of the integration is told who connects.
  const own = response.plan.statusCode ?? options.status;
  // AWS: API Gateway Developer Guide, "WebSocket API mapping template reference for API Gateway", `$context.status`.
  if (exchange.connection !== undefined) exchange.status = own;
  if (options.headers !== undefined) headers.push(...options.headers);
  const { conversion, isOpaque } = response.contentOf === undefined ? asItIs : response.contentOf(exchange);
  if (template.make === null) {
    const encoded = conversion === "encode" && body !== undefined ? encodeBase64(body) : body;
    const isPlain = response.isDecoded && conversion === "none" && !isOpaque;
    const payload = isPlain && encoded !== undefined ? decodeText(encoded) : encoded;
    const status = overrideResponse(exchange, own, headers);
    respondContent(exchange, { status, headers, payload, conversion });
    return;
  }
  if (isOpaque) {
    refuseUntransformed(
      exchange,
      "the integration's Content-Type is one of binaryMediaTypes, and the integration response's contentHandling is not CONVERT_TO_TEXT",
    );
    return;
  }
  if (typeof template.make === "string") {
    const status = overrideResponse(exchange, own, headers);
    respondContent(exchange, { status, headers, payload: template.make, conversion });
    return;
  }
  if (conversion === "encode" && body !== undefined) exchange.integrationPayload = new Payload(encodeBase64(body));
  const { make } = template;
  make.render(exchange, exchange.integrationPayload, (outcome) => {
    if (outcome.kind !== "text") {
      const reason =
        outcome.kind === "failure"
          ? outcome.detail
          : `Could not parse the integration's body into json: ${outcome.detail}`;
      refuseUntransformed(exchange, reason);
      return;
    }
    traceTemplate(exchange, make, outcome.text);
    const status = overrideResponse(exchange, own, headers);
    respondContent(exchange, { status, headers, payload: outcome.text, conversion });
  });
}

const asItIs: Content = { conversion: "none", isOpaque: false };

/** Sends the content. A template's result, or a payload that is text, is converted to bytes last. */
function respondContent(
  exchange: Exchange,
  answer: {
    readonly status: number;
    readonly headers: string[];
    readonly payload: Buffer | string | undefined;
    readonly conversion: Conversion;
  },
): void {
  const { status, headers, payload, conversion } = answer;
  if (conversion !== "decode" || payload === undefined) {
    exchange.respond(status, headers, payload);
    return;
  }
  const decoded = decodeBase64(payload);
  if (decoded === undefined) refuseUndecodable(exchange);
  else exchange.respond(status, headers, decoded);
}

function refuseUntransformed(exchange: Exchange, reason: string): void {
  const failure = configurationError(`Unable to transform response: ${reason}`);
  exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", failure);
}

/**
 * Applies `$context.responseOverride`, which either template can set: changes the headers and returns the status to
 * answer with.
 */
export function overrideResponse(exchange: Exchange, status: number, headers: string[]): number {
  const { overrides } = exchange;
  if (overrides === undefined) return status;
  for (const { name, values } of overrides.of("response", "header").values()) {
    const shown = mappedResponseName(name);
    if (shown !== undefined) setHeader(headers, shown, values.join(","));
  }
  return overrides.status ?? status;
}
