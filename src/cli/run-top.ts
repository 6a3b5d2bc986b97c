import { bounds } from "../base/bounds.ts";
import { UserError } from "../base/user-error.ts";
import { metricsPath } from "../server/operations-endpoints.ts";
import { untilSignal } from "../server/until-signal.ts";
import { withinMs } from "../server/within-ms.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { layOut, type Output } from "./output.ts";
import { getStatus, stagesOf } from "./server-status.ts";
import { fetchSigned } from "./signed-calls.ts";
import { type MetricsSample, readSample } from "./top/metrics-sample.ts";
import { compareSamples, type Rates, type RouteRates } from "./top/route-rates.ts";

/** `portico top [API]`: a live view of what each route gets, by differences between readings of the server's metrics. */
export async function runTop({ args, options, output }: Invocation): Promise<number> {
  const endpoint = await findEndpoint(options);
  const intervalMs = readInterval(options["interval"]);
  const [api] = args;
  const only =
    api === undefined ? undefined : new Set(stagesOf(await getStatus(endpoint), api).map((one) => one.apiId));
  const names = new ApiNames(endpoint);
  const isJson = options["json"] === true;
  const isOnce = options["once"] === true;
  const isLive = output.isTerminal && !isJson && !isOnce;
  const stop = untilSignal();
  if (!isJson) output.note(`Watching ${showEndpoint(endpoint)}; the first figures come in ${intervalMs / 1_000} s.`);
  let before = await whileItRuns(endpoint, read(endpoint));
  try {
    if (isLive) output.raw(screen.begin);
    for (;;) {
      if (await withinMs(stop, intervalMs)) return 0;
      const after = await whileItRuns(endpoint, read(endpoint));
      const rates = keep(compareSamples(before, after), only);
      await whileItRuns(endpoint, names.learn(rates.routes));
      before = after;
      if (isJson) output.raw(`${JSON.stringify(toJson(rates, after, names))}\n`);
      else {
        if (isLive) output.raw(screen.clear);
        show(rates, names, { endpoint, output, size: isLive ? sizeOfScreen() : undefined });
      }
      if (isOnce) return 0;
    }
  } finally {
    if (isLive) output.raw(screen.end);
  }
}

/** Control sequences of terminals (ECMA-48, and xterm's second screen, which leaves what was there as it is). */
const screen = { begin: "\x1b[?1049h\x1b[?25l", clear: "\x1b[H\x1b[2J", end: "\x1b[?25h\x1b[?1049l" };

/** How many routes fit, and how much of a line. Terminals that do not know their size say 0. */
const sizeOfScreen = (): NonNullable<View["size"]> => ({
  routes: Math.max(5, (process.stdout.rows || 40) - 4),
  columns: Math.max(20, process.stdout.columns || 120),
});

function readInterval(given: unknown): number {
  const seconds = given === undefined ? 2 : Number(given);
  if (seconds >= 0.1 && seconds <= 3_600) return seconds * 1_000;
  throw new UserError({
    what: `--interval ${String(given).slice(0, 100)} is not accepted.`,
    why: "It is a number of seconds, from 0.1 to 3600.",
    next: "For example --interval 5.",
    isUsage: true,
  });
}

async function read(endpoint: string): Promise<MetricsSample> {
  const response = await fetchSigned(endpoint, {
    method: "GET",
    path: metricsPath,
    service: "portico",
    timeoutMs: bounds.cliStatusMsMax.value,
  });
  const text = await response.text();
  // tidy-allow: clock – rates are counts by time.
  if (response.ok) return readSample(text, Date.now());
  throw new UserError({
    what: `The server at ${endpoint} does not tell its metrics.`,
    why: `It answered ${response.status}.`,
    next:
      response.status === 403
        ? "The credentials have to be an access key of that server, whose policies allow portico:GET."
        : "Look into its log.",
  });
}

/** Throws a `UserError` if the server ends meanwhile. */
async function whileItRuns<Found>(endpoint: string, asked: Promise<Found>): Promise<Found> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    throw new UserError({
      what: `The server at ${endpoint} no longer answers.`,
      why: error.cause instanceof Error ? error.cause.message : error.message,
      next: "Look whether it still runs, and call `portico top` again.",
    });
  }
}

const keep = (rates: Rates, only: ReadonlySet<string> | undefined): Rates =>
  only === undefined ? rates : { ...rates, routes: rates.routes.filter(({ api }) => only.has(api)) };

