import type { Plan, PlanKind } from "../plan/kinds.ts";
import { type MetricForm, type MetricPlace, type MetricRecorder, MetricSeries } from "../telemetry/metric-recorder.ts";
import type { Exchange } from "./exchange.ts";

type MethodPlan = Plan["methods"][number];
type Dimensions = Readonly<Record<string, string>>;

/** A metric, and what an exchange that took `latencyMs` adds to it: undefined adds nothing. */
interface Measure extends MetricForm {
  readonly unit: "Count" | "Milliseconds" | "Bytes";
  readonly of: (exchange: Exchange, latencyMs: number) => number | undefined;
}

/** The metrics of a kind of API, and the dimensions that they are found under. */
interface KindMetrics {
  readonly measuresOf: (plan: Plan) => readonly Measure[];
  readonly ofApi: (plan: Plan) => Dimensions;
  /** What is added to the stage's for a method with detailed metrics. */
  readonly ofMethod: (method: MethodPlan) => Dimensions;
}

/** 0 or 1 for each request, so that the average is a rate. */
const share = (is: boolean): number => (is ? 1 : 0);
/** 1, or nothing. */
const once = (is: boolean): number | undefined => (is ? 1 : undefined);

const isClientError = (exchange: Exchange): boolean =>
  (exchange.status >= 400 && exchange.status < 500) || isModifiedError(exchange);
const isServerError = (exchange: Exchange): boolean => exchange.status >= 500 && !isModifiedError(exchange);
/**
 * A gateway response with another status than its type's own. AWS: "API Gateway counts modified gateway response status codes as
 * 4XXError errors." Unconfirmed: not those that stay 5XX; see docs/compatibility.md, "metrics, APIs".
 */
const isModifiedError = ({ status, error }: Exchange): boolean => {
  const own = error?.builtInStatus ?? status;
  return own !== status && (own < 500 || status < 500);
};
const integrationLatency = ({ integration }: Exchange): number | undefined => integration?.latencyMs;

/** What every request of a REST or HTTP API measures; only the names of the errors differ. */
const requestMeasures = (clientErrors: string, serverErrors: string): readonly Measure[] => [
  { name: "Count", unit: "Count", of: () => 1 },
  { name: clientErrors, unit: "Count", of: (exchange) => share(isClientError(exchange)) },
  { name: serverErrors, unit: "Count", of: (exchange) => share(isServerError(exchange)) },
  { name: "Latency", unit: "Milliseconds", of: (_, latencyMs) => latencyMs },
  { name: "IntegrationLatency", unit: "Milliseconds", of: integrationLatency },
];

/** Whether the gateway itself refused what came, or failed, before it called the integration. */
const isStopped = ({ integration, error }: Exchange): boolean => integration === undefined && error !== undefined;
const isIntegrationError = ({ integration }: Exchange): boolean => (integration?.status ?? 0) >= 400;

const restMeasures = requestMeasures("4XXError", "5XXError");
const cachedRestMeasures: readonly Measure[] = [
  ...restMeasures,
  // As AWS's guide has it, their averages are rates of all requests, also of those that no cache is asked for.
  { name: "CacheHitCount", unit: "Count", of: ({ cacheResult: result }) => share(result === "hit") },
  { name: "CacheMissCount", unit: "Count", of: ({ cacheResult: result }) => share(result === "miss") },
];

/** AWS: API Gateway Developer Guide, "Amazon API Gateway dimensions and metrics". */
const rest: KindMetrics = {
  measuresOf: (plan) => ("hasCache" in plan ? cachedRestMeasures : restMeasures),
  // AWS: names lose the characters that are not ASCII; where none is left, the id is the name.
  ofApi: ({ apiName, apiId }) => ({ ApiName: apiName.replaceAll(/[^\x20-\x7e]/g, "").trim() || apiId }),
  ofMethod: ({ resourcePath, httpMethod }) => ({ Resource: resourcePath, Method: httpMethod }),
};

const httpMeasures: readonly Measure[] = [
  ...requestMeasures("4xx", "5xx"),
  {
    name: "DataProcessed",
    unit: "Bytes",
    of: ({ request, answer }) => request.headBytes + request.bodyBytes + answer.responseBytes,
  },
];

/** AWS: API Gateway Developer Guide, "Monitor CloudWatch metrics for HTTP APIs in API Gateway". */
const http: KindMetrics = {
  measuresOf: () => httpMeasures,
  ofApi: ({ apiId }) => ({ ApiId: apiId }),
  ofMethod: ({ resourcePath, httpMethod }) => ({ Resource: resourcePath, Method: httpMethod }),
};

