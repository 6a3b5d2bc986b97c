import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { storeContract } from "./store-contract.ts";

const folder = mkdtempSync(join(tmpdir(), "portico-store-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
storeContract("SQLite in memory", (indexes) => openSqliteStore({ indexes }));
storeContract("SQLite in a file", (indexes) => openSqliteStore({ indexes, path: join(folder, `${count++}.db`) }));