/** The names of APIs by id. They are asked for when an id comes that has none yet. */
class ApiNames {
  readonly #endpoint: string;
  readonly #names = new Map<string, string>();

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  of(api: string): string {
    return this.#names.get(api) ?? api;
  }

  async learn(routes: readonly RouteRates[]): Promise<void> {
    const unknown = routes.filter(({ api }) => !this.#names.has(api));
    if (unknown.length === 0) return;
    for (const { apiId, apiName } of await getStatus(this.#endpoint)) this.#names.set(apiId, apiName);
    // An API that was deleted keeps its rows.
    for (const { api } of unknown) if (!this.#names.has(api)) this.#names.set(api, api);
  }
}

/** One line of `--json`. */
function toJson({ seconds, connectionsOpen, routes }: Rates, { atMs }: MetricsSample, names: ApiNames): object {
  return {
    at: new Date(atMs).toISOString(),
    ...{ seconds, connectionsOpen },
    routes: routes.map(({ api, ...rates }) => ({ apiId: api, apiName: names.of(api), ...rates })),
  };
}

interface View {
  readonly endpoint: string;
  readonly output: Output;
  /** How much fits on the screen; undefined shows the routes that had requests, however many and whole. */
  readonly size: { readonly routes: number; readonly columns: number } | undefined;
}

const heads = ["API", "STAGE", "ROUTE", "REQ/S", "4XX/S", "5XX/S", "P50", "P99", "CACHED", "THROTTLED/S"];

function show({ routes, connectionsOpen }: Rates, names: ApiNames, { endpoint, output, size }: View): void {
  const total = (of: (route: RouteRates) => number): number => routes.reduce((sum, route) => sum + of(route), 0);
  const rate = total(({ requestsPerSecond }) => requestsPerSecond);
  const errors = total((route) => route.clientErrorsPerSecond + route.serverErrorsPerSecond);
  const share =
    rate === 0 ? "no requests" : `${number(rate)} requests/s, ${((100 * errors) / rate).toFixed(1)} % errors`;
  // tidy-allow: clock – the view says when it was made.
  const at = new Date().toISOString().slice(11, 19);
  const fit = (line: string): string => shorten(line, size?.columns);
  const facts = `  ${at}Z  ${share}, ${connectionsOpen} connections open`;
  const server = showEndpoint(endpoint);
  output.line(`${output.paint("bold", fit(server))}${fit(server + facts).slice(server.length)}\n`);
  const shown = routes.filter(({ requests }) => requests > 0 || size !== undefined).slice(0, size?.routes);
  if (shown.length === 0) {
    output.line("No route has had a request meanwhile.");
    return;
  }
  const charsMax = size && Math.max(12, Math.floor((size.columns - figuresChars) / 2));
  const cells = shown.map((route) => cellsOf(route, names).map((cell) => shorten(cell, charsMax)));
  const [head = "", ...lines] = layOut([heads, ...cells]).map(fit);
  output.line(output.paint("dim", head));
  for (const [index, line] of lines.entries()) {
    const route = shown[index]!;
    const style =
      route.requests === 0
        ? "dim"
        : route.serverErrorsPerSecond > 0
          ? "red"
          : route.clientErrorsPerSecond > 0
            ? "yellow"
            : undefined;
    output.line(style === undefined ? line : output.paint(style, line));
  }
  if (shown.length < routes.length && size !== undefined) {
    output.line(output.paint("dim", `… and ${routes.length - shown.length} more`));
  }
}

/** What the stage and the figures take of a line. The names of the API and the route share the rest of a terminal's. */
const figuresChars = 66;

const shorten = (text: string, charsMax = Number.POSITIVE_INFINITY): string =>
  text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;

function cellsOf(route: RouteRates, names: ApiNames): string[] {
  const { api, stage, p50Ms, p99Ms, cacheHitShare } = route;
  const rates = [route.requestsPerSecond, route.clientErrorsPerSecond, route.serverErrorsPerSecond].map(number);
  return [
    // A name may have line ends.
    api === "" ? "(none)" : names.of(api).replaceAll(/\s+/g, " "),
    stage,
    route.route === "" ? "(no route)" : route.route,
    ...rates,
    milliseconds(p50Ms),
    milliseconds(p99Ms),
    cacheHitShare === undefined ? "" : `${Math.round(100 * cacheHitShare)} %`,
    route.throttledPerSecond === 0 ? "" : number(route.throttledPerSecond),
  ];
}

const number = (value: number): string =>
  value === 0 ? "0" : value < 10 ? value.toFixed(1) : String(Math.round(value));

const milliseconds = (ms: number | undefined): string =>
  ms === undefined ? "" : ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
