import { bounds } from "../../base/bounds.ts";
import type { InvokeOutcome } from "../../functions/function-client.ts";
import { parseJsonText } from "../../language/json-text.ts";
import { reservedHeadersOfServices } from "../../plan/reserved-headers.ts";
import type { LambdaPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import {
  type Content,
  decodeBase64,
  decodeText,
  isText,
  linkRequestContent,
  refuseUndecodable,
} from "../integrations/content-handling.ts";
import { fitsLambda, linkInvocationCheck } from "../integrations/function-access.ts";
import {
  Invocation,
  type InvocationConsumer,
  refuseAsService,
  traceInvocation,
  traceOutcome,
} from "../integrations/invocation.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { runExchangeJob } from "../run-exchange-job.ts";
import { describeOutput, type TextOrigin } from "../templates/describe-output.ts";
import { FunctionErrorPayload, Payload } from "../templates/payload.ts";
import { checkJsonJob } from "../templates/payload-jobs.ts";
import { asText, describeValue, findInBody, linkBodyPaths, linkValue } from "../values.ts";
import {
  checkResponse,
  chooseResponseTemplate,
  linkSelection,
  ofAws,
  respondMapped,
  type SelectResponse,
} from "./integration-response.ts";
import {
  checkOverrides,
  linkRequestTemplates,
  type RequestBody,
  refuseMalformed,
  refuseRequest,
  renderRequest,
  withPayload,
} from "./request-template.ts";

/** AWS: API Gateway Developer Guide, "Set up Lambda custom integrations in API Gateway". */
export function linkLambda(plan: LambdaPlan, context: LinkContext): RunStep {
  const { stage, thread } = context;
  const { functionArn, timeoutMs } = plan;
  const mayInvoke = linkInvocationCheck(plan, context);
  const chooseBody = linkRequestTemplates(plan.request, context);
  const select = linkSelection(plan.responses, context, ofAws);
  const contentOf = linkRequestContent(plan.request.contentHandling, stage.binaryMediaTypes);
  const readHeader = linkHeaders(plan);
  const paths = linkBodyPaths(plan.headers.map(({ value }) => value));
  const call = (exchange: Exchange, event: Buffer | string, origin: TextOrigin): void => {
    if (event.length > bounds.payloadBytesMaxHere.value) {
      runExchangeJob(exchange, { runJob: thread.runJob, job: checkJsonJob, input: event }, (problem) => {
        if (problem === undefined) invoke(exchange, event);
        else refuse(exchange, event, { origin, problem });
      });
      return;
    }
    const parsed = event.length === 0 ? undefined : parseJsonText(event.toString());
    if (parsed?.kind === "malformed") refuse(exchange, event, { origin, problem: parsed.detail });
    else invoke(exchange, event);
  };
  const refuse = (
    exchange: Exchange,
    output: Buffer | string,
    { origin, problem }: { readonly origin: TextOrigin; readonly problem: string },
  ): void => {
    const hint = describeOutput(exchange, origin, { output, problem, lacks: "is not JSON" });
    refuseMalformed(exchange, `Could not parse payload into json: ${problem}`, hint);
  };
  const invoke = (exchange: Exchange, event: Buffer | string): void => {
    if (!fitsLambda(exchange, event)) return;
    // AWS quirk: a request without a body invokes with an empty object.
    const payload = event.length === 0 ? "{}" : event;
    const type = readHeader(exchange, "x-amz-invocation-type") ?? "RequestResponse";
    const clientContext = readHeader(exchange, "x-amz-client-context");
    exchange.forgetBody();
    if (type === "Event") {
      accept(exchange, context, { plan, event, payload, clientContext, select });
    } else if (type === "RequestResponse") {
      const mapper = new AnswerMapper(exchange, select);
      new Invocation(exchange, mapper, { functionArn, timeoutMs, thread, clientContext }).start(payload, event);
    } else {
      const detail = `X-Amz-Invocation-Type is ${type}, and neither Event nor RequestResponse`;
      exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", { detail, hint: detail });
    }
  };
  const transform = (exchange: Exchange, chosen: RequestBody, given: RequestContent): void => {
    if (!mayInvoke(exchange)) return;
    if (chosen.kind !== "template") send(exchange, chosen.kind === "text" ? chosen.text : passed(given), given);
    else renderRequest(exchange, chosen.template, (text) => send(exchange, text, given));
  };
  const send = (exchange: Exchange, made: Buffer | string, { content, origin }: RequestContent): void => {
    if (!checkOverrides(exchange, reservedHeadersOfServices)) return;
    const event = content?.conversion === "decode" ? decodeBase64(made) : made;
    if (event === undefined) refuseUndecodable(exchange);
    else call(exchange, event, origin);
  };
  return (exchange) => {
    const chosen = chooseBody(exchange);
    if (chosen.kind === "refuse") return refuseRequest(exchange, chosen);
    const content = contentOf?.(exchange);
    const conversion = content?.conversion ?? "none";
    withPayload(exchange, { thread, conversion }, (body) => {
      findInBody(exchange, { payload: exchange.requestPayload, paths, runJob: thread.runJob }, () => {
        transform(exchange, chosen, { body, content, origin: chosen.kind });
      });
    });
    return false;
  };
}

interface RequestContent {
  readonly body: Buffer | undefined;
  readonly content: Content | undefined;
  readonly origin: TextOrigin;
}

/** Returns a request's own body; text has no bytes but UTF-8's. */
const passed = ({ body, content }: RequestContent): Buffer | string =>
  body === undefined ? "" : isText(content) ? decodeText(body) : body;

/** Returns the function that reads a header of Invoke: the value that a template set, otherwise the mapped one. */
function linkHeaders(plan: LambdaPlan): (exchange: Exchange, lowerName: string) => string | undefined {
  const mapped = new Map(
    plan.headers.map(({ name, value }) => [name.toLowerCase(), { name, value, read: linkValue(value) }]),
  );
  return (exchange, lowerName) => {
    const overridden = exchange.overrides?.of("request", "header").get(lowerName);
    const own = mapped.get(lowerName);
    const value = overridden === undefined ? asText(own?.read(exchange)) : overridden.values.join(",");
    if (exchange.trace !== undefined && (own ?? overridden) !== undefined) {
      const from = overridden === undefined ? describeValue(own!.value) : "context.requestOverride";
      exchange.trace.addMapping(`integration.request.header.${(overridden ?? own)!.name}`, from, value);
    }
    return value;
  };
}

/** AWS: API Gateway Developer Guide, "Set up asynchronous invocation of the backend Lambda function". */
function accept(
  exchange: Exchange,
  { thread }: LinkContext,
  options: {
    readonly plan: LambdaPlan;
    /** As the integration made it; `payload` is what the function gets. */
    readonly event: Buffer | string;
    readonly payload: Buffer | string;
    readonly clientContext: string | undefined;
    readonly select: SelectResponse;
  },
): void {
  const { plan, event, payload, clientContext, select } = options;
  const integration = exchange.startIntegration();
  traceInvocation(exchange, {
    purpose: "integration",
    functionArn: plan.functionArn,
    type: "Event",
    clientContext,
    payload: event,
  });
  const accepted = thread.events.accept({
    functionArn: plan.functionArn,
    payload,
    traceId: exchange.wholeTraceHeader,
    ...(clientContext === undefined ? {} : { clientContext }),
  });
  exchange.wait(accepted, (outcome) => {
    integration.latencyMs = performance.now() - integration.startedAt;
    thread.metrics.integration(integration.latencyMs);
    integration.requestId = outcome.requestId;
    integration.serviceStatus = outcome.kind === "service-error" ? outcome.status : 202;
    traceOutcome(exchange, outcome);
    if (outcome.kind === "service-error") refuseAsService(exchange, thread, outcome);
    else answerMapped(exchange, select, { status: 202, message: undefined, payload: Buffer.alloc(0) });
  });
}

/** Maps a function's answer by the integration response of its error message, or by the default one. */
class AnswerMapper implements InvocationConsumer {
  readonly #exchange: Exchange;
  readonly #select: SelectResponse;

  constructor(exchange: Exchange, select: SelectResponse) {
    this.#exchange = exchange;
    this.#select = select;
  }

  ok(payload: Buffer): void {
    answerMapped(this.#exchange, this.#select, { status: 200, message: undefined, payload });
  }

  functionError({ payload, errorMessage }: Extract<InvokeOutcome, { readonly kind: "function-error" }>): void {
    answerMapped(this.#exchange, this.#select, { status: 200, message: errorMessage, payload });
  }
}

interface Answer {
  readonly status: number;
  /** The error message of a function that failed; undefined for a success, which no selection pattern matches. */
  readonly message: string | undefined;
  readonly payload: Buffer;
}

function answerMapped(exchange: Exchange, select: SelectResponse, { status, message, payload }: Answer): void {
  const integration = exchange.integration!;
  integration.status = status;
  exchange.integrationHeaders = [
    "Content-Type",
    "application/json",
    "x-amzn-RequestId",
    integration.requestId ?? "",
    ...(message === undefined ? [] : ["X-Amz-Function-Error", "Unhandled"]),
  ];
  exchange.integrationPayload = message === undefined ? new Payload(payload) : new FunctionErrorPayload(payload);
  const response = select(message);
  if (!checkResponse(exchange, response, String(status), message)) return;
  respondMapped(exchange, response, {
    template: chooseResponseTemplate(exchange, response, String(status)),
    body: payload,
    // Unconfirmed: a CONNECT whose function failed; see docs/compatibility.md, "WebSocket APIs, handshakes".
    status: message === undefined ? status : 500,
    headers: ["X-Amzn-Trace-Id", `Root=${exchange.traceId}`],
  });
}
