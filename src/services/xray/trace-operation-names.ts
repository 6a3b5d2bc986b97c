/** The operations of X-Ray that the traces' thread answers. Control knows only the names; the thread loads the code. */
export const traceOperationNames = [
  "PutTraceSegments",
  "BatchGetTraces",
  "GetTraceSummaries",
  "GetServiceGraph",
  "GetTraceGraph",
] as const;
export type TraceOperationName = (typeof traceOperationNames)[number];
