import { isUtf8 } from "node:buffer";
import { assert } from "../../base/assert.ts";
import { bounds } from "../../base/bounds.ts";
import { isObject } from "../../base/json-object.ts";
import type { InboundRequest } from "../../http/inbound.ts";
import type { JsonSchema } from "../../language/json-schema/json-schema.ts";
import type { RequestValidationPlan, RequiredParameterPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { mediaTypeOf } from "../integrations/media-types.ts";
import { collectBody } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import type { LinkedModels } from "../linked-models.ts";
import type { RunStep } from "../program.ts";
import { decodeLeniently } from "../routing/match.ts";
import { runExchangeJob } from "../run-exchange-job.ts";
import { linkSelectionKey } from "../selection.ts";
import { Payload } from "../templates/payload.ts";
import { type ValidationResult, validateJob } from "../templates/payload-jobs.ts";
import type { ThreadContext } from "../thread-context.ts";

/**
 * Links the validation of requests. Parameters come first, and only have to be present; then the body is validated with
 * the model of its media type.
 * AWS: API Gateway Developer Guide, "Request validation for REST APIs in API Gateway".
 */
export function linkRequestValidation(plan: RequestValidationPlan, { stage, thread, models }: LinkContext): RunStep {
  assertGuards(plan, stage.kind === "websocket");
  const linkModel = (name: string): BodyModel => ({ schema: models.link(name), name });
  const validate = linkValidation(models.texts, thread);
  const parameters = plan.parameters.map((parameter) => ({ name: parameter.name, isGiven: linkParameter(parameter) }));
  // AWS: AWS CloudFormation, "AWS::ApiGateway::Method", RequestModels: `$default` is the model of all other content types.
  const ofAnyType = plan.models["$default"] === undefined ? undefined : linkModel(plan.models["$default"]);
  const schemas = new Map(Object.entries(plan.models).map(([mediaType, name]) => [mediaType, linkModel(name)]));
  const selectKey = plan.selection === undefined ? undefined : linkSelectionKey(plan.selection);
  return (exchange) => {
    let missing: string | undefined;
    for (const { name, isGiven } of parameters) {
      if (!isGiven(exchange)) missing = missing === undefined ? name : `${missing}, ${name}`;
    }
    if (missing !== undefined) return refuseParameters(exchange, missing);
    if (parameters.length > 0) exchange.trace?.add({ kind: "validation", of: "parameters" });
    if (schemas.size === 0 && selectKey === undefined) return true;
    const mediaType = selectKey === undefined ? soleMediaType(exchange.request) : (selectKey(exchange) ?? "");
    // A backend may use another of the several types than the one that would choose the model.
    if (mediaType === undefined) return refuseBody(exchange, "", "[several Content-Type headers]");
    const model = schemas.get(mediaType) ?? ofAnyType;
    if (model === undefined) {
      // AWS: "Request validation for WebSocket APIs in API Gateway": a key without a model fails, if there is no `$default`.
      if (selectKey !== undefined) return refuseBody(exchange, mediaType, "[no model is selected]");
      // AWS: a body of a type that has no model is not validated; the integration's passthrough behavior may refuse it.
      return true;
    }
    collectBody(exchange, thread, (body) => {
      exchange.requestPayload ??= new Payload(body);
      const conclude = (problem: string | undefined): void => {
        const found = problem === undefined ? {} : { problem };
        exchange.trace?.add({ kind: "validation", of: "body", mediaType, ...found });
        if (problem === undefined) exchange.run();
        else refuseBody(exchange, mediaType, problem);
      };
      if (isUtf8(body)) validate(exchange, exchange.requestPayload, model, conclude);
      else conclude(`[${noJson}Invalid UTF-8]`);
    });
    return false;
  };
}

/** A step that lost what it demands would let everything pass. */
function assertGuards({ parameters, models, selection }: RequestValidationPlan, isOfMessages: boolean): void {
  const count = isObject(models) ? Object.keys(models).length : undefined;
  assert(count !== undefined, "a validation has models, or none");
  // By media type, as REST APIs choose it, a message would have no model. Where models are selected, none refuses everything.
  const isSelected = isOfMessages && selection !== undefined;
  assert(isSelected || parameters.length + count > 0, "a validation demands something");
  assert(isSelected || !isOfMessages || count === 0, "messages select their models");
}

/**
 * Returns whether a required parameter is present and not blank. Of several values the last one counts: integrations get
 * that one. Unconfirmed: docs/compatibility.md, "request validation, parameters".
 */
function linkParameter({ place, name }: RequiredParameterPlan): (exchange: Exchange) => boolean {
  assert(typeof name === "string", "a required parameter has a name");
  switch (place) {
    case "path":
      return (exchange) => !isBlank(decodeLeniently(exchange.pathParameter(name) ?? ""));
    case "querystring":
      return (exchange) => !isBlank(exchange.query.get(name)?.at(-1));
    case "header": {
      const lowerName = name.toLowerCase();
      return ({ request }) => {
        const { headerNames, rawHeaders } = request;
        const index = headerNames.lastIndexOf(lowerName);
        return index >= 0 && !isBlank(rawHeaders[2 * index + 1]) && !isForConnection(request, lowerName);
      };
    }
  }
}

/**
 * Returns whether `Connection` names a header. RFC 9110 §7.6.1: such a header ends at the gateway, so no integration
 * would get it.
 */
function isForConnection({ headerNames, rawHeaders }: InboundRequest, lowerName: string): boolean {
  for (let index = 0; index < headerNames.length; index++) {
    if (headerNames[index] !== "connection") continue;
    const options = rawHeaders[2 * index + 1]!.toLowerCase().split(",");
    if (options.some((option) => option.trim() === lowerName)) return true;
  }
  return false;
}

const isBlank = (value: string | undefined): boolean => value === undefined || value.trim() === "";

/** Returns the media type of a request's body, JSON if it names none, or undefined if it names several. */
function soleMediaType({ headerNames, rawHeaders }: InboundRequest): string | undefined {
  let mediaType: string | undefined;
  for (let index = 0; index < headerNames.length; index++) {
    if (headerNames[index] !== "content-type") continue;
    // A header without a type counts as absent: the choice of a template and backends treat the body as JSON.
    const other = mediaTypeOf(rawHeaders[2 * index + 1]!) || "application/json";
    if (mediaType !== undefined && mediaType !== other) return undefined;
    mediaType = other;
  }
  return mediaType ?? "application/json";
}

// Unconfirmed: no source quotes AWS's message for a body that is not JSON; see docs/compatibility.md, "request
// validation, body".
const noJson = "Could not parse request body into json: ";

/** A model, linked, and what another thread links it from. */
interface BodyModel {
  readonly schema: JsonSchema;
  readonly name: string;
}

/**
 * Calls back with the errors of a body, as `$context.error.validationErrorString` words them, or undefined for a valid body.
 * Large bodies, and those that take many steps, are validated outside of the gateway thread.
 */
function linkValidation(models: LinkedModels["texts"], { runJob }: ThreadContext): ValidateBody {
  const conclude = (result: ValidationResult): string | undefined => {
    if (result.kind === "malformed") return `[${noJson}${result.detail}]`;
    return result.problems.length === 0 ? undefined : `[${result.problems.join(", ")}]`;
  };
  return (exchange, payload, { schema, name }, done) => {
    if (!payload.isLarge) {
      const { json } = payload;
      const problems = json.kind === "value" ? schema.validateWithin(bounds.schemaStepsMaxHere.value, json.value) : [];
      if (json.kind === "malformed") done(conclude(json));
      else if (problems !== undefined) done(conclude({ kind: "validated", problems }));
      if (json.kind === "malformed" || problems !== undefined) return;
    }
    const input = { payload: payload.source, models, model: name };
    runExchangeJob(exchange, { runJob, job: validateJob, input }, (result) => done(conclude(result)));
  };
}

type ValidateBody = (
  exchange: Exchange,
  payload: Payload,
  model: BodyModel,
  done: (problem: string | undefined) => void,
) => void;

function refuseParameters(exchange: Exchange, missing: string): false {
  const message = `Missing required request parameters: [${missing}]`;
  exchange.trace?.add({ kind: "validation", of: "parameters", problem: message });
  return exchange.program.responses.finish(exchange, "BAD_REQUEST_PARAMETERS", { message, hint: message });
}

function refuseBody(exchange: Exchange, mediaType: string, validationErrorString: string): false {
  const detail = `Request body does not match model schema for content type ${mediaType}: ${validationErrorString}`;
  return exchange.program.responses.finish(exchange, "BAD_REQUEST_BODY", {
    validationErrorString,
    detail,
    hint: detail,
  });
}
