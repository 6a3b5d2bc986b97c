import type { Authorizer, RestApi, RestApiDefinition } from "../../definition/rest-api.ts";
import { present, regionalScope } from "../../families/work.ts";
import type { Scope } from "../../store/store.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { authorizers } from "./authorizer.ts";
import { readDefinition } from "./definition-documents.ts";
import { restApis } from "./rest-apis.ts";
import { callerOf, headersOf, refusalOf, type TestCaller, targetOf, withVariables } from "./test-invoke.ts";
import { operations, type RestOperations, spanning, type Work } from "./work.ts";

/** A test of an authorizer as it is defined, deployed or not. */
export interface AuthorizerTest {
  readonly definition: RestApiDefinition;
  readonly authorizer: Authorizer;
  /** The path and query of the request. */
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
      /**
       * 0 if the authorizer knows the caller, whatever the policy says; otherwise the status that a client would have
       * got.
       */
      readonly clientStatus: number;
      readonly principalId?: string;
      /** The policy, as JSON. */
      readonly policy?: string;
      readonly claims?: Readonly<Record<string, string>>;
      readonly log: string;
      readonly latencyMs: number;
    }
  /** Too many tests are under way. */
  | { readonly kind: "busy" }
  | { readonly kind: "failed" };

/**
 * Asks an authorizer. The server passes this function in when it starts, because management does not know the gateway.
 */
export type AuthorizerTestRun = (test: AuthorizerTest) => Promise<AuthorizerTestOutcome>;

/** AWS: API Gateway REST API reference, "TestInvokeAuthorizer". */
export const testAuthorizerOperations = (run: AuthorizerTestRun): RestOperations =>
  operations({
    TestInvokeAuthorizer: spanning(async ({ read }) => {
      // The authorizer is asked after the store was read, not while a transaction is open.
      const outcome = await run(await read(readTest, restApis));
      if (outcome.kind !== "answered") throw refusalOf(outcome.kind, "authorizer");
      const { clientStatus, principalId, policy, claims, log, latencyMs } = outcome;
      return present({ clientStatus, log, latency: Math.round(latencyMs), principalId, policy, claims });
    }),
  });

async function readTest(work: Work<"TestInvokeAuthorizer", RestApi>): Promise<AuthorizerTest> {
  const { input, parent: api } = work;
  const authorizer = await authorizers.find(work);
  const { authorizerCredentials: role } = authorizer;
  refuseForeignRole(role && withVariables(role, input.stageVariables ?? {}), work.call);
  return {
    definition: await readDefinition(work.tx, api),
    authorizer,
    target: targetOf(input.pathWithQueryString, "/"),
    headers: headersOf(input),
    body: Buffer.from(input.body ?? ""),
    stageVariables: input.stageVariables ?? {},
    additionalContext: input.additionalContext ?? {},
    scope: regionalScope(work.call),
    caller: callerOf(work.call),
  };
}
