import type { InvokeOutcome } from "../../functions/function-client.ts";
import type { RequestMappingsPlan } from "../../plan/parameter-mapping.ts";
import type { HttpApiLambdaPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { fitsLambda, linkInvocationCheck } from "../integrations/function-access.ts";
import { type EventMapping, eventLinkers } from "../integrations/http-api-event.ts";
import { noteNoAccess } from "../integrations/http-api-failure.ts";
import { responseParsers } from "../integrations/http-api-lambda-response.ts";
import { Invocation, type InvocationConsumer } from "../integrations/invocation.ts";
import { receiveBody } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { withWholeBody } from "./http-api-proxy.ts";
import {
  type LinkedResponseMappings,
  linkMappedText,
  linkRequestMapping,
  linkResponseMapping,
  type RequestMapping,
} from "./parameter-mapping.ts";

const empty = Buffer.alloc(0);

/** AWS: API Gateway Developer Guide, "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway". */
export function linkHttpApiLambda(plan: HttpApiLambdaPlan, context: LinkContext): RunStep {
  const { stage, method, thread } = context;
  const { functionArn, timeoutMs, payloadFormat, requestMappings } = plan;
  const mayInvoke = linkInvocationCheck(plan, { ...context, onRefused: noteNoAccess });
  const mapping = linkRequestMapping(requestMappings, context);
  const writeEvent = eventLinkers[payloadFormat](stage, method, linkEventMapping(requestMappings, mapping));
  const answering: Answering = {
    thread,
    parse: responseParsers[payloadFormat],
    mappings: linkResponseMapping(plan.responseMappings, context),
  };
  const call = (exchange: Exchange, body: Buffer): void => {
    if (!mayInvoke(exchange)) return;
    const event = writeEvent(exchange, body);
    if (!fitsLambda(exchange, event)) return;
    exchange.forgetBody();
    new Invocation(exchange, new HttpApiRelay(exchange, answering), { functionArn, timeoutMs, thread }).start(event);
  };
  if (mapping?.readsBody !== true) {
    return (exchange) => {
      if (!exchange.request.hasBody) call(exchange, empty);
      else receiveBody(exchange, thread, (body) => call(exchange, body));
      return false;
    };
  }
  return (exchange) => {
    withWholeBody(exchange, thread, (body = empty) => mapping.find(exchange, () => call(exchange, body)));
    return false;
  };
}

/** Unconfirmed: what mappings change in events; see docs/compatibility.md, "HTTP APIs, events". */
function linkEventMapping(
  plan: RequestMappingsPlan | undefined,
  mapping: RequestMapping | undefined,
): EventMapping | undefined {
  if (plan === undefined || mapping === undefined) return undefined;
  const pathMapping = plan.find(({ place }) => place === "path");
  const readPath = pathMapping && linkMappedText(pathMapping.value);
  const { headers, query } = mapping;
  return {
    headers,
    query,
    path:
      readPath &&
      ((exchange) => {
        const path = readPath(exchange);
        exchange.trace?.addMapping("overwrite:path", pathMapping.source, path);
        return path === undefined || path.startsWith("/") ? path : `/${path}`;
      }),
  };
}

interface Answering extends Pick<LinkContext, "thread"> {
  readonly parse: (typeof responseParsers)["2.0"];
  readonly mappings: LinkedResponseMappings | undefined;
}

/** Answers an exchange with what a function answers, as its format says. */
class HttpApiRelay implements InvocationConsumer {
  readonly #exchange: Exchange;
  readonly #answering: Answering;

  constructor(exchange: Exchange, answering: Answering) {
    this.#exchange = exchange;
    this.#answering = answering;
  }

  ok(payload: Buffer): void {
    const exchange = this.#exchange;
    const { parse, mappings } = this.#answering;
    const response = parse(payload);
    if (response.kind === "malformed") {
      // Unconfirmed: AWS's words, and those below; see docs/compatibility.md, "HTTP APIs, words of integration errors".
      const error =
        "The response from the Lambda function doesn't match the format that API Gateway expects. " +
        `Lambda body contains the wrong type for field "${response.field}"`;
      this.#fail(error, `the function's answer is malformed: ${response.detail}`);
      return;
    }
    const { status, headers, body } = response;
    exchange.integration!.status = status;
    const mapping = mappings?.(status);
    if (mapping === undefined) exchange.respond(status, headers, body);
    else mapping.map(exchange, response, (mapped) => exchange.respond(mapped, headers, body));
  }

  functionError({ errorMessage, requestId }: Extract<InvokeOutcome, { readonly kind: "function-error" }>): void {
    this.#fail(
      "The Lambda function returned the following error: Unhandled. Check your Lambda function code and try again.",
      `the function failed: ${errorMessage}. Lambda request id: ${requestId}`,
    );
  }

  /** Unconfirmed: 503 for what passes; see docs/compatibility.md, "HTTP APIs, answers of functions". */
  serviceError(outcome: Extract<InvokeOutcome, { readonly kind: "service-error" }>): boolean {
    if (outcome.status !== 429 && outcome.status !== 503) return false;
    const hint = `Lambda invocation failed with status: ${outcome.status}. ${outcome.code}: ${outcome.message}`;
    this.#answering.thread.metrics.add("integrationErrors");
    this.#exchange.program.responses.finish(this.#exchange, "INTEGRATION_FAILURE", { hint, log: [hint] });
    return true;
  }

  #fail(error: string, hint: string): void {
    const { thread } = this.#answering;
    this.#exchange.integration!.error = error;
    thread.metrics.add("integrationErrors");
    this.#exchange.program.responses.finish(this.#exchange, "INTEGRATION_FAILURE", { status: 500, hint, log: [hint] });
  }
}
