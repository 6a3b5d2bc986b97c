import { bounds } from "../base/bounds.ts";
import { encodeFieldValue, isFieldValue, isToken } from "../base/header-field.ts";
import { parseIpAddress } from "../base/ip-address.ts";
import type { NoAnswer } from "../base/pending-answers.ts";
import { defaultStageName, v2Kinds } from "../definition/http-api.ts";
import { type ApiIdClaim, restKinds } from "../definition/rest-api.ts";
import type { V2Api } from "../definition/v2-api.ts";
import { lastHeader } from "../gateway/header-list.ts";
import type { Probe, ProbeOutcome } from "../gateway/probe.ts";
import { findDestination } from "../gateway/routing/address.ts";
import { CustomDomains } from "../gateway/routing/custom-domains.ts";
import { developmentListener } from "../http/listener.ts";
import type { CustomDomainPlan } from "../plan/custom-domain.ts";
import { stageKey } from "../plan/plan.ts";
import { type StepFacts, steps } from "../plan/steps.ts";
import { everywhere, type Reader, type Store } from "../store/store.ts";
import { Secrets } from "../telemetry/secrets.ts";
import type { TraceEvent } from "../telemetry/trace.ts";
import { type CompiledStage, type CompileSettings, compileStage, type StageContent } from "./compile-stage.ts";
import { findStage } from "./find-stage.ts";
import { readServedStage } from "./served-stage.ts";

/** The request that is to be explained: the body of `POST /_portico/explain`. */
export interface ExplainRequest {
  readonly method: string;
  /** The URL as a client would call it. */
  readonly url: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** The body, in base64. */
  readonly body: string;
  /** A message that is sent on a WebSocket once it is connected. */
  readonly message?: string | undefined;
  /** Stage variables that replace the stage's own ones of the same names. */
  readonly stageVariables: Readonly<Record<string, string>>;
  /** The client's address, such as `203.0.113.7`. */
  readonly sourceAddress: string;
}

/** What happened to the request; secrets are masked. */
export interface ExplainReport {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly latencyMs: number;
  /** What each kind of step does, for the steps that the method has. */
  readonly steps: Readonly<Record<string, string>>;
  readonly events: readonly TraceEvent[];
}

export type ExplainAnswer =
  | { readonly kind: "report"; readonly report: ExplainReport }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** Returns the request that the body describes, or what is wrong with the body. */
export function readExplainRequest(body: Buffer): ExplainRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    return "Send JSON.";
  }
  if (typeof value !== "object" || value === null) return "Send an object.";
  const { method, url, headers = [], body: payload = "", stageVariables = {} } = value as Record<string, unknown>;
  const { sourceAddress = "127.0.0.1", message } = value as Record<string, unknown>;
  if (typeof method !== "string" || !isToken(method)) return "method has to be an HTTP method.";
  if (typeof url !== "string") return "url has to be a URL.";
  if (!isTexts(headers) || headers.length % 2 !== 0) return "headers has to be a list of names and values in turn.";
  for (let index = 0; index < headers.length; index += 2) {
    if (!isToken(headers[index]!)) return `${JSON.stringify(headers[index])} is no header's name.`;
    if (!isFieldValue(headers[index + 1]!)) return `The value of the header ${headers[index]} can't be sent.`;
  }
  if (typeof payload !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(payload)) return "body has to be base64.";
  if (typeof stageVariables !== "object" || stageVariables === null || !isTexts(Object.values(stageVariables))) {
    return "stageVariables has to be an object of texts.";
  }
  if (message !== undefined && typeof message !== "string") return "message has to be a text.";
  if (message !== undefined && Buffer.byteLength(message) > messageBytesMax) {
    return `A message has at most ${messageBytesMax} bytes: for a longer one a connection is closed with 1009.`;
  }
  if (typeof sourceAddress !== "string" || parseIpAddress(sourceAddress) === undefined) {
    return "sourceAddress has to be an IP address.";
  }
  return {
    method,
    url,
    headers,
    body: payload,
    stageVariables: stageVariables as Record<string, string>,
    sourceAddress,
    message,
  };
}

