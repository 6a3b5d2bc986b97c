import { randomBytes } from "node:crypto";
import type { MessagePort } from "node:worker_threads";
import type { Clock } from "../../base/clock.ts";
import type { ApiKeyMemory } from "../../limits/api-key-memory.ts";
import { ApiKeyTable } from "../../limits/api-key-table.ts";
import type { Throttles } from "../../limits/throttles.ts";
import type { UnsavedUsage } from "../../management/control-service.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { ApiKeyKeeper } from "./api-key-keeper.ts";
import { UsageSaver } from "./usage-saver.ts";

export interface ApiKeysOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly throttles: Throttles;
}

/** Control's part in API keys: what threads know of them, and the counts of their calls. */
export class ApiKeys {
  readonly table = new ApiKeyTable(randomBytes(16).toString("hex"));
  readonly saver: UsageSaver;
  readonly keeper: ApiKeyKeeper;

  constructor({ throttles, ...options }: ApiKeysOptions) {
    const { table } = this;
    this.saver = new UsageSaver({ ...options, table });
    this.keeper = new ApiKeyKeeper({ ...options, table, saver: this.saver, buckets: throttles.clients });
  }

  /** Returns the memory for a thread, which gets what is added later through the port. */
  connect(port: MessagePort): ApiKeyMemory {
    const { memory, stop } = this.table.connect((segment) => port.postMessage(segment));
    port.on("close", stop);
    port.unref();
    return memory;
  }

  readonly unsavedUsage: UnsavedUsage = (scope, planId, keyId) => {
    const membership = this.table.find(scope, keyId, this.table.planSlot(scope, planId));
    return membership < 0 ? [] : this.table.daysOf(membership);
  };
}
