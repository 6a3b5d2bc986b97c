import { mkdtempSync, readdirSync } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bounds } from "../base/bounds.ts";

const prefix = "portico-server-";
const controlName = "control";
/** The greatest number of folders that one start removes. */
const sweptMax = bounds.scratchFoldersSweptMax.value;

/** The directory of sockets and, with `--memory`, of the functions' code. */
export interface ScratchDirectory {
  readonly path: string;
  readonly controlSocket: string;
}

// Sockets are not in the data directory, because a socket's path may have about 100 bytes only.
const parentDirectory = (): string => (tmpdir().length > 60 ? "/tmp" : tmpdir());

/** Makes a scratch directory that only this user may enter (mkdtemp: mode 0700). */
export function makeScratchDirectory(parent = parentDirectory()): ScratchDirectory {
  const path = mkdtempSync(join(parent, prefix));
  return { path, controlSocket: join(path, controlName) };
}

/**
 * Lets a server listen on a socket that has its name only once connections to it are accepted: between `bind` and
 * `listen` it refuses them, and the sweep of another server's start would take it for a killed server's.
 */
export async function listenOnControlSocket(server: Server, socketPath: string): Promise<void> {
  const unnamed = `${socketPath}.new`;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(unnamed, resolve);
  await promise;
  await rename(unnamed, socketPath);
}

/**
 * Removes the directories of servers that were killed: those of this user whose socket nobody listens on. A directory
 * without a socket stays, because it may belong to a server that is just starting.
 */
export async function sweepScratchDirectories(own: ScratchDirectory, parent = parentDirectory()): Promise<void> {
  const names = readdirSync(parent).filter((name) => name.startsWith(prefix));
  for (const path of names.map((name) => join(parent, name)).slice(0, sweptMax)) {
    if (path === own.path) continue;
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory() || found.uid !== process.getuid?.()) continue;
    if ((await errorOfConnecting(join(path, controlName))) === "ECONNREFUSED") {
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

function errorOfConnecting(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}
