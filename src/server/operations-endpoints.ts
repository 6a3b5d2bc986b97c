import type { Credentials } from "../access/request-signer.ts";
import { bounds } from "../base/bounds.ts";
import { isObject } from "../base/json-object.ts";
import type { BeyondAws } from "../definition/beyond-aws.ts";
import type { ThrottleLimit } from "../limits/throttles.ts";
import { portalsPath } from "../management/v2/portal.ts";
import { codePath } from "../services/lambda/code-links.ts";
import type { CanaryFacts, CanaryQuestion } from "./canaries/answer-canary.ts";
import type { HistoryQuestion, PastDeployment } from "./deployment-history.ts";
import { type ExplainAnswer, type ExplainRequest, readExplainRequest } from "./explain.ts";
import { type PortalPath, readPortalPath } from "./pages/portals.ts";
import { referencePath } from "./pages/reference.ts";
import type { StageStatus } from "./stage-status.ts";

/** What the operations endpoints need from the running server. */
export interface ServerFacts {
  isReady(): boolean;
  metrics(): Buffer;
  status(): Promise<readonly StageStatus[]>;
  /** Returns the code that a function's `Code.Location` leads to, or undefined if there is none or no longer. */
  code(path: string): Promise<Buffer | undefined>;
  /** Returns a page below `/_portico/docs`. */
  reference(path: string): Promise<OperationsResponse>;
  /** Returns the page of a portal, or a file that it loads. */
  portal(asked: PortalPath): Promise<OperationsResponse>;
  /** Returns an API's deployments, the newest first; undefined if there is no such API. */
  deployments(asked: HistoryQuestion): Promise<readonly PastDeployment[] | undefined>;
  /** Returns how a stage's canary does, after guarding it or ending its guard; or why that is not possible. */
  canary(asked: CanaryQuestion): Promise<CanaryFacts | string>;
  /** Runs a request and reports what happened to it. */
  explain(asked: ExplainRequest): Promise<ExplainAnswer>;
  /** Empties the server; undefined if that is not allowed. Returns the key of the administrator that it then needs. */
  readonly reset: (() => Promise<Credentials | undefined>) | undefined;
  /** The throttle of each account in each region. */
  readonly accountThrottle: ThrottleLimit;
  /** What the server may do although AWS does not have it. */
  readonly beyondAws: readonly BeyondAws[];
  /** Reads and moves the clock; undefined if that is not allowed. */
  readonly clock: { now(): number; advance(ms: number): Promise<void> } | undefined;
}

export interface OperationsRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  /** False if the body is longer than the endpoint takes; `body` is then its beginning. */
  readonly isWhole: boolean;
}

export interface OperationsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

interface Endpoint {
  readonly method: "GET" | "POST";
  /** True if the endpoint's bodies may hold a data plane request's body in base64; all others are short. */
  readonly takesPayload?: boolean;
  readonly answer: (facts: ServerFacts, body: Buffer) => Promise<OperationsResponse> | OperationsResponse;
}

export const metricsPath = "/_portico/metrics";

