import type { Clock } from "../../base/clock.ts";
import type { BatchDelivery } from "../../telemetry/batch-sender.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { TracedExchange } from "../../telemetry/traced-exchange.ts";
import { ThreadService } from "../thread-service.ts";
import { traceOperationNames } from "./trace-operation-names.ts";
import type { TracesStart } from "./trace-work.ts";

export interface TracesServiceOptions {
  /** The thread's program. */
  readonly entry: URL;
  readonly start: TracesStart;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The traces of X-Ray as control sees them. */
export class TracesService extends ThreadService<BatchDelivery<TracedExchange>> {
  constructor(options: TracesServiceOptions) {
    super({ name: "traces", what: "traces", operationNames: traceOperationNames, ...options });
  }
}
