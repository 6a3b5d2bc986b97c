import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { bounds } from "../base/bounds.ts";
import { randomIds } from "../base/ids.ts";
import { FunctionManager } from "../functions/manager.ts";
import { PackageStore } from "../functions/packages.ts";
import { AwsServices } from "../gateway/integrations/aws-services.ts";
import { defaultHttp1Limits } from "../http/http1/limits.ts";
import { developmentListener } from "../http/listener.ts";
import { makeControlLimits } from "../management/control-limits.ts";
import { makeRestOperations } from "../management/rest/operations.ts";
import { makeManagement } from "../protocol/management.ts";
import type { Service } from "../protocol/operation.ts";
import { LambdaService } from "../services/lambda/lambda-service.ts";
import { makeExecutionLogDelivery } from "../services/logs/execution-log-delivery.ts";
import { LogsService } from "../services/logs/logs-service.ts";
import { Sessions } from "../services/sts/sessions.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { makeStdoutExecutionLog } from "../telemetry/execution-log-stdout.ts";
import type { Logger } from "../telemetry/logger.ts";
import { makePinoLogger } from "../telemetry/logger-pino.ts";
import { allocateMetrics, Metrics, renderMetrics } from "../telemetry/metrics.ts";
import { makeAuthorizerTest } from "./authorizer-test.ts";
import { readBackendAuthorities } from "./backend-authorities.ts";
import { makeCompilers } from "./compile-job.ts";
import type { ServerConfig } from "./config.ts";
import { makeControlServer, withinMs } from "./control-server.ts";
import { lockDataDirectory } from "./data-directory.ts";
import { makeExplain } from "./explain.ts";
import { JobRunner } from "./job-runner.ts";
import type { ThreadSettings } from "./messages.ts";
import { answerReference } from "./pages/reference.ts";
import { makePublicationSources } from "./publications/publication-sources.ts";
import { Reconciler } from "./reconcile.ts";
import { makeScratchDirectory, sweepScratchDirectories } from "./scratch-directory.ts";
import { ServerClock } from "./server-clock.ts";
import { readStageStatus } from "./stage-status.ts";
import { storeIndexes } from "./store-indexes.ts";
import { makeTestInvocation } from "./test-invocation.ts";
import { cannotListen, ThreadPool } from "./threads.ts";
import { makeUpstream } from "./upstream.ts";

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly logger: Logger;
  /** Ends a gateway thread as a crash would; for tests of its replacement. */
  terminateThread(index: number): Promise<void>;
  /** Stops accepting, lets requests under way finish within `--drain` seconds, and closes everything. */
  stop(): Promise<void>;
}

/** What management calls that are still under way when the threads have stopped get. */
const controlCloseMs = 1_000;

/**
 * Starts everything; resolves when every gateway thread listens and serves what is deployed. `logger` takes the place of
 * the JSON lines on standard error; it gets all lines, whatever `logLevel` says, of the main thread.
 */
