import { createHash, randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { bounds } from "../base/bounds.ts";

const unzippedBytesMax = bounds.packageUnzippedBytesMax.value;
const entriesMax = bounds.packageEntriesMax.value;

/** Thrown for a zip that can't be used. The message is for the caller. */
export class PackageError extends Error {}

/** How long a saved package is kept although nothing refers to it yet. */
const graceMs = 60_000;

const unreadable = "Could not unzip uploaded file. Please check your file, then try to upload again.";

/**
 * The code of functions by its hash: `{hash}.zip`, which is durable, and beside it the unpacked folder `{hash}`. A
 * folder appears whole, by a rename. Folders from before the machine's last start are unpacked again, since their files
 * were never forced to the disk.
 */
export class PackageStore {
  readonly #folder: string;
  readonly #unpacking = new Map<string, Promise<string>>();
  /** When each package was saved, because the document that will refer to it may not be written yet. */
  readonly #savedAt = new Map<string, number>();
  #opened: Promise<void> | undefined = undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Unpacks a zip and keeps both. When it resolves, the code survives `kill -9` and a power failure. */
  async save(zip: Buffer): Promise<{ readonly hash: string }> {
    await this.#open();
    const hash = createHash("sha256").update(zip).digest("hex");
    this.#savedAt.set(hash, performance.now());
    await this.#unpackOnce(hash, zip);
    const path = join(this.#folder, `${hash}.zip`);
    const temporary = this.#temporary();
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(zip);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(this.#folder);
    return { hash };
  }

  /** Checks a zip without keeping it (`DryRun`). */
  async check(zip: Buffer): Promise<void> {
    await this.#open();
    const temporary = this.#temporary();
    try {
      await unpack(zip, temporary);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /** Returns the folder of a package that was saved before. */
  async folderOf(hash: string): Promise<string> {
    await this.#open();
    const folder = join(this.#folder, hash);
    if (await exists(folder)) return folder;
    return this.#unpackOnce(hash, await readFile(join(this.#folder, `${hash}.zip`)));
  }

  /** Returns a package's zip as it was saved, or undefined. */
  async read(hash: string): Promise<Buffer | undefined> {
    await this.#open();
    try {
      return await readFile(join(this.#folder, `${hash}.zip`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Removes the packages that no function refers to. */
  async collect(isUsed: (hash: string) => boolean): Promise<void> {
    await this.#open();
    for (const [hash, time] of this.#savedAt) {
      if (performance.now() - time > graceMs) this.#savedAt.delete(hash);
    }
    for (const name of await readdir(this.#folder)) {
      const hash = /^([0-9a-f]{64})(\.zip)?$/.exec(name)?.[1];
      if (hash === undefined || isUsed(hash) || this.#savedAt.has(hash)) continue;
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  #temporary(): string {
    return join(this.#folder, `tmp-${randomBytes(8).toString("hex")}`);
  }

  #unpackOnce(hash: string, zip: Buffer): Promise<string> {
    let work = this.#unpacking.get(hash);
    if (!work) {
      work = this.#unpack(hash, zip).finally(() => this.#unpacking.delete(hash));
      this.#unpacking.set(hash, work);
    }
    return work;
  }

  async #unpack(hash: string, zip: Buffer): Promise<string> {
    const folder = join(this.#folder, hash);
    if (await exists(folder)) return folder;
    const temporary = this.#temporary();
    try {
      await unpack(zip, temporary);
      await rename(temporary, folder);
    } catch (error) {
      await rm(temporary, { recursive: true, force: true });
      throw error;
    }
    return folder;
  }

  /** Removes, once, what a crash left behind, and folders from before the machine's last start. */
  #open(): Promise<void> {
    this.#opened ??= this.#sweep();
    return this.#opened;
  }

  async #sweep(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => randomBytes(8).toString("hex"));
    const bootFile = join(this.#folder, "unpacked-since-boot");
    const isSameBoot = (await readFile(bootFile, "utf8").catch(() => "")) === boot;
    for (const name of await readdir(this.#folder)) {
      const isStale = name.startsWith("tmp-") || (!isSameBoot && /^[0-9a-f]{64}$/.test(name));
      if (isStale) await rm(join(this.#folder, name), { recursive: true, force: true });
    }
    if (!isSameBoot) await writeFile(bootFile, boot);
  }
}

const exists = (path: string): Promise<boolean> =>
  open(path, "r").then(
    (file) => file.close().then(() => true),
    () => false,
  );

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * Unpacks a zip into a new folder. The claims of the zip's directory are bounded first, and each entry has to keep to
 * its claim.
 */
async function unpack(zip: Buffer, folder: string): Promise<void> {
  if (zip.length === 0) throw new PackageError("Uploaded file must be a non-empty zip");
  const archive = await openZip(zip);
  if (archive.entryCount === 0) throw new PackageError("Uploaded file must be a non-empty zip");
  if (archive.entryCount > entriesMax) {
    throw new PackageError(`The zip has ${archive.entryCount} entries; Portico unpacks at most ${entriesMax}.`);
  }
  const entries: Entry[] = [];
  let bytes = 0;
  for (let entry = await nextEntry(archive); entry; entry = await nextEntry(archive)) {
    bytes += entry.uncompressedSize;
    if (bytes > unzippedBytesMax) {
      throw new PackageError(`Unzipped size must be smaller than ${unzippedBytesMax} bytes`);
    }
    entries.push(entry);
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const entry of entries) await unpackEntry(archive, entry, folder);
}

async function unpackEntry(archive: ZipFile, entry: Entry, folder: string): Promise<void> {
  const path = join(folder, entry.fileName);
  // yauzl refuses `..`, absolute paths and backslashes in names; a package must never reach beyond its folder.
  if (!path.startsWith(folder)) throw new PackageError(unreadable);
  const unixMode = entry.externalFileAttributes >>> 16;
  const fileType = unixMode & 0o170000;
  if (fileType !== 0 && fileType !== 0o100000 && fileType !== 0o040000) {
    const what = fileType === 0o120000 ? "a symbolic link" : "a special file";
    throw new PackageError(`${unreadable} (${entry.fileName} is ${what}; Portico unpacks files and folders only.)`);
  }
  try {
    if (entry.fileName.endsWith("/")) {
      await mkdir(path, { recursive: true, mode: 0o700 });
      return;
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await pipeline(
      await openEntry(archive, entry),
      new EntryCheck(entry),
      createWriteStream(path, { mode: 0o600 | (unixMode & 0o100) }),
    );
  } catch (error) {
    if (error instanceof PackageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    // A full disk is not the caller's mistake.
    if (code === "ENOSPC" || code === "EMFILE" || code === "ENFILE" || code === "EIO") throw error;
    throw new PackageError(unreadable);
  }
}

/** Fails for an entry that has more bytes than it declared, or whose checksum is wrong. */
class EntryCheck extends Transform {
  readonly #entry: Entry;
  #bytes = 0;
  #crc = 0;

  constructor(entry: Entry) {
    super();
    this.#entry = entry;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#bytes += chunk.length;
    this.#crc = crc32(chunk, this.#crc);
    if (this.#bytes > this.#entry.uncompressedSize) done(new PackageError(unreadable));
    else done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const isWhole = this.#bytes === this.#entry.uncompressedSize && this.#crc === this.#entry.crc32;
    done(isWhole ? null : new PackageError(unreadable));
  }
}

async function openZip(zip: Buffer): Promise<ZipFile> {
  // It is loaded with the first function, not at start-up.
  const { fromBuffer } = await import("yauzl");
  return new Promise((resolve, reject) => {
    fromBuffer(zip, { lazyEntries: true, validateEntrySizes: true, autoClose: false }, (error, archive) => {
      if (error) reject(new PackageError(unreadable));
      else resolve(archive);
    });
  });
}

function nextEntry(archive: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (then: () => void): void => {
      archive.removeAllListeners();
      then();
    };
    archive.on("entry", (entry: Entry) => settle(() => resolve(entry)));
    archive.on("end", () => settle(() => resolve(undefined)));
    archive.on("error", () => settle(() => reject(new PackageError(unreadable))));
    archive.readEntry();
  });
}

function openEntry(archive: ZipFile, entry: Entry): Promise<NodeJS.ReadableStream> {
  return new Promise((resolve, reject) => {
    archive.openReadStream(entry, (error, stream) => {
      if (error) {
        reject(error);
        return;
      }
      // yauzl passes on the inflater's error a turn later. If the pipeline has already ended, nobody else listens.
      stream.on("error", () => {});
      resolve(stream);
    });
  });
}
