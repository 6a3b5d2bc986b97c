import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { UserError } from "../base/user-error.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ServerConfig } from "./config.ts";
import { lockDataDirectory } from "./data-directory.ts";
import { lockPort } from "./port-lock.ts";
import { makeScratchDirectory, sweepScratchDirectories } from "./scratch-directory.ts";
import { makeServerAuthority, type ServerAuthority } from "./server-authority.ts";
import { ServerClock } from "./server-clock.ts";
import { storeIndexes } from "./store-indexes.ts";
import { cannotListen } from "./threads.ts";

/** What all other parts of a server need: its directories, its store and its clock. */
export interface Ground {
  readonly clock: ServerClock;
  /** Signs the certificates by which the server answers TLS. */
  readonly authority: ServerAuthority;
  readonly store: Store;
  /** The Unix socket that control listens on. */
  readonly controlSocket: string;
  /** A folder that only this user may enter, and that is removed at the end. */
  readonly scratchPath: string;
  /** The folder of unpacked functions. */
  readonly functionsPath: string;
  /** The file of CloudWatch Logs' lines; if it is undefined, they stay in memory. */
  readonly logsPath: string | undefined;
  readonly tracesPath: string | undefined;
  /** The same for the points of CloudWatch's metrics. */
  readonly metricsPath: string | undefined;
  /** The server's URL; undefined until it serves. */
  readonly url: string | undefined;
  /**
   * Says that the server serves at this URL, for functions and for a second server that wants the same data directory.
   */
  announce(url: string): void;
  close(): Promise<void>;
}

/**
 * Takes the data directory and opens the store. Throws a `UserError` if the directory is in use or the port is not
 * free.
 */
export async function openGround(config: ServerConfig, logger: Logger): Promise<Ground> {
  await using undo = new AsyncDisposableStack();
  const directory = config.memory ? undefined : lockDataDirectory(config.data);
  if (directory) undo.defer(() => directory.release());
  undo.defer(await takePort(config.host, config.port));
  const scratch = makeScratchDirectory();
  undo.defer(() => rmSync(scratch.path, { recursive: true, force: true }));
  const store = openSqliteStore({
    indexes: storeIndexes,
    ...(directory && { path: directory.storePath }),
    onDamaged: ({ scope, kind, id }, damage) =>
      logger.error("A document can't be read, and is missing in a list.", { kind, id, account: scope.account, damage }),
  });
  undo.defer(() => store.close());
  const opened = undo.move();
  let servingUrl: string | undefined;
  return {
    clock: new ServerClock(),
    authority: makeServerAuthority(Date.now()),
    store,
    controlSocket: scratch.controlSocket,
    scratchPath: scratch.path,
    functionsPath: directory?.functionsPath ?? join(scratch.path, "functions"),
    logsPath: directory?.logsPath,
    tracesPath: directory?.tracesPath,
    metricsPath: directory?.metricsPath,
    get url() {
      return servingUrl;
    },
    announce(url) {
      servingUrl = url;
      directory?.describe({ url });
      void sweepScratchDirectories(scratch);
    },
    close: () => opened.disposeAsync(),
  };
}

/** Takes a port before the threads share it: nobody else may have it, or be about to. Returns what gives it back. */
async function takePort(host: string, port: number): Promise<() => void> {
  const lock = await lockPort(host, port).catch((error: NodeJS.ErrnoException) => {
    throw cannotListen(host, port, error.code ?? error.message);
  });
  if (lock === undefined) {
    throw new UserError({
      what: `Can't listen on ${host}:${port}.`,
      why: "Another Portico has that port, or is just taking it.",
      next: "Use that one, stop it, or choose another port with --port; 0 takes a free one.",
    });
  }
  try {
    if (port !== 0) await requireFreePort(host, port);
  } catch (error) {
    lock.release();
    throw error;
  }
  return () => lock.release();
}

/** Programs that are no Portico hold no lock: the port itself has to be free. */
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