export async function startServer(
  config: ServerConfig,
  logger: Logger = makePinoLogger(config.logLevel),
): Promise<RunningServer> {
  const clock = new ServerClock();
  // Undone in reverse order, at the end or when the start fails half-way.
  await using undo = new AsyncDisposableStack();

  const directory = config.memory ? undefined : lockDataDirectory(config.data);
  if (directory) undo.defer(() => directory.release());
  if (config.port !== 0) await requireFreePort(config.host, config.port);
  const scratch = makeScratchDirectory();
  undo.defer(() => rmSync(scratch.path, { recursive: true, force: true }));

  const store = openSqliteStore({ indexes: storeIndexes, ...(directory && { path: directory.storePath }) });
  undo.defer(() => store.close());
  // Elsewhere the kernel does not deal connections out to several listeners.
  const threadCount = process.platform === "linux" ? config.threads : 1;
  if (threadCount < config.threads)
    logger.warn("This system serves with one gateway thread.", { asked: config.threads });
  const metrics = allocateMetrics(threadCount);
  const counted = new Metrics(metrics, 0);
  const logs = new LogsService({
    entry: threadEntry("logs-thread"),
    start: {
      path: directory?.logsPath,
      bytesMax: directory ? config.logsMax : Math.min(config.logsMax, bounds.logMemoryBytesMax.value),
      clock: clock.shared,
    },
    clock,
    metrics: counted,
    logger,
  });
  undo.defer(() => logs.close());
  let url: string | undefined;
  const packages = new PackageStore(directory?.functionsPath ?? join(scratch.path, "functions"));
  const functions = new FunctionManager({
    packages,
    logger,
    logs: logs.sink,
    onStarted: (hasFailed) => counted.add(hasFailed ? "functionStartsFailed" : "functionStarts"),
    endpointUrl: () => url,
    isInvocationLogged: config.logLevel === "info" || config.logLevel === "debug",
  });
  undo.defer(() => functions.close());
  const lambda = new LambdaService({ store, manager: functions, packages, logger, clock });
  undo.defer(() => lambda.close());

  const sessions = new Sessions(store);
  undo.defer(() => sessions.close());
  const executionLogPrinter = makeStdoutExecutionLog();
  undo.defer(() => executionLogPrinter.close());
  const executionLogDelivery = makeExecutionLogDelivery(logs.sink);
  const jobs = new JobRunner({ entry: threadEntry("jobs-thread"), logger });
  undo.defer(() => jobs.close());
  const compileSettings = { compilers: makeCompilers(jobs.run), vpcLinkAddresses: config.vpcLink };
  const awsServices = new AwsServices(config.services, clock);
  const reconciler = new Reconciler({
    store,
    sources: makePublicationSources(compileSettings, logger),
    post: (message) => threads.post(message),
    logger,
  });
  const threads = new ThreadPool({
    entry: threadEntry("gateway-thread"),
    count: threadCount,
    host: config.host,
    port: config.port,
    start: {
      controlSocket: scratch.controlSocket,
      metrics,
      clock: clock.shared,
      listener: developmentListener,
      settings: threadSettings(config),
    },
    logger,
    executionLogs: {
      write(entry) {
        executionLogPrinter.write(entry);
        executionLogDelivery.write(entry);
      },
    },
    connectFunctions: (port) => functions.connect(port),
    connectLogs: (port) => logs.connect(port),
    acceptEvent: (event) => lambda.acceptEvent(event),
    refused: (publication, reason) => reconciler.refused(publication, reason),
    replay: () => reconciler.replay(),
  });
  // The threads load while control does.
  const listening = threads.start();
  listening.catch(() => undefined);
  undo.defer(() => threads.stop(0));
  let isStopping = false;

  /** Waits for the threads, but not for ever: one that hangs must not take management with it. */
  const acknowledged = async (work: Promise<unknown>): Promise<void> => {
    if ((await withinMs(work, bounds.acknowledgementMsMax.value)) || isStopping) return;
    logger.error("A change is acknowledged although a gateway thread has not applied it.", {
      ms: bounds.acknowledgementMsMax.value,
    });
  };
  const inEffect = async (commits: readonly number[]): Promise<void> => {
    const revision = await reconciler.sent(commits);
    if (revision !== undefined) await threads.applied(revision);
  };
  const allInEffect = (): Promise<unknown> =>
    Promise.all([reconciler.caughtUp().then((revision) => threads.applied(revision)), lambda.caughtUp()]);
  const services: readonly Service[] = [
    {
      model: "apigateway",
      operations: makeRestOperations({
        store,
        limits: makeControlLimits(config.limit, config.profile),
        profile: config.profile,
        run: jobs.run,
        testInvocation: makeTestInvocation({
          ...compileSettings,
          store,
          probe: (probe) => threads.probe(probe),
          answerBytesMax: config.payloadMax,
        }),
        authorizerTest: makeAuthorizerTest({ ...compileSettings, store, probe: (probe) => threads.probe(probe) }),
      }),
    },
    {
      model: "lambda",
      operations: lambda.operations,
      // An unknown runtime is refused by the operation, which knows those of this machine.
      ownEnums: ["Runtime"],
      bodyBytesMax: bounds.lambdaRequestBytesMax.value,
    },
    {
      model: "iam",
      operations: async () => (await import("../services/iam/operations.ts")).makeIamOperations(store),
    },
    {
      model: "sts",
      operations: async () => (await import("../services/sts/operations.ts")).makeStsOperations(store, sessions),
    },
    { model: "logs", operations: logs.operations },
  ];
  let isServing = false;
  const control = makeControlServer({
    management: makeManagement(services, {
      clock,
      ids: randomIds,
      bodyBytesMax: config.managementPayloadMax,
      logger,
      identify: sessions.identify,
    }),
    upstream: config.upstream === undefined ? undefined : makeUpstream(config.upstream, logger),
    guard: { domains: config.domain, allowedOrigins: config.allowOrigin },
    facts: {
      isReady: () => isServing && !isStopping && threads.isEveryThreadListening && threads.hasApplied(bootRevision),
      metrics: () => renderMetrics(metrics),
      status: () =>
        readStageStatus({
          store,
          plan: (key) => reconciler.find("plan", key),
          serviceProblem: (service) => awsServices.problemOf(service),
        }),
      code: (path) => lambda.readCode(path),
      reference: (path) => answerReference(path, store, jobs.run),
      explain: makeExplain({
        ...compileSettings,
        store,
        probe: (probe) => threads.probe(probe),
        port: () => port,
        answerBytesMax: config.payloadMax,
      }),
      reset:
        config.memory || config.allowReset
          ? () => reset(store, () => acknowledged(allInEffect()), functions, logs)
          : undefined,
      clock: config.memory ? clock : undefined,
    },
    bodyBytesMax: Math.max(config.managementPayloadMax, bounds.lambdaRequestBytesMax.value),
    inEffect: (commits) => acknowledged(inEffect(commits)),
    logger,
  });
  await control.listen(scratch.controlSocket);
  undo.defer(() => control.close(controlCloseMs));
  await sessions.start();
  await lambda.start();
  await reconciler.start();
  undo.defer(() => reconciler.close());
  const bootRevision = await reconciler.caughtUp();
  const port = await listening;
  await threads.applied(bootRevision);
  url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
  directory?.describe({ url });
  isServing = true;
  void sweepScratchDirectories(scratch);

  // First of all when it stops: what is under way still needs control, functions and store.
  undo.defer(() => {
    isStopping = true;
    return threads.stop(config.drain * 1000);
  });
  const running = undo.move();
  return {
    url,
    port,
    logger,
    terminateThread: (index) => threads.terminate(index),
    stop: () => running.disposeAsync(),
  };
}

/**
 * Listeners that share a port (`reusePort`) would share it with another Portico's, too, without a word: nobody else may
 * have it now.
 */
async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error: NodeJS.ErrnoException) =>
      reject(cannotListen(host, port, error.code ?? error.message)),
    );
    probe.listen({ host, port, exclusive: true }, resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}

/** The program of a thread, compiled or not. */
const threadEntry = (name: string): URL =>
  new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

async function reset(
  store: Store,
  inEffect: () => Promise<void>,
  functions: FunctionManager,
  logs: LogsService,
): Promise<void> {
  await store.reset();
  await inEffect();
  await logs.reset();
  await functions.collectPackages();
}

const threadSettings = (config: ServerConfig): ThreadSettings => ({
  payloadBytesMax: config.payloadMax,
  headerBytesMax: defaultHttp1Limits.headerBytesMax,
  headerTimeoutMs: defaultHttp1Limits.headerTimeoutMs,
  bodyTimeoutMs: defaultHttp1Limits.bodyTimeoutMs,
  keepAliveMs: defaultHttp1Limits.keepAliveMs,
  logLevel: config.logLevel,
  accessLog: config.accessLog,
  backendAuthorities: readBackendAuthorities(config.backendCa),
  services: config.services,
});
