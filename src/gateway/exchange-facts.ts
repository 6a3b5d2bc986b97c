import { emptyPlan } from "../plan/empty-plan.ts";
import type { Plan } from "../plan/kinds.ts";
import type { Caller } from "./caller.ts";
import type { ConnectionFacts } from "./connection-facts.ts";
import { type AccessPhases, Exchange, type ExchangeError, type IntegrationOutcome, type Opening } from "./exchange.ts";
import type { Program } from "./program.ts";
import { SyntheticRequest } from "./synthetic-request.ts";
import { Overrides, type PlainOverrides } from "./templates/overrides.ts";
import { makeUnsentProgram } from "./unsent-exchange.ts";
import type { WafOutcome } from "./web-acls.ts";

/** All that templates read of an exchange but the bodies, as data that another thread can be sent. */
export interface ExchangeFacts {
  readonly request: Pick<
    Exchange["request"],
    "method" | "target" | "httpVersion" | "rawHeaders" | "host" | "client" | "listener"
  >;
  readonly opening: Opening;
  readonly plan: Pick<
    Plan,
    "account" | "region" | "apiId" | "apiName" | "stageName" | "deploymentId" | "stageVariables" | "webAclArn"
  >;
  readonly method: Plan["methods"][number] | undefined;
  readonly fullPath: string;
  readonly pathNames: readonly string[];
  readonly pathValues: readonly string[];
  readonly caller: Caller;
  readonly traceId: string;
  readonly waf: WafOutcome | undefined;
  readonly status: number;
  readonly error: ExchangeError | undefined;
  readonly integration: IntegrationOutcome | undefined;
  readonly access: AccessPhases | undefined;
  readonly integrationHeaders: readonly string[];
  readonly overrides: PlainOverrides | undefined;
  readonly connection: ConnectionFacts | undefined;
}

export function describeExchange(exchange: Exchange): ExchangeFacts {
  const { method, target, httpVersion, rawHeaders, host, client, listener } = exchange.request;
  const { httpMethod, path, pathAsSent, rawQuery, customDomain, requestId, extendedRequestId, startedMs } = exchange;
  const { account, region, apiId, apiName, stageName, deploymentId, stageVariables, webAclArn } = exchange.program.plan;
  return {
    request: { method, target, httpVersion, rawHeaders, host, client, listener },
    opening: { httpMethod, path, pathAsSent, rawQuery, customDomain, requestId, extendedRequestId, startedMs },
    plan: {
      account,
      region,
      apiId,
      apiName,
      stageName,
      deploymentId,
      stageVariables,
      ...(webAclArn === undefined ? {} : { webAclArn }),
    },
    method: exchange.method === undefined ? undefined : { ...exchange.method.plan, steps: [] },
    fullPath: exchange.fullPath,
    pathNames: exchange.pathNames,
    pathValues: exchange.pathValues,
    caller: withoutPolicy(exchange.caller),
    traceId: exchange.traceId,
    waf: exchange.waf,
    status: exchange.status,
    error: exchange.error,
    integration: exchange.integration,
    access: exchange.access,
    integrationHeaders: exchange.integrationHeaders,
    overrides: exchange.overrides?.toPlain(),
    connection: exchange.connection,
  };
}

/** A policy is closures, and no template reads it. */
function withoutPolicy(caller: Caller): Caller {
  if (caller.grant === undefined) return caller;
  const { policy: _, ...grant } = caller.grant;
  return { ...caller, grant };
}

/** Makes an exchange of which templates read the same; what is answered to it goes nowhere. */
export function restoreExchange(facts: ExchangeFacts): Exchange {
  const unsent = makeUnsentProgram(emptyPlan(facts.plan));
  const program: Program = { ...unsent, contextPath: () => facts.fullPath };
  const { rawHeaders, listener, client, ...request } = facts.request;
  const { address: remoteAddress, calledPort: localPort, isEncrypted } = client;
  const input = { ...request, headers: rawHeaders, remoteAddress, localPort, isEncrypted, body: new Uint8Array() };
  const synthetic = new SyntheticRequest(input, { answerBytesMax: 0, onAnswer: () => undefined, listener, client });
  const exchange = new Exchange(synthetic, program, facts.opening);
  exchange.method = facts.method === undefined ? undefined : { plan: facts.method, steps: [] };
  exchange.pathNames = facts.pathNames;
  exchange.pathValues = facts.pathValues;
  exchange.caller = facts.caller;
  exchange.traceId = facts.traceId;
  exchange.waf = facts.waf;
  exchange.status = facts.status;
  exchange.error = facts.error;
  exchange.integration = facts.integration;
  exchange.access = facts.access;
  exchange.integrationHeaders = facts.integrationHeaders;
  exchange.connection = facts.connection;
  exchange.overrides = facts.overrides === undefined ? undefined : Overrides.fromPlain(facts.overrides);
  return exchange;
}
