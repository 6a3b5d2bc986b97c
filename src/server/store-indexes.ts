import { definitionIndexes } from "../definition/indexes.ts";
import { alarmIndexes } from "../services/cloudwatch/alarm-document.ts";
import { iamIndexes } from "../services/iam/documents.ts";
import { eventIndexes } from "../services/lambda/event-queue.ts";
import { wafIndexes } from "../services/wafv2/documents.ts";
import type { Indexes } from "../store/indexes.ts";

/** The indexes by which documents of the server's store are found, by kind. */
export const storeIndexes: Indexes = {
  ...definitionIndexes,
  ...iamIndexes,
  ...alarmIndexes,
  ...eventIndexes,
  ...wafIndexes,
};
