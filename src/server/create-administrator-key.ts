import type { Credentials } from "../access/request-signer.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { lockDataDirectory } from "./data-directory.ts";
import { makeAdministrator } from "./enforcement/administrator.ts";
import { ServerClock } from "./server-clock.ts";
import { storeIndexes } from "./store-indexes.ts";

/**
 * Makes an administrator in a data directory, for a server whose keys are lost or that has none yet. Whoever may read the
 * directory may do everything anyway. Throws a `UserError` if a server uses it.
 */
export async function createAdministratorKey(dataPath: string): Promise<Credentials> {
  const directory = lockDataDirectory(dataPath);
  try {
    const store = openSqliteStore({ path: directory.storePath, indexes: storeIndexes });
    try {
      return await makeAdministrator(store, new ServerClock());
    } finally {
      await store.close();
    }
  } finally {
    directory.release();
  }
}
