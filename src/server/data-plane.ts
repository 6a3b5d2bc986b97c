import { randomBytes } from "node:crypto";
import { bounds } from "../base/bounds.ts";
import { resumeLimitsDefault } from "../gateway/websocket/kept-messages.ts";
import { defaultHttp1Limits } from "../http/http1/limits.ts";
import { developmentListener, type Listener } from "../http/listener.ts";
import { allocateThrottles, fillThrottles, openThrottles, type ThrottleMemory } from "../limits/throttles.ts";
import {
  accountThrottle,
  type ControlLimits,
  connectThrottle,
  makeControlLimits,
} from "../management/control-limits.ts";
import type { AccessKeyUses } from "../services/iam/access-key-uses.ts";
import type { Logger } from "../telemetry/logger.ts";
import { makeRateMemory } from "../waf/rate-counters.ts";
import { ApiKeys } from "./api-keys/api-keys.ts";
import { readBackendAuthorities } from "./backend-authorities.ts";
import { CountsOfStages } from "./canaries/counts-of-stages.ts";
import type { CompileSettings } from "./compile-stage.ts";
import type { ServerConfig } from "./config.ts";
import type { FunctionRuntime } from "./function-runtime.ts";
import { type GeoFiles, openGeoDatabase } from "./geo-databases.ts";
import type { Ground } from "./ground.ts";
import type { ThreadSettings } from "./messages.ts";
import { connectionsMaxOf, openFilesMax } from "./open-files.ts";
import { makePublicationSources } from "./publications/publication-sources.ts";
import { Reconciler } from "./reconcile.ts";
import { ResponseCacheBudget } from "./response-cache-budget.ts";
import type { ServerTelemetry } from "./server-telemetry.ts";
import { ThreadPool } from "./threads.ts";
import { withinMs } from "./within-ms.ts";

export interface DataPlaneOptions {
  readonly config: ServerConfig;
  readonly ground: Pick<Ground, "authority" | "clock" | "store" | "controlSocket">;
  readonly telemetry: Pick<ServerTelemetry, "metrics" | "logs" | "traces" | "sampling" | "cloudwatch">;
  readonly functions: FunctionRuntime;
  readonly compileSettings: CompileSettings;
  readonly geoFiles: GeoFiles;
  /** The program of a gateway thread. */
  readonly entry: URL;
  readonly threadCount: number;
  readonly accessKeyUses: AccessKeyUses;
  readonly logger: Logger;
}

/** The gateway threads, with the reconciler that tells them what to serve. */
export class DataPlane {
  readonly threads: ThreadPool;
  readonly reconciler: Reconciler;
  /** Runs a request of Portico's own in one of the threads. */
  readonly probe: ThreadPool["probe"] = (probe) => this.threads.probe(probe);
  readonly apiKeys: ApiKeys;
  readonly #options: DataPlaneOptions;
  readonly caches: ResponseCacheBudget;
  readonly canaryCounts = new CountsOfStages();
  readonly #throttles: ThrottleMemory;
  #listening: Promise<number> | undefined;
  /** The revision that every thread must have applied for the server to be ready. */
  #bootRevision = Number.POSITIVE_INFINITY;
  #port: number | undefined;
  #isStopping = false;

