import type { FunctionSpec } from "../src/functions/function-spec.ts";

/** A valid Node.js function named `f`, but for what is given; its package is the caller's to save. */
export const aFunctionSpec = (given: Partial<FunctionSpec> = {}): FunctionSpec => ({
  functionArn: "arn:aws:lambda:us-east-1:000000000000:function:f",
  name: "f",
  version: "$LATEST",
  account: "000000000000",
  region: "us-east-1",
  runtime: "nodejs22.x",
  handler: "index.handler",
  timeoutSeconds: 3,
  memoryMb: 128,
  role: "arn:aws:iam::000000000000:role/function",
  environment: {},
  isJsonLog: false,
  logLevel: undefined,
  logGroup: "/aws/lambda/f",
  packageHash: "",
  revisionId: "",
  policy: undefined,
  policyRevision: "",
  ...given,
});
