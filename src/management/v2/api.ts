import { httpApis } from "./apis.ts";
import { defineResource } from "./work.ts";

/** AWS: API Gateway version 2 API reference, "Api". */
export const httpApi = defineResource({
  operations: { get: "GetApi", list: "GetApis" },
  place: httpApis,
});
