import { logEventOperations } from "./log-events.ts";
import { type LogsOperation, logGroupOperations } from "./log-groups.ts";
import { logStreamOperations } from "./log-streams.ts";
import type { storeOperationNames } from "./operation-names.ts";

/** The operations of the `logs` service. */
export const logsOperations: Readonly<Record<(typeof storeOperationNames)[number], LogsOperation>> = {
  ...logGroupOperations,
  ...logStreamOperations,
  ...logEventOperations,
};
