import { emptyPlan } from "../plan/empty-plan.ts";
import type { Plan } from "../plan/kinds.ts";
import type { Exchange } from "./exchange.ts";
import type { Program } from "./program.ts";
import { GatewayResponses } from "./rest/gateway-responses.ts";
import { addRestHeaders, openRestExchange } from "./rest/rest-exchange.ts";
import { SyntheticRequest } from "./synthetic-request.ts";

export interface NamedValues {
  readonly name: string;
  readonly values: readonly string[];
}

/** A request that nobody sends, for mapping templates, which only read it. */
export interface UnsentRequest {
  readonly method: string;
  readonly path: readonly NamedValues[];
  readonly query: readonly NamedValues[];
  readonly headers: readonly NamedValues[];
  readonly nowMs: number;
}

/** Makes an exchange that can be read like any other; an answer to it goes nowhere. */
export function makeUnsentExchange({ method, path, query, headers, nowMs }: UnsentRequest): Exchange {
  const pairs = query.flatMap(({ name, values }) => values.map((value) => [name, value] as [string, string]));
  const rawQuery = new URLSearchParams(pairs).toString();
  const rawHeaders = headers.flatMap(({ name, values }) => values.flatMap((value) => [name, value]));
  const request = new SyntheticRequest(
    {
      method,
      target: "/",
      host: "localhost",
      headers: rawHeaders,
      body: new Uint8Array(),
      remoteAddress: "127.0.0.1",
      localPort: 443,
      isEncrypted: true,
    },
    { answerBytesMax: 0, onAnswer: nothing },
  );
  const exchange = unsentProgram.open(request, { path: "/", query: rawQuery }, nowMs);
  exchange.pathNames = path.map(({ name }) => name);
  exchange.pathValues = path.map(({ values }) => values.at(-1) ?? "");
  return exchange;
}

const nothing = (): void => undefined;

const plan = emptyPlan({ apiId: "unsent", apiName: "unsent", stageName: "dev", deploymentId: "unsent" });

/** Makes a program that answers nobody. */
export function makeUnsentProgram(of: Plan): Program {
  const program: Program = {
    plan: of,
    responses: new GatewayResponses({}),
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    refusalOf: () => undefined,
    open: (inbound, below, nowMs) => openRestExchange(inbound, program, below, nowMs),
    route: nothing,
    addHeaders: addRestHeaders,
    contextPath: ({ pathAsSent }) => `/${of.stageName}${pathAsSent}`,
    life: { begin: nothing, complete: nothing, retire: nothing },
  };
  return program;
}

const unsentProgram = makeUnsentProgram(plan);
