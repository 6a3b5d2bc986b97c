import type {
  FunctionClient,
  FunctionFacts,
  InvokeOutcome,
  InvokeRequest,
} from "../../src/functions/function-client.ts";
import { functionArn } from "./a-rest-api.ts";

/** The resource policy that AddPermission makes for the API of the builders. */
export const allowAll = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    {
      Sid: "api",
      Effect: "Allow",
      Principal: { Service: "apigateway.amazonaws.com" },
      Action: "lambda:InvokeFunction",
      Resource: functionArn,
      Condition: { ArnLike: { "AWS:SourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc123/*/*/*" } },
    },
  ],
});

/** A function whose answer is a value, or an outcome. */
export class FakeFunctions implements FunctionClient {
  readonly requests: InvokeRequest[] = [];
  facts: FunctionFacts | undefined = { functionArn, policy: allowAll, policyRevision: "1" };
  answer: (event: Record<string, unknown>) => unknown = () => ({ statusCode: 200, body: "ok" });
  outcome: (() => Promise<InvokeOutcome>) | undefined;
  describe(): FunctionFacts | undefined {
    return this.facts;
  }
  invoke(request: InvokeRequest): Promise<InvokeOutcome> {
    this.requests.push(request);
    if (this.outcome !== undefined) return this.outcome();
    const payload = Buffer.from(JSON.stringify(this.answer(JSON.parse(String(request.payload)))) ?? "null");
    return Promise.resolve({ kind: "ok", payload, requestId: "lambda-id" });
  }
  event(): Record<string, unknown> {
    return JSON.parse(String(this.requests.at(-1)?.payload)) as Record<string, unknown>;
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
