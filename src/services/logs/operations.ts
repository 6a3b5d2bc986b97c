import { logEventOperations } from "./log-events.ts";
import { type LogsOperation, logGroupOperations } from "./log-groups.ts";
import { logStreamOperations } from "./log-streams.ts";
import type { logsOperationNames } from "./operation-names.ts";

/** The operations of the `logs` service. */
export const logsOperations: Readonly<Record<(typeof logsOperationNames)[number], LogsOperation>> = {
  ...logGroupOperations,
  ...logStreamOperations,
  ...logEventOperations,
};
