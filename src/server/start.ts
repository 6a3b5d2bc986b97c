import type { Credentials } from "../access/request-signer.ts";
import { bounds } from "../base/bounds.ts";
import { AccessKeyUses } from "../services/iam/access-key-uses.ts";
import type { Logger } from "../telemetry/logger.ts";
import { makePinoLogger } from "../telemetry/logger-pino.ts";
import { Alarms } from "./alarms.ts";
import { readBackendAuthorities, trustAuthorities } from "./backend-authorities.ts";
import { CanaryGuards } from "./canaries/canary-guards.ts";
import { collectWhenIdle } from "./collect-when-idle.ts";
import { makeCompilers } from "./compile-job.ts";
import type { ServerConfig } from "./config.ts";
import { DataPlane } from "./data-plane.ts";
import { ensureAdministrator } from "./enforcement/administrator.ts";
import { makeFunctionRuntime } from "./function-runtime.ts";
import { readGeoFiles } from "./geo-databases.ts";
import { openGround } from "./ground.ts";
import { JobRunner } from "./job-runner.ts";
import { ManagementServer } from "./management-server.ts";
import { makeServerTelemetry } from "./server-telemetry.ts";
import { threadEntry } from "./thread-entry.ts";
import { withinMs } from "./within-ms.ts";

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly logger: Logger;
  /** The access key of the administrator that this start has made: nobody sees it again. */
  readonly administrator: Credentials | undefined;
  /** Ends a gateway thread as a crash would, for tests of its replacement. */
  terminateThread(index: number): Promise<void>;
  /** Lets one gateway thread throw, as a defect would, for tests of what becomes of its connections. */
  failThread(index: number): void;
  /** Stops accepting requests, lets those under way finish within `--drain` seconds, and closes everything. */
  stop(): Promise<void>;
}

/** A part of the server. It may use the parts that were started before it, and is closed before them. */
interface Part {
  start?(): Promise<void> | void;
  close(): Promise<void> | void;
}

/**
 * Starts everything, and resolves when every gateway thread listens and serves what is deployed. `logger` replaces the
 * JSON lines on standard error; it gets all lines of the main thread, whatever `logLevel` says.
 */
export async function startServer(
  config: ServerConfig,
  logger: Logger = makePinoLogger(config.logLevel),
): Promise<RunningServer> {
  // The parts are closed in reverse order, at the end or when the start fails half-way.
  await using parts = new AsyncDisposableStack();
  const start = async <P extends Part>(part: P): Promise<P> => {
    parts.defer(() => closeInTime(part, logger));
    await part.start?.();
    return part;
  };
  parts.defer(collectWhenIdle());
  const threadCount = countThreads(config, logger);
  // Control asks OpenID providers for their keys.
  trustAuthorities(readBackendAuthorities(config.backendCa));

  const ground = await start(await openGround(config, logger));
  const telemetry = await start(makeServerTelemetry({ config, ground, threadCount, logger }));
  const functions = await start(makeFunctionRuntime({ config, ground, telemetry, logger }));
  const { run } = await start(new JobRunner({ entry: threadEntry("jobs-thread"), logger }));
  const compileSettings = {
    compilers: makeCompilers(run),
    vpcLinkAddresses: config.vpcLink,
    hasVpcEndpoints: config.vpcEndpoint.length > 0,
    beyondAws: config.beyondAws,
  };
  const isEnforced = config.auth === "enforce";
  const administrator = isEnforced ? await ensureAdministrator(ground.store, ground.clock) : undefined;
  const accessKeyUses = await start(new AccessKeyUses(ground.store, ground.clock));
  const geoFiles = readGeoFiles(config);
  const below = { config, ground, telemetry, functions, compileSettings, geoFiles, accessKeyUses, logger };
  // The data plane's threads load while management starts.
  const dataPlane = await start(new DataPlane({ ...below, entry: threadEntry("gateway-thread"), threadCount }));
  const alarms = await start(new Alarms(below));
  const guards = new CanaryGuards({
    ...{ store: ground.store, clock: ground.clock, counts: dataPlane.canaryCounts },
    ...{ metrics: telemetry.cloudwatch, logger },
  });
  await start(guards);
  await start(new ManagementServer({ ...below, dataPlane, alarms, guards, run }));
  const port = await dataPlane.serve();
  const url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${port}`;
  ground.announce(url);
  // Draining comes first when the server stops, because requests under way still need everything else.
  parts.defer(() => dataPlane.drain());

  const running = parts.move();
  return {
    url,
    port,
    logger,
    administrator,
    terminateThread: (index) => dataPlane.threads.terminate(index),
    failThread: (index) => dataPlane.threads.fail(index),
    stop: () => running.disposeAsync(),
  };
}

/** Closes a part, or goes on without it: a stop ends soon after the requests that were under way. */
export async function closeInTime(
  part: Part,
  logger: Logger,
  msMax: number = bounds.partCloseMsMax.value,
): Promise<void> {
  if (await withinMs(Promise.resolve(part.close()), msMax)) return;
  logger.warn("A part of the server did not end in time, and is given up.", { part: part.constructor.name, ms: msMax });
}

/** Returns the number of gateway threads. Only Linux distributes connections over several listeners. */
function countThreads({ threads }: ServerConfig, logger: Logger): number {
  if (process.platform === "linux" || threads === 1) return threads;
  logger.warn("This system serves with one gateway thread.", { asked: threads });
  return 1;
}
