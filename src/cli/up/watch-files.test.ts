import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../../../test/until.ts";
import { watchFiles } from "./watch-files.ts";

const watches = (): number => process.getActiveResourcesInfo().filter((name) => name === "FSEventWrap").length;

test("a watcher that is closed opens no watch again, whatever it is told", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "portico-watch-"));
  const watcher = watchFiles(
    () => undefined,
    (why) => assert.fail(why),
  );
  t.after(() => {
    watcher.close();
    rmSync(folder, { recursive: true });
  });
  watcher.update({ trees: [folder], files: [] });
  assert.equal(watches(), 1);
  watcher.close();
  watcher.update({ trees: [folder], files: [] });
  await until(() => watches() === 0);
});