// Unconfirmed: which failure is which; see docs/compatibility.md, "metrics, WebSocket APIs".
const webSocketMeasures: readonly Measure[] = [
  {
    name: "ConnectCount",
    unit: "Count",
    of: (exchange) => once(exchange.connection?.eventType === "CONNECT" && !isStopped(exchange)),
  },
  { name: "MessageCount", unit: "Count", of: ({ connection }) => once(connection?.eventType === "MESSAGE") },
  { name: "ClientError", unit: "Count", of: (exchange) => once(isStopped(exchange) && isClientError(exchange)) },
  { name: "IntegrationError", unit: "Count", of: (exchange) => once(isIntegrationError(exchange)) },
  {
    name: "ExecutionError",
    unit: "Count",
    of: (exchange) => once(exchange.integration?.error !== undefined && !isIntegrationError(exchange)),
  },
  { name: "IntegrationLatency", unit: "Milliseconds", of: integrationLatency },
];

/** AWS: API Gateway Developer Guide, "Monitor WebSocket API execution with CloudWatch metrics". */
const websocket: KindMetrics = {
  measuresOf: () => webSocketMeasures,
  ofApi: ({ apiId }) => ({ ApiId: apiId }),
  ofMethod: ({ routeKey }) => ({ Route: routeKey }),
};

const kinds: Readonly<Record<PlanKind, KindMetrics>> = { rest, http, websocket };
const messageCount = webSocketMeasures.findIndex(({ name }) => name === "MessageCount");

/** What CloudWatch is told of a stage. */
export class StageMetrics {
  readonly #recorder: MetricRecorder;
  readonly #measures: readonly Measure[];
  readonly #ofStage: MetricSeries;
  readonly #ofMethods = new Map<MethodPlan, MetricSeries>();
  readonly #makeSeries: (...dimensions: readonly Dimensions[]) => MetricSeries;
  readonly #dimensionsOf: (method: MethodPlan) => readonly Dimensions[];

  constructor(plan: Plan, recorder: MetricRecorder) {
    const { kind, account, region, stageName } = plan;
    const { measuresOf, ofApi, ofMethod } = kinds[kind];
    const measures = measuresOf(plan);
    const forms = measures.map(({ name, unit }) => ({ name, unit }));
    const api = ofApi(plan);
    // Unconfirmed: the name of a canary's own metrics; see docs/compatibility.md, "metrics, canaries".
    const names = plan.isCanary === true ? [stageName, `${stageName}/Canary`] : [stageName];
    const stages = names.map((name) => ({ ...api, Stage: name }));
    this.#recorder = recorder;
    this.#measures = measures;
    this.#makeSeries = (...all) => {
      const places = all.map((dimensions): MetricPlace => {
        const sorted = Object.entries(dimensions).sort(([one], [other]) => (one < other ? -1 : 1));
        return { account, region, namespace: "AWS/ApiGateway", dimensions: sorted };
      });
      return new MetricSeries(recorder, forms, places);
    };
    this.#ofStage = this.#makeSeries(api, ...stages);
    this.#dimensionsOf = (method) => stages.map((stage) => ({ ...stage, ...ofMethod(method) }));
  }

  /** Measures a complete exchange. A request that no method takes counts for the stage alone. */
  count(exchange: Exchange, latencyMs: number): void {
    this.#recorder.begin();
    this.#add(this.#ofStage, exchange, latencyMs);
    const method = exchange.method?.plan;
    if (method?.hasMetrics === true) this.#add(this.#seriesOf(method), exchange, latencyMs);
  }

  /** Counts a message that was sent to a client of a WebSocket API. */
  countSent(): void {
    this.#recorder.begin();
    this.#ofStage.add(messageCount, 1);
  }

  #add(series: MetricSeries, exchange: Exchange, latencyMs: number): void {
    const measures = this.#measures;
    for (let index = 0; index < measures.length; index++) {
      const value = measures[index]!.of(exchange, latencyMs);
      if (value !== undefined) series.add(index, value);
    }
  }

  #seriesOf(method: MethodPlan): MetricSeries {
    const known = this.#ofMethods.get(method);
    if (known !== undefined) return known;
    const series = this.#makeSeries(...this.#dimensionsOf(method));
    this.#ofMethods.set(method, series);
    return series;
  }
}