/** The operations endpoints by path. See docs/internals/architecture.md, "Addresses". */
const endpoints: Readonly<Record<string, Endpoint>> = {
  "/_portico/health": { method: "GET", answer: () => json(200, { status: "ok" }) },
  "/_portico/ready": {
    method: "GET",
    answer: (facts) => (facts.isReady() ? json(200, { status: "ready" }) : json(503, { status: "starting" })),
  },
  [metricsPath]: {
    method: "GET",
    answer: (facts) => ({
      status: 200,
      headers: { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" },
      body: facts.metrics(),
    }),
  },
  "/_portico/status": {
    method: "GET",
    answer: async (facts) =>
      json(200, { stages: await facts.status(), accountThrottle: facts.accountThrottle, beyondAws: facts.beyondAws }),
  },
  "/_portico/explain": {
    method: "POST",
    takesPayload: true,
    async answer({ explain }, body) {
      const asked = readExplainRequest(body);
      if (typeof asked === "string") return json(400, { message: asked });
      const answer = await explain(asked);
      return answer.kind === "report" ? json(200, answer.report) : json(answer.status, { message: answer.message });
    },
  },
  "/_portico/deployments": {
    method: "POST",
    async answer({ deployments }, body) {
      const asked = readStrings(body, ["account", "region", "apiId"]);
      if (asked === undefined)
        return json(400, { message: 'Send {"account": …, "region": …, "apiId": …}: three texts.' });
      const found = await deployments(asked);
      return found === undefined
        ? json(404, { message: `There is no API ${asked.apiId.slice(0, 200)}.` })
        : json(200, { deployments: found });
    },
  },
  "/_portico/canary": {
    method: "POST",
    async answer({ canary }, body) {
      const stage = readStrings(body, ["account", "region", "apiId", "stageName"]);
      if (stage === undefined)
        return json(400, { message: 'Send {"account": …, "region": …, "apiId": …, "stageName": …}: four texts.' });
      const { guard } = JSON.parse(body.toString("utf8")) as { readonly guard?: unknown };
      const found = await canary({ ...stage, ...(guard !== undefined && { guard }) });
      return typeof found === "string"
        ? json(400, { message: `This can't be guarded so: ${found}.` })
        : json(200, found);
    },
  },
  "/_portico/reset": {
    method: "POST",
    async answer({ reset }) {
      if (!reset) return json(403, { message: "Start Portico with --memory or --allow-reset to reset it." });
      const administrator = await reset();
      return json(200, { status: "empty", ...(administrator && { administrator }) });
    },
  },
  "/_portico/clock": {
    method: "POST",
    async answer({ clock }, body) {
      if (!clock) return json(403, { message: "Start Portico with --memory to move its clock." });
      const ms = readAdvance(body);
      if (ms === undefined) {
        return json(400, { message: `Send {"advanceMs": N}: a whole number of milliseconds up to ${advanceMsMax}.` });
      }
      await clock.advance(ms);
      return json(200, { now: clock.now() });
    },
  },
};

/** A hundred years. */
const advanceMsMax = bounds.clockAdvanceMsMax.value;

function readAdvance(body: Buffer): number | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    if (!isObject(value)) return undefined;
    const { advanceMs } = value;
    return Number.isInteger(advanceMs) && Number(advanceMs) >= 0 && Number(advanceMs) <= advanceMsMax
      ? Number(advanceMs)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a JSON object with these texts; undefined if it is none. */
function readStrings<Name extends string>(
  body: Buffer,
  names: readonly Name[],
): Readonly<Record<Name, string>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    const isRight = isObject(value) && names.every((name) => typeof value[name] === "string");
    return isRight ? (value as Record<Name, string>) : undefined;
  } catch {
    return undefined;
  }
}

export const isOperationsPath = (path: string): boolean => path === "/_portico" || path.startsWith("/_portico/");

/**
 * Returns whether everybody may ask, with `--auth enforce` as well: whether the server is there and ready, links to
 * functions' code, which nobody can guess, and published portals, which are for everybody; a preview is not.
 */
export const isOpenPath = (path: string): boolean =>
  path === "/_portico/health" || path === "/_portico/ready" || path.startsWith(codePath) || isOpenPortalPath(path);

function isOpenPortalPath(path: string): boolean {
  const asked = readPortalPath(path);
  return asked !== undefined && (asked.kind === "asset" || asked.site === "published");
}

/** Returns the greatest number of bytes of a body that the endpoint takes. */
export const operationsBodyBytesMax = (path: string, payloadBytesMax: number): number =>
  Object.hasOwn(endpoints, path) && endpoints[path]?.takesPayload === true
    ? payloadBytesMax
    : bounds.operationsBodyBytesMax.value;

export async function answerOperations(request: OperationsRequest, facts: ServerFacts): Promise<OperationsResponse> {
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (request.path.startsWith(codePath) && isRead) return answerCode(await facts.code(request.path));
  if (isReferencePath(request.path)) {
    if (isRead) return facts.reference(request.path);
    return json(405, { message: `${referencePath} takes GET.` }, { Allow: "GET" });
  }
  const portal = readPortalPath(request.path);
  if (portal !== undefined) {
    if (isRead) return facts.portal(portal);
    return json(405, { message: `${portalsPath} takes GET.` }, { Allow: "GET" });
  }
  const endpoint = Object.hasOwn(endpoints, request.path) ? endpoints[request.path] : undefined;
  if (endpoint === undefined) {
    return json(404, {
      message: `There is no ${request.path.slice(0, 200)}; there are ${[...Object.keys(endpoints), referencePath].join(", ")}.`,
    });
  }
  const isHead = request.method === "HEAD" && endpoint.method === "GET";
  if (request.method !== endpoint.method && !isHead) {
    return json(405, { message: `${request.path} takes ${endpoint.method}.` }, { Allow: endpoint.method });
  }
  if (!request.isWhole) return json(413, { message: `The body is longer than ${request.path} takes.` });
  return endpoint.answer(facts, request.body);
}

/** Returns whether a path is one of the pages, or a file that they load. */
export const isPagePath = (path: string): boolean => isReferencePath(path) || readPortalPath(path) !== undefined;

const isReferencePath = (path: string): boolean => path === referencePath || path.startsWith(`${referencePath}/`);

const answerCode = (zip: Buffer | undefined): OperationsResponse =>
  zip === undefined
    ? json(403, { message: "This link has ended, or never was one: GetFunction gives another." })
    : { status: 200, headers: { "Content-Type": "application/zip", "Cache-Control": "no-store" }, body: zip };

function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): OperationsResponse {
  return {
    status,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers },
    body: `${JSON.stringify(value)}\n`,
  };
}
