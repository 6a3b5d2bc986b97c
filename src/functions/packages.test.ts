import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { strToU8, type Zippable, zipSync } from "fflate";
import { PackageError, PackageStore } from "./packages.ts";

const unreadable = "Could not unzip uploaded file. Please check your file, then try to upload again.";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "portico-packages-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const zip = (files: Zippable): Buffer => Buffer.from(zipSync(files));

const unixMode = (mode: number) => ({ os: 3, attrs: mode << 16 }) as const;

function littleEndian(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString("latin1");
}

/** Changes bytes in the zip's directories: what no decent packer writes. */
function forge(archive: Buffer, from: string, to: string): Buffer {
  assert.equal(from.length, to.length);
  return Buffer.from(archive.toString("latin1").replaceAll(from, to), "latin1");
}

test("a package is unpacked below its hash, with its folders and execute bits", async (t) => {
  const root = folder(t);
  const packages = new PackageStore(root);
  const { hash } = await packages.save(
    zip({ "index.js": strToU8("1"), "lib/deep/a.txt": strToU8("ä"), "run.sh": [strToU8("#!"), unixMode(0o100755)] }),
  );
  const path = await packages.folderOf(hash);
  assert.equal(readFileSync(join(path, "lib/deep/a.txt"), "utf8"), "ä");
  assert.equal(statSync(join(path, "run.sh")).mode & 0o100, 0o100);
  assert.equal(statSync(join(path, "index.js")).mode & 0o111, 0);
  assert.deepEqual(
    readdirSync(root).filter((name) => name.startsWith("tmp-")),
    [],
  );
});

const hostile: readonly (readonly [string, () => Buffer])[] = [
  ["a path with ..", () => forge(zip({ "aaaaevil.js": strToU8("1") }), "aaaaevil.js", "../.evil.js")],
  ["a path with .. inside", () => forge(zip({ "a/bbbbb/evil.js": strToU8("1") }), "a/bbbbb/evil", "a/../../evil")],
  ["an absolute path", () => forge(zip({ "atmp/evil.js": strToU8("1") }), "atmp/evil.js", "/tmp/evil.js")],
  ["a backslash", () => forge(zip({ "a.b.evil.js": strToU8("1") }), "a.b.evil.js", "..\\.evil.js")],
  ["a symbolic link", () => zip({ link: [strToU8("/etc/passwd"), unixMode(0o120777)] })],
  ["a device", () => zip({ device: [strToU8(""), unixMode(0o020666)] })],
  ["a file that is a folder, too", () => zip({ a: strToU8("1"), "a/b": strToU8("2") })],
  [
    "bytes that are not those that were packed",
    () => forge(zip({ "a.txt": [strToU8("hello"), { level: 0 }] }), "hello", "hullo"),
  ],
  ["no zip at all", () => Buffer.from("this is no zip file, it only says so")],
  ["half a zip", () => zip({ "a.js": strToU8("x".repeat(1000)) }).subarray(40)],
];

for (const [what, make] of hostile) {
  test(`a zip is refused whole: ${what}`, async (t) => {
    const root = folder(t);
    const packages = new PackageStore(root);
    await assert.rejects(packages.save(make()), (error: Error) => {
      assert.ok(error instanceof PackageError);
      assert.ok(error.message.startsWith(unreadable), error.message);
      return true;
    });
    assert.deepEqual(
      readdirSync(root).filter((name) => name !== "unpacked-since-boot"),
      [],
    );
    assert.ok(!existsSync("/tmp/evil.js") && !existsSync(join(root, "../.evil.js")));
  });
}

test("an empty zip is refused", async (t) => {
  const packages = new PackageStore(folder(t));
  for (const empty of [zip({}), Buffer.alloc(0)]) {
    await assert.rejects(packages.save(empty), /Uploaded file must be a non-empty zip/);
  }
});

test("a zip that unpacks to gigabytes is stopped, whether it says so or not", async (t) => {
  const root = folder(t);
  const packages = new PackageStore(root);
  const bytes = 8_000_000;
  const zeros = zip({ "a.bin": Buffer.alloc(bytes) });
  const claiming = (claim: number): Buffer => forge(zeros, littleEndian(bytes), littleEndian(claim));
  await assert.rejects(packages.save(claiming(262_144_001)), /Unzipped size must be smaller than 262144000 bytes/);
  // The directory says 10 bytes, the entry holds eight million.
  await assert.rejects(packages.save(claiming(10)), (error: Error) => error instanceof PackageError);
  assert.deepEqual(
    readdirSync(root).filter((name) => name !== "unpacked-since-boot"),
    [],
  );
});

test("a package comes back after its folder is lost, and after a start that believes no folders", async (t) => {
  const root = folder(t);
  const { hash } = await new PackageStore(root).save(zip({ "index.js": strToU8("1") }));
  writeFileSync(join(root, "unpacked-since-boot"), "another start of the machine");
  writeFileSync(join(root, hash, "half-written"), "");
  writeFileSync(join(root, "tmp-left-behind"), "");
  const path = await new PackageStore(root).folderOf(hash);
  assert.deepEqual(readdirSync(path), ["index.js"]);
  assert.ok(!existsSync(join(root, "tmp-left-behind")));
});

test("what no function uses is removed, once nobody can be about to use it", async (t) => {
  const root = folder(t);
  const saving = new PackageStore(root);
  const kept = await saving.save(zip({ "a.js": strToU8("1") }));
  const unused = await saving.save(zip({ "b.js": strToU8("2") }));
  await saving.collect((hash) => hash === kept.hash);
  assert.ok(existsSync(join(root, unused.hash)), "just saved: its document may be on its way");
  await new PackageStore(root).collect((hash) => hash === kept.hash);
  assert.ok(existsSync(join(root, kept.hash)) && existsSync(join(root, `${kept.hash}.zip`)));
  assert.ok(!existsSync(join(root, unused.hash)) && !existsSync(join(root, `${unused.hash}.zip`)));
});
