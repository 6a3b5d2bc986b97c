import { bounds } from "../../base/bounds.ts";
import type { InvokeOutcome } from "../../functions/function-client.ts";
import type { LambdaProxyPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { type IsBinary, linkBinaryMediaTypes } from "../integrations/binary-media-types.ts";
import { linkEvent } from "../integrations/lambda-event.ts";
import { parseLambdaResponse } from "../integrations/lambda-response.ts";
import { collectBody } from "../integrations/request-body.ts";
import type { RunStep } from "../program.ts";
import { mediaTypeOf } from "./integration-response.ts";
import type { LinkContext } from "./link-step.ts";

const empty = Buffer.alloc(0);

/** AWS: API Gateway Developer Guide, "Lambda proxy integrations in API Gateway". */
export function linkLambdaProxy(plan: LambdaProxyPlan, context: LinkContext): RunStep {
  const { stage, method, thread } = context;
  const writeEvent = linkEvent(stage, method);
  const isBinary = linkBinaryMediaTypes(stage.binaryMediaTypes);
  const call = (exchange: Exchange, body: Buffer): void => {
    const refusal = checkPermission(exchange, plan, context);
    if (refusal !== undefined) {
      exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", { hint: refusal });
      return;
    }
    const contentType = exchange.request.header("content-type");
    const event = writeEvent(exchange, body, contentType !== undefined && isBinary(mediaTypeOf(contentType)));
    if (event.length > bounds.lambdaPayloadBytesMax.value / 3 && isTooLong(event)) {
      exchange.program.responses.finish(exchange, "REQUEST_TOO_LARGE", {
        hint: `the event would be longer than Lambda's ${bounds.lambdaPayloadBytesMax.value} bytes`,
      });
      return;
    }
    new Invocation(exchange, { plan, context, isBinary }).start(event);
  };
  return (exchange) => {
    if (!exchange.request.hasBody) call(exchange, empty);
    else collectBody(exchange, thread, (body) => call(exchange, body));
    return false;
  };
}

const isTooLong = (event: string): boolean => Buffer.byteLength(event) > bounds.lambdaPayloadBytesMax.value;

/** In words why API Gateway may not invoke the function; undefined if it may. */
function checkPermission(
  exchange: Exchange,
  plan: LambdaProxyPlan,
  { stage, method, thread }: LinkContext,
): string | undefined {
  const facts = thread.functions.describe(plan.functionArn);
  if (facts === undefined) return `Execution failed: there is no function ${plan.functionArn}`;
  const sourceArn =
    `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/${stage.stageName}/` +
    `${exchange.httpMethod}${method.resourcePath}`;
  const decision = thread.permissions.decide(facts, sourceArn, stage.account);
  if (decision === "allowed") return undefined;
  const anySource = `arn:aws:execute-api:${stage.region}:${stage.account}:${stage.apiId}/*/*`;
  return (
    "Execution failed due to configuration error: Invalid permissions on Lambda function. Allow it with: " +
    `aws lambda add-permission --function-name ${plan.functionArn} --statement-id apigateway ` +
    `--action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn '${anySource}'`
  );
}

/** One invocation for one exchange, with its time-out. Lambda goes on when nobody waits any more, as on AWS. */
class Invocation {
  readonly #exchange: Exchange;
  readonly #plan: LambdaProxyPlan;
  readonly #context: LinkContext;
  readonly #isBinary: IsBinary;
  readonly #timer: NodeJS.Timeout;
  #isDone = false;

  constructor(
    exchange: Exchange,
    options: { readonly plan: LambdaProxyPlan; readonly context: LinkContext; readonly isBinary: IsBinary },
  ) {
    this.#exchange = exchange;
    this.#plan = options.plan;
    this.#context = options.context;
    this.#isBinary = options.isBinary;
    this.#timer = setTimeout(timedOut, options.plan.timeoutMs, this);
    exchange.request.onClose = () => {
      if (!this.#finish()) return;
      exchange.status = 499;
      exchange.complete();
    };
  }

  start(event: string): void {
    const { functions, logger } = this.#context.thread;
    this.#exchange.startIntegration();
    functions
      .invoke({ functionArn: this.#plan.functionArn, payload: event, traceId: this.#exchange.traceHeader })
      .then((outcome) => this.#answer(outcome))
      .catch((error: unknown) => {
        // Our bug: this exchange ends, and only this one.
        logger.error("answering an invocation failed", { error: String(error) });
        if (this.#finish() || !this.#exchange.isComplete) {
          this.#exchange.program.responses.finish(this.#exchange, "DEFAULT_5XX");
        }
      });
  }

  timeOut(): void {
    if (!this.#finish()) return;
    this.#measure();
    this.#exchange.integration!.error = "Execution failed due to a timeout error";
    this.#context.thread.metrics.add("integrationErrors");
    this.#exchange.program.responses.finish(this.#exchange, "INTEGRATION_TIMEOUT", {
      hint: `${this.#plan.functionArn} did not answer within ${this.#plan.timeoutMs} ms`,
    });
  }

  /** False: it was done before. */
  #finish(): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    clearTimeout(this.#timer);
    this.#exchange.request.onClose = undefined;
    return true;
  }

  #measure(): void {
    const integration = this.#exchange.integration!;
    integration.latencyMs = performance.now() - integration.startedAt;
    this.#context.thread.metrics.integration(integration.latencyMs);
  }

  #answer(outcome: InvokeOutcome): void {
    if (!this.#finish()) return;
    this.#measure();
    const exchange = this.#exchange;
    const integration = exchange.integration!;
    integration.requestId = outcome.requestId;
    integration.serviceStatus = outcome.kind === "service-error" ? outcome.status : 200;
    switch (outcome.kind) {
      case "ok":
        this.#relay(outcome.payload);
        break;
      case "function-error":
        integration.error = `Lambda Customer Function Error:${outcome.errorMessage}`;
        this.#fail(
          502,
          `Lambda execution failed with status 200 due to customer function error: ${outcome.errorMessage}. ` +
            `Lambda request id: ${outcome.requestId}`,
        );
        break;
      case "service-error":
        integration.error = outcome.message;
        this.#fail(500, `Lambda invocation failed with status: ${outcome.status}. ${outcome.code}: ${outcome.message}`);
        break;
    }
  }

  /** AWS quirk: an INTEGRATION_FAILURE, whose own status and message are those of a network error. */
  #fail(status: number, hint: string): void {
    this.#context.thread.metrics.add("integrationErrors");
    const failure = { status, message: "Internal server error", hint };
    this.#exchange.program.responses.finish(this.#exchange, "INTEGRATION_FAILURE", failure);
  }

  #relay(payload: Buffer): void {
    const exchange = this.#exchange;
    const response = parseLambdaResponse(payload);
    if (response.kind === "malformed") {
      const detail = "Execution failed due to configuration error: Malformed Lambda proxy response";
      exchange.integration!.error = detail;
      this.#fail(502, `${detail}: ${response.detail}`);
      return;
    }
    exchange.integration!.status = response.status;
    response.headers.push("X-Amzn-Trace-Id", `Root=${exchange.traceId}`);
    const { body } = response;
    const isDecoded = response.isBase64Encoded && body !== undefined && this.#accepts();
    exchange.respond(response.status, response.headers, isDecoded ? Buffer.from(body, "base64") : body);
  }

  /** Base64 is decoded only for a caller whose first accepted type is binary for the API. */
  #accepts(): boolean {
    const accept = this.#exchange.request.header("accept");
    return this.#isBinary(accept === undefined ? "application/json" : mediaTypeOf(accept.split(",", 1)[0]!));
  }
}

const timedOut = (invocation: Invocation): void => invocation.timeOut();