const messageBytesMax = bounds.webSocketMessageBytesMax.value;

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

export interface ExplainOptions extends CompileSettings {
  readonly store: Store;
  readonly probe: (probe: Probe) => Promise<ProbeOutcome | NoAnswer>;
  readonly port: () => number;
  readonly answerBytesMax: number;
  /** Returns what is published of a custom domain name. */
  readonly customDomain: (name: string) => CustomDomainPlan | undefined;
}

/** Makes the function that runs a request through what the stages serve, and reports what happened. */
export const makeExplain =
  (options: ExplainOptions) =>
  async (asked: ExplainRequest): Promise<ExplainAnswer> => {
    const address = readAddress(asked, options.customDomain);
    if (typeof address === "string") return refuse(400, address);
    const isHandshake = asked.message !== undefined || /^ws/i.test(asked.url);
    if (isHandshake && !(await isOfWebSockets(address.stage, options.store))) {
      return refuse(400, `${asked.url} is no address of a WebSocket API.`);
    }
    const compiled =
      Object.keys(asked.stageVariables).length === 0
        ? undefined
        : ((await compileVaried(address.stage, asked.stageVariables, options)) ??
          (address.isOnDomain
            ? undefined
            : await compileVaried(withDefaultStage(address.stage), asked.stageVariables, options)));
    const outcome = await options.probe({
      ...(compiled === undefined ? {} : { plan: compiled.plan }),
      ...(compiled?.identity === undefined ? {} : { identity: compiled.identity }),
      request: {
        method: asked.method,
        target: address.target,
        host: address.host,
        headers: withDefaults(asked.headers, address.host, isHandshake ? handshakeHeaders : []),
        body: Buffer.from(asked.body, "base64"),
        remoteAddress: asked.sourceAddress,
        localPort: options.port(),
        isEncrypted: false,
      },
      message: asked.message === undefined ? undefined : Buffer.from(asked.message),
      bodyCharsMax: bounds.explainBodyCharsMax.value,
      answerBytesMax: options.answerBytesMax,
      patienceMs: bounds.explainMsMax.value,
    });
    return toAnswer(asked, outcome);
  };

interface ExplainAddress {
  readonly host: string;
  readonly target: string;
  /** `{apiId}/{stage}`; empty if a custom domain name leads nowhere. */
  readonly stage: string;
  readonly isOnDomain: boolean;
}

