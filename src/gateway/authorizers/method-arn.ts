import type { Exchange } from "../exchange.ts";

/**
 * Returns the ARN of the method that a request calls, with the path as the client sent it. Policies of authorizers,
 * identities and APIs name it, and events of authorizers have it.
 */
export function methodArnOf(exchange: Exchange): string {
  const { region, account, apiId, stageName } = exchange.program.plan;
  // AWS quirk: a test's stage has a name here that it has nowhere else.
  const stage = exchange.isTest ? "ESTestInvoke-stage" : stageName;
  return `arn:aws:execute-api:${region}:${account}:${apiId}/${stage}/${exchange.httpMethod}${exchange.path}`;
}