  constructor(options: DataPlaneOptions) {
    const { config, ground, telemetry, functions, compileSettings, geoFiles, entry, threadCount, logger } = options;
    this.#options = options;
    this.caches = new ResponseCacheBudget(config.cacheMemory);
    this.#throttles = allocateThrottles(ground.clock.now());
    const settings = threadSettings(config, makeControlLimits(config.limit, config.profile), threadCount);
    this.apiKeys = new ApiKeys({
      store: ground.store,
      clock: ground.clock,
      logger,
      throttles: openThrottles(this.#throttles, settings.accountThrottle),
    });
    this.threads = new ThreadPool({
      entry,
      count: threadCount,
      host: config.host,
      port: config.port,
      start: {
        controlSocket: ground.controlSocket,
        metrics: telemetry.metrics,
        sampling: telemetry.sampling,
        geo: geoFiles,
        wafRates: makeRateMemory(randomInt32s()),
        throttles: this.#throttles,
        clock: ground.clock.shared,
        listener: listenerOf(config),
        authority: ground.authority,
        settings,
      },
      logger,
      connectFunctions: (port) => functions.manager.connect(port),
      connectLogs: (port) => telemetry.logs.connect(port),
      connectTraces: (port) => telemetry.traces.connect(port),
      connectMetrics: (port) => telemetry.cloudwatch.connect(port),
      connectApiKeys: (port) => this.apiKeys.connect(port),
      saveUsage: () => this.apiKeys.saver.save(),
      acceptEvent: (event) => functions.lambda.acceptEvent(event),
      noteAccessKey: (accessKeyId, service, region) => options.accessKeyUses.note(accessKeyId, service, region),
      refused: (publication, reason) => this.reconciler.refused(publication, reason),
      replay: () => this.reconciler.replay(),
    });
    telemetry.cloudwatch.collectFirst(() => this.threads.collectMetrics());
    this.reconciler = new Reconciler({
      store: ground.store,
      sources: makePublicationSources(
        compileSettings,
        this.apiKeys.table,
        logger,
        { caches: this.caches, canaries: this.canaryCounts },
        openGeoDatabase(geoFiles),
        config.domain,
      ),
      post: (message) => {
        if (message.kind === "response-cache" && message.value === null) this.caches.release(message.key);
        if (message.kind === "canary-counts" && message.value === null) this.canaryCounts.release(message.key);
        this.threads.post(message);
      },
      logger,
    });
  }

  /** The port; undefined until the server serves. */
  get port(): number | undefined {
    return this.#port;
  }

  get isReady(): boolean {
    const { threads } = this;
    if (this.#port === undefined || this.#isStopping) return false;
    return threads.isEveryThreadListening && threads.hasApplied(this.#bootRevision);
  }

  /** Starts the threads, which load while control loads. */
  start(): void {
    this.#listening = this.threads.start();
    this.#listening.catch(() => undefined);
  }

  /**
   * Publishes what is stored, and resolves with the port when every thread serves. Throws a `UserError` if the port is
   * not free.
   */
  async serve(): Promise<number> {
    await this.apiKeys.keeper.start();
    await this.reconciler.start();
    this.#bootRevision = await this.reconciler.caughtUp();
    if (this.#listening === undefined) throw new Error("The threads are started first.");
    const port = await this.#listening;
    await this.threads.applied(this.#bootRevision);
    this.#port = port;
    return port;
  }

  /** Resolves when the changes of these commits are in effect in every thread, or after some seconds at the latest. */
  async inEffect(commits: readonly number[]): Promise<void> {
    const applied = async (): Promise<void> => {
      const revision = await this.reconciler.sent(commits);
      await this.apiKeys.keeper.caughtUp();
      if (revision !== undefined) await this.threads.applied(revision);
    };
    await this.#acknowledged(applied());
  }

  /** The same for everything that has been committed. */
  async allInEffect(): Promise<void> {
    const revision = this.reconciler.caughtUp();
    await this.#acknowledged(
      Promise.all([
        revision.then((all) => this.threads.applied(all)),
        this.apiKeys.keeper.caughtUp(),
        this.#functionsCaughtUp(),
      ]),
    );
  }

  /** Fills the buckets of all throttles, as those of a server that starts. */
  fillThrottles(): void {
    fillThrottles(this.#throttles);
  }

  /** Stops accepting requests, and lets those under way finish within `--drain` seconds. */
  async drain(): Promise<void> {
    this.#isStopping = true;
    await this.threads.stop(this.#options.config.drain * 1000);
  }

  async close(): Promise<void> {
    this.#isStopping = true;
    await this.threads.stop(0);
    await this.reconciler.close();
    await this.apiKeys.keeper.close();
  }

  #functionsCaughtUp(): Promise<void> {
    return this.#options.functions.lambda.caughtUp();
  }

  /** Waits for the threads, within bounds, because a thread that hangs must not hold up management calls. */
  async #acknowledged(work: Promise<unknown>): Promise<void> {
    const ms = bounds.acknowledgementMsMax.value;
    if ((await withinMs(work, ms)) || this.#isStopping) return;
    this.#options.logger.error("A change is acknowledged although a gateway thread has not applied it.", { ms });
  }
}

/** Nobody outside can know these, so nobody can choose keys that share a counter. */
const randomInt32s = (): [number, number] => [randomBytes(4).readInt32LE(), randomBytes(4).readInt32LE()];

/** Returns what the server's one listener offers. */
const listenerOf = ({ auth, trustedProxies, proxyProtocol, vpcEndpoint }: ServerConfig): Listener => ({
  ...developmentListener,
  isManagementLocal: auth !== "enforce",
  trustedProxies,
  hasProxyProtocol: proxyProtocol,
  vpcEndpoints: vpcEndpoint,
});

const threadSettings = (config: ServerConfig, limits: ControlLimits, threadCount: number): ThreadSettings => ({
  payloadBytesMax: config.payloadMax,
  accountThrottle: accountThrottle(limits),
  connectThrottle: connectThrottle(limits),
  connectionsMax: connectionsMaxOf(openFilesMax(), threadCount),
  headerBytesMax: defaultHttp1Limits.headerBytesMax,
  headerTimeoutMs: defaultHttp1Limits.headerTimeoutMs,
  bodyTimeoutMs: defaultHttp1Limits.bodyTimeoutMs,
  keepAliveMs: defaultHttp1Limits.keepAliveMs,
  logLevel: config.logLevel,
  otlpShare: config.otlp === undefined ? undefined : config.otlpSample / 100,
  otlpLogs: config.otlp === undefined ? [] : config.otlpLogs,
  accessLog: config.accessLog,
  backendAuthorities: readBackendAuthorities(config.backendCa),
  domains: config.domain,
  allowedOrigins: config.allowOrigin,
  isEnforced: config.auth === "enforce",
  beyondAws: config.beyondAws,
  resume: config.beyondAws.includes("websocket-resume")
    ? { ...resumeLimitsDefault, ...config.websocketResume }
    : undefined,
  services: config.services,
  cacheFillWaitMs: config.cacheFillWait,
});