/** Returns host, request target and stage of an API's URL, or what is wrong with the URL. */
function readAddress(
  { url: text, headers }: ExplainRequest,
  customDomain: ExplainOptions["customDomain"],
): ExplainAddress | string {
  const url = URL.parse(text);
  // The path is used as it was written, because a URL object would change what the gateway is to see, such as `..`.
  const written = /^(?:http|ws)s?:\/\/[^/?#]+([^#]*)/i.exec(text)?.[1];
  if (url === null || written === undefined || /[^\x21-\x7e]/.test(written)) {
    return "url has to be an http:, https:, ws: or wss: URL, percent-encoded.";
  }
  const target = written.startsWith("/") ? written : `/${written}`;
  const { host } = url;
  // The gateway says whether the stage exists, and whose it is.
  const domains = new CustomDomains();
  for (const name of [url.hostname, url.hostname.replace(/^[^.]+/, "*")]) {
    domains.set(name, customDomain(name) ?? null);
  }
  const destination = findDestination(
    { get: (key: string) => key, domains: { find: (of) => domains.find(of), owns: () => true } },
    { listener: developmentListener, host, target, header: (name) => lastHeader(headers, name) },
  );
  if (destination.kind === "stage") {
    const isOnDomain = destination.address.customDomain !== undefined;
    return { host, target, stage: destination.stage, isOnDomain };
  }
  // The gateway says why a custom domain name leads nowhere.
  if (destination.kind !== "management" && domains.find(host) !== undefined) {
    return { host, target, stage: "", isOnDomain: true };
  }
  return (
    `${text} is no address of an API: those are http://{api}.execute-api.localhost:{port}/{stage}/…, ` +
    "…/_aws/execute-api/{api}/{stage}/…, …/restapis/{api}/{stage}/_user_request_/… and custom domain names."
  );
}

function toAnswer({ method, url }: ExplainRequest, outcome: ProbeOutcome | NoAnswer): ExplainAnswer {
  switch (outcome.kind) {
    case "busy":
      return refuse(503, "Too many requests are being explained. Try again in a moment.");
    case "late":
      return refuse(504, "The request took too long to be explained.");
    case "lost":
    case "failed":
    case "foreign":
      return refuse(500, "The request could not be run; the server's log may say why.");
    case "answered": {
      const { status, latencyMs, events } = outcome;
      const report = { method, url: new Secrets().maskUri(url), status, latencyMs, steps: synopses(events), events };
      return { kind: "report", report };
    }
  }
}

const refuse = (status: number, message: string): ExplainAnswer => ({ kind: "refused", status, message });

/** What asks for a WebSocket. */
const handshakeHeaders = [
  ...["Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13"],
  ...["Sec-WebSocket-Key", Buffer.from("portico explain.").toString("base64")],
];

/** Adds the headers that every client sends, and those that are given. */
function withDefaults(headers: readonly string[], host: string, more: readonly string[]): string[] {
  const all = headers.map((text, index) => (index % 2 === 0 ? text : encodeFieldValue(text)));
  const has = (name: string): boolean => all.some((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  if (!has("host")) all.unshift("Host", host);
  if (!has("user-agent")) all.push("User-Agent", "portico-explain");
  if (more.length === 0 && !has("accept")) all.push("Accept", "*/*");
  for (let index = 0; index < more.length; index += 2) {
    if (!has(more[index]!.toLowerCase())) all.push(more[index]!, more[index + 1]!);
  }
  return all;
}

/**
 * Compiles the stage as it is deployed, with other variables. Returns undefined if there is no such stage, which the
 * gateway will say.
 */
async function compileVaried(
  key: string,
  variables: Readonly<Record<string, string>>,
  options: ExplainOptions,
): Promise<CompiledStage | undefined> {
  const { store } = options;
  const slash = key.indexOf("/");
  const found = await findStage(store, key.slice(0, slash), key.slice(slash + 1));
  if (found === undefined) return undefined;
  const { scope } = found;
  const load = async (tx: Reader): Promise<StageContent | undefined> => {
    const served = await readServedStage(tx, key);
    return served === undefined || "problem" in served ? undefined : withVariables(served.content, variables);
  };
  return compileStage(store, scope, load, options);
}

/** Returns whether a stage is one of a WebSocket API. Nobody knows the stage of a name that leads nowhere. */
async function isOfWebSockets(key: string, store: Store): Promise<boolean> {
  const [apiId = ""] = key.split("/", 1);
  return store.read(everywhere, async (tx) => {
    const claim = await tx.get<ApiIdClaim>(restKinds.apiIdClaim, apiId);
    if (claim === undefined) return false;
    const { account, region } = claim.body;
    const api = await tx.in({ account, region }).get<V2Api>(v2Kinds.api, apiId);
    return api?.body.ProtocolType === "WEBSOCKET";
  });
}

/** The stage `$default` of an HTTP API serves what begins with no other stage's name. */
const withDefaultStage = (key: string): string => stageKey(key.slice(0, key.indexOf("/")), defaultStageName);

function withVariables(content: StageContent, more: Readonly<Record<string, string>>): StageContent {
  if (content.kind === "rest") {
    return { ...content, stage: { ...content.stage, variables: { ...content.stage.variables, ...more } } };
  }
  const StageVariables = { ...content.stage.StageVariables, ...more };
  return { ...content, stage: { ...content.stage, StageVariables } };
}

function synopses(events: readonly TraceEvent[]): Record<string, string> {
  const kinds = events.flatMap((event) => (event.kind === "request" ? event.steps : []));
  return Object.fromEntries(
    kinds.map((kind) => {
      const facts: StepFacts = steps[kind as keyof typeof steps];
      return [kind, facts.isGate === true ? `gate that ${facts.synopsis}` : facts.synopsis];
    }),
  );
}
