import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bounds } from "../../base/bounds.ts";

export interface WatchedPaths {
  /** Folders that are watched with everything below them. */
  readonly trees: readonly string[];
  /** Single files, or folders whose existence matters. Nothing beside them is watched. */
  readonly files: readonly string[];
}

export interface Watcher {
  /** Replaces the watched paths. */
  update(watched: WatchedPaths): void;
  close(): void;
}

/** Folders of tools, which change by themselves and are not the user's source. */
const ignored = new Set(["node_modules", "__pycache__"]);
const foldersMax = bounds.projectFoldersWatchedMax.value;
/** Editors save in several steps (write aside, rename over it), which count as one save. */
const settleMs = 40;

/**
 * Calls back some milliseconds after files have changed. It watches folders and never files, because an editor that
 * saves by renaming replaces the file under a watch. It leaves out node_modules and hidden folders, which a recursive
 * `fs.watch` can't.
 */
export function watchFiles(onChange: (files: readonly string[]) => void, onTrouble: (why: string) => void): Watcher {
  const watchers = new Map<string, FSWatcher>();
  let watched: WatchedPaths = { trees: [], files: [] };
  /** The names that matter in a folder that is not part of a tree. */
  const namesByFolder = new Map<string, Set<string>>();
  const changedFiles = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const rescan = (): void => {
    // Work that was under way at the end may still update the paths; a watch that it opened would keep the process.
    if (isClosed) return;
    const inTrees = watched.trees.flatMap((tree) => listFolders(tree));
    namesByFolder.clear();
    for (const file of watched.files) {
      const names = namesByFolder.get(dirname(file)) ?? new Set();
      namesByFolder.set(dirname(file), names.add(basename(file)));
    }
    for (const folder of inTrees) namesByFolder.delete(folder);
    const wanted = new Set([...namesByFolder.keys(), ...inTrees]);
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of wanted) if (!watchers.has(folder)) open(folder);
  };

  const open = (folder: string): void => {
    try {
      const watcher = watch(folder, (_event, name) => {
        const names = namesByFolder.get(folder);
        if (name === null || (names ? names.has(name) : !isIgnored(name)))
          changed(name === null ? folder : join(folder, name));
      });
      // The rescan drops a deleted folder, and finds it if it comes back.
      watcher.on("error", () => {
        watcher.close();
        watchers.delete(folder);
        changed(folder);
      });
      watchers.set(folder, watcher);
    } catch (error) {
      // The folder was deleted since it was listed, and its parent's watch has reported that.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      onTrouble(`${folder} can't be watched: ${error instanceof Error ? error.message : error}`);
    }
  };

  const changed = (file: string): void => {
    changedFiles.add(file);
    clearTimeout(timer);
    timer = setTimeout(() => {
      rescan();
      const settled = [...changedFiles];
      changedFiles.clear();
      onChange(settled);
    }, settleMs);
  };

  return {
    update(next) {
      watched = next;
      rescan();
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

const isIgnored = (name: string): boolean => ignored.has(name) || name.startsWith(".") || name.endsWith("~");

function listFolders(tree: string): string[] {
  if (!statSync(tree, { throwIfNoEntry: false })?.isDirectory()) return [];
  const folders = [tree];
  for (let i = 0; i < folders.length && folders.length < foldersMax; i++) {
    const folder = folders[i] ?? tree;
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory() && !isIgnored(entry.name)) folders.push(join(folder, entry.name));
  }
  return folders;
}
