import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import type { ServerConfig } from "./config.ts";
import { lockDataDirectory } from "./data-directory.ts";
import { makeScratchDirectory, sweepScratchDirectories } from "./scratch-directory.ts";
import { ServerClock } from "./server-clock.ts";
import { storeIndexes } from "./store-indexes.ts";
import { cannotListen } from "./threads.ts";

/** What all other parts of a server need: its directories, its store and its clock. */
export interface Ground {
  readonly clock: ServerClock;
  readonly store: Store;
  /** The Unix socket that control listens on. */
  readonly controlSocket: string;
  /** The folder of unpacked functions. */
  readonly functionsPath: string;
  /** The file of CloudWatch Logs' lines; if it is undefined, they stay in memory. */
  readonly logsPath: string | undefined;
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
export async function openGround(config: ServerConfig): Promise<Ground> {
  await using undo = new AsyncDisposableStack();
  const directory = config.memory ? undefined : lockDataDirectory(config.data);
  if (directory) undo.defer(() => directory.release());
  if (config.port !== 0) await requireFreePort(config.host, config.port);
  const scratch = makeScratchDirectory();
  undo.defer(() => rmSync(scratch.path, { recursive: true, force: true }));
  const store = openSqliteStore({ indexes: storeIndexes, ...(directory && { path: directory.storePath }) });
  undo.defer(() => store.close());
  const opened = undo.move();
  let servingUrl: string | undefined;
  return {
    clock: new ServerClock(),
    store,
    controlSocket: scratch.controlSocket,
    functionsPath: directory?.functionsPath ?? join(scratch.path, "functions"),
    logsPath: directory?.logsPath,
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

/**
 * Refuses a port that somebody else listens on. Without this check, listeners that share a port (`reusePort`) would
 * share it with those of another Portico, without any message.
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
