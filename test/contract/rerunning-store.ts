import type { Store } from "../../src/store/store.ts";

/**
 * A store that runs the work of every write twice and drops what the first run wrote, as a database does that could not
 * order two transactions. Work with effects besides its writes shows over it.
 */
export function rerunningStore(store: Store): Store {
  return {
    read: (scope, work) => store.read(scope, work),
    async write(scope, work) {
      const dropped = store.write(scope, async (tx) => {
        await work(tx);
        throw new Error("the first run is dropped");
      });
      // What the first run refused, the second one refuses again, or no longer does.
      await dropped.catch(() => undefined);
      return store.write(scope, work);
    },
    all: (kind, options) => store.all(kind, options),
    addresses: (kind) => store.addresses(kind),
    scopes: (kind) => store.scopes(kind),
    revision: () => store.revision(),
    subscribe: (listener) => store.subscribe(listener),
    reset: () => store.reset(),
    close: () => store.close(),
  };
}
