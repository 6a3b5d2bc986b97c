import type { TestInvokeAuthorizerRequest } from "@aws-sdk/client-api-gateway";
import type { Authorizer, RestApiDefinition } from "../../definition/rest-api.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import type { Scope } from "../../store/store.ts";
import { authorizers } from "./authorizer.ts";
import { reading } from "./define-resource.ts";
import { readDefinition } from "./definition-documents.ts";
import { callerOf, headersOf, refusalOf, type TestCaller, targetOf } from "./test-invoke.ts";
import { type Dependencies, type Input, present, requireApi, scopeOf, type Work } from "./work.ts";

/** An authorizer to be asked as it is defined, deployed or not. */
export interface AuthorizerTest {
  readonly definition: RestApiDefinition;
  readonly authorizer: Authorizer;
  /** Path and query. */
  readonly target: string;
  /** Names and values in turn, as an HTTP client sends them. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly additionalContext: Readonly<Record<string, string>>;
  readonly scope: Scope;
  readonly caller: TestCaller;
}

export type AuthorizerTestOutcome =
  | {
      readonly kind: "answered";
      /** 0: the authorizer knows the caller, whatever the policy says. Else what a client would have got. */
      readonly clientStatus: number;
      readonly principalId?: string;
      /** As JSON. */
      readonly policy?: string;
      readonly claims?: Readonly<Record<string, string>>;
      readonly log: string;
      readonly latencyMs: number;
    }
  /** Too many are under way. */
  | { readonly kind: "busy" }
  | { readonly kind: "failed" };

/** Asks an authorizer; given at boot, since management knows no gateway. */
export type AuthorizerTestRun = (test: AuthorizerTest) => Promise<AuthorizerTestOutcome>;

/** AWS: API Gateway REST API reference, "TestInvokeAuthorizer". */
export function testAuthorizerOperations(dependencies: Dependencies): Operations {
  const { authorizerTest } = dependencies;
  return authorizerTest === undefined
    ? {}
    : { TestInvokeAuthorizer: testInvokeAuthorizer(dependencies, authorizerTest) };
}

const testInvokeAuthorizer =
  (dependencies: Dependencies, run: AuthorizerTestRun) =>
  async (input: Input, call: CallContext): Promise<unknown> => {
    // The authorizer is asked when the store is read, not while a transaction is open.
    const outcome = await run((await reading(dependencies, readTest)(input, call)) as AuthorizerTest);
    if (outcome.kind !== "answered") throw refusalOf(outcome.kind, "authorizer");
    const { clientStatus, principalId, policy, claims, log, latencyMs } = outcome;
    return present({ clientStatus, log, latency: Math.round(latencyMs), principalId, policy, claims });
  };

async function readTest(work: Work): Promise<AuthorizerTest> {
  const input = work.input as unknown as TestInvokeAuthorizerRequest;
  const api = await requireApi(work);
  const authorizer = await authorizers.find(work);
  return {
    definition: await readDefinition(work.tx, api),
    authorizer,
    target: targetOf(input.pathWithQueryString, "/"),
    headers: headersOf(input),
    body: Buffer.from(input.body ?? ""),
    stageVariables: input.stageVariables ?? {},
    additionalContext: input.additionalContext ?? {},
    scope: scopeOf(work.call),
    caller: callerOf(work.call),
  };
}
