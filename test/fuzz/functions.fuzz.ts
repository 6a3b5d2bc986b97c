// Zips and frames that were damaged: a package comes out whole or is refused, nothing is written beside it, and a reader
// of frames neither throws nor takes more memory than it may.
import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { strToU8, zipSync } from "fflate";
import { FrameReader } from "../../src/functions/frames.ts";
import { PackageError, PackageStore } from "../../src/functions/packages.ts";
import { seed } from "../random.ts";
import { within } from "../until.ts";
import { durationMs, oneOf, random } from "./from-models.ts";

const note = `replay with PORTICO_FUZZ_SEED=${seed}`;
const below = (bound: number): number => Math.floor(random() * bound);

const zips = [
  zipSync({ "index.js": strToU8("exports.handler = 1"), "lib/a.txt": strToU8("a".repeat(5_000)) }),
  zipSync({ "a/b/c/d.txt": [strToU8("stored"), { level: 0 }], "empty/": strToU8("") }),
  zipSync({ "x.bin": new Uint8Array(100_000) }, { level: 9 }),
].map((zip) => Buffer.from(zip));

function damaged(): Buffer {
  const zip = Buffer.from(oneOf(zips));
  for (let count = 1 + below(6); count > 0; count--) {
    // Mostly in the directory at the end, where names, sizes and offsets are.
    const at = random() < 0.7 ? Math.max(0, zip.length - 1 - below(250)) : below(zip.length);
    const what = random();
    if (what < 0.4) zip[at] = below(256);
    else if (what < 0.6)
      zip.writeUInt32LE(oneOf([0, 1, 0xffffffff, 0x7fffffff, below(2 ** 32)]), Math.min(at, zip.length - 4));
    else if (what < 0.8) zip.write(oneOf(["../", "/", "..\\", "\0", "é"]), at);
    else zip.copy(zip, at, below(zip.length), zip.length);
  }
  return random() < 0.1 ? zip.subarray(0, below(zip.length)) : zip;
}

const isPlain = (path: string): boolean => {
  const stat = lstatSync(path);
  return stat.isFile() || stat.isDirectory();
};

test(`damaged zips come out whole or are refused (${note})`, async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "portico-fuzz-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const root = join(parent, "packages");
  const packages = new PackageStore(root);
  const isTimeLeft = within(durationMs);
  let taken = 0;
  let refused = 0;
  while (isTimeLeft()) {
    try {
      const { hash } = await packages.save(damaged());
      taken++;
      for (const name of readdirSync(join(root, hash), { recursive: true, encoding: "utf8" })) {
        assert.ok(isPlain(join(root, hash, name)), name);
      }
    } catch (error) {
      assert.ok(error instanceof PackageError, String(error instanceof Error ? error.stack : error));
      refused++;
    }
    assert.deepEqual(readdirSync(parent), ["packages"]);
  }
  assert.ok(
    readdirSync(root).every((name) => /^[0-9a-f]{64}(\.zip)?$|^unpacked-since-boot$/.test(name)),
    readdirSync(root).join(" "),
  );
  t.diagnostic(`${taken} taken, ${refused} refused`);
  assert.ok(refused > 0);
});

test(`frames of noise are read or refused (${note})`, () => {
  const bytesMax = 1_000;
  const isTimeLeft = within(durationMs / 2);
  while (isTimeLeft()) {
    let largest = 0;
    const reader = new FrameReader(bytesMax, ({ payload, head }) => {
      largest = Math.max(largest, payload.length + head.length);
    });
    for (let chunk = 0; chunk < 20; chunk++) {
      const noise = Buffer.from(Array.from({ length: below(40) }, () => (random() < 0.7 ? 0 : below(256))));
      if (!reader.push(noise)) break;
    }
    assert.ok(largest <= bytesMax);
  }
});
