import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import { bounds } from "../../base/bounds.ts";

export interface WatchedPaths {
  /** Folders watched with all that is below them. */
  readonly trees: readonly string[];
  /** Single files (or folders, for whether they are there); nothing else that lies beside them. */
  readonly files: readonly string[];
}

export interface Watcher {
  /** Watches this from now on, in place of what was watched before. */
  update(watched: WatchedPaths): void;
  close(): void;
}

/** What tools keep there changes by itself, and is not the user's source. */
const ignored = new Set(["node_modules", "__pycache__"]);
const foldersMax = bounds.projectFoldersWatchedMax.value;
/** Editors save in several steps (write aside, rename over it): they are one save. */
const settleMs = 40;

/**
 * Calls back some milliseconds after files have changed. Folders are watched, never files: an editor that saves by
 * renaming replaces the file that a watch on it would hold. node_modules and hidden folders are left out, which a
 * recursive `fs.watch` can't.
 */
export function watchFiles(onChange: (files: readonly string[]) => void, onTrouble: (why: string) => void): Watcher {
  const watchers = new Map<string, FSWatcher>();
  let watched: WatchedPaths = { trees: [], files: [] };
  /** Of a folder that is no part of a tree: the names in it that matter. */
  const namesByFolder = new Map<string, Set<string>>();
  const changedFiles = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  const rescan = (): void => {
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
      // A folder that is deleted: the rescan drops it, and finds it if it comes back.
      watcher.on("error", () => {
        watcher.close();
        watchers.delete(folder);
        changed(folder);
      });
      watchers.set(folder, watcher);
    } catch (error) {
      // Gone since it was listed: its parent's watch has told.
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
