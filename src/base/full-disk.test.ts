import assert from "node:assert/strict";
import { test } from "node:test";
import { isFullDisk } from "./full-disk.ts";

test("a full disk is told from other failures", () => {
  const full = [{ code: "ENOSPC" }, { code: "EDQUOT" }, { errcode: 13 }, { errcode: 4874 }, { errcode: 778 }];
  for (const fields of full) assert.equal(isFullDisk(Object.assign(new Error("no"), fields)), true);
  const others = [{ code: "EACCES" }, { errcode: 11 }, {}];
  for (const fields of others) assert.equal(isFullDisk(Object.assign(new Error("no"), fields)), false);
  assert.equal(isFullDisk("ENOSPC"), false);
});
