import { makeConditionContext } from "../../access/condition-keys.ts";
import { assumedRoleArn } from "../../access/principal.ts";
import { normaliseTarget, RequestSigner } from "../../access/request-signer.ts";
import { gatewaySessionName, Role } from "../../access/role-access.ts";
import { resourceOfCall } from "../../access/subtype-resource.ts";
import type { HttpApiServicePlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { callerMay } from "../integrations/caller-access.ts";
import { noteNoAccess } from "../integrations/http-api-failure.ts";
import { linkBackendCall } from "../integrations/link-backend-call.ts";
import { refuseTooLarge } from "../integrations/request-body.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { configurationError } from "../responses/failure.ts";
import { linkCredentials } from "./aws.ts";
import { withWholeBody } from "./http-api-proxy.ts";
import { linkHttpApiRelay } from "./http-api-relay.ts";
import { linkRequestMapping } from "./parameter-mapping.ts";
import { linkRegions } from "./service-regions.ts";
import { linkServiceRequest, type ServiceRequest, type ServiceValues } from "./service-request.ts";

/** AWS: API Gateway Developer Guide, "Create AWS service integrations for HTTP APIs in API Gateway". */
export function linkHttpApiService(plan: HttpApiServicePlan, context: LinkContext): RunStep {
  const { service, target, parameters, mappedRegion } = plan;
  const { thread, stage } = context;
  const origin = thread.services.originOf(service);
  if (origin === undefined) {
    const problem = thread.services.problemOf(service) ?? "";
    return (exchange) => {
      exchange.startIntegration().error = "Invalid endpoint address";
      const failure = { detail: "Invalid endpoint address", hint: problem };
      return exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", failure);
    };
  }
  const credentials = linkCredentials(plan, context);
  // The parameters read the request as mappings do.
  const mapping = linkRequestMapping(
    [...parameters, ...(mappedRegion === undefined ? [] : [mappedRegion.parameter])].map(({ name, value, source }) => ({
      action: "overwrite",
      place: "header",
      name,
      value,
      source,
    })),
    context,
  )!;
  const makeRequest = linkServiceRequest(plan);
  const mayCall = linkMappedAccess(plan);
  const contentType = target?.contentType ?? "application/x-www-form-urlencoded; charset=utf-8";
  const fixed = [
    ...["User-Agent", `AmazonAPIGateway_${stage.apiId}`],
    ...(plan.backend.httpMethod === "GET" ? [] : ["Content-Type", contentType]),
    ...(target === undefined ? [] : ["X-Amz-Target", target.target]),
  ];
  const regionalCall = linkRegions(plan, context, (regional, onRetire) => {
    // An endpoint of the settings is the same for all regions.
    const backend = { ...plan.backend, origin: thread.services.originOf(regional) ?? origin };
    const signer = new RequestSigner({ service: regional.signingName, region: regional.signingRegion });
    return linkBackendCall(
      backend,
      { ...context, onRetire },
      {
        writeHeaders: (exchange) => [...fixed, "X-Amzn-Trace-Id", exchange.traceHeader],
        service: plan.service.names[0],
        consumerOf: linkHttpApiRelay(plan, backend, context),
        // The step has made sure that there are credentials.
        sign: (request, exchange) => signer.sign(request, credentials.latest(exchange)!, thread.clock.now()),
      },
    );
  });
  const send = (exchange: Exchange, body: Buffer | undefined): void => {
    const regional = regionalCall(exchange);
    if (regional === undefined) {
      refuseUnresolved(exchange, { parameter: mappedRegion!.parameter });
      return;
    }
    const { region, call } = regional;
    const request = makeRequest(exchange, body);
    if (request.kind === "request") {
      if (mayCall(exchange, request.values, region)) call(exchange, normaliseTarget(request.path, false), request.body);
    } else if (request.kind === "too-large") refuseTooLarge(exchange, thread.payloadBytesMax);
    else refuseUnresolved(exchange, request);
  };
  const run: RunStep = (exchange) => {
    if (!mapping.readsBody) send(exchange, undefined);
    else withWholeBody(exchange, thread, (body) => mapping.find(exchange, () => send(exchange, body)));
    return false;
  };
  return (exchange) => credentials.prepare(exchange, run);
}

/** Links the question whether the call may be made on what the request's parameters name; answers the exchange if not. */
function linkMappedAccess({
  mappedAccess,
  asCaller,
}: HttpApiServicePlan): (exchange: Exchange, values: ServiceValues, region: string) => boolean {
  if (mappedAccess === undefined) return () => true;
  const { service, action, role: access } = mappedAccess;
  const role = access === undefined ? undefined : new Role(access);
  return (exchange, values, region) => {
    const parameterOf = (name: string): string | undefined => (values.has(name) ? String(values.get(name)) : undefined);
    // What has no name that policies could have is nothing that one names: only who may do it to anything, may.
    const resource = resourceOfCall(service, parameterOf, { ...mappedAccess.place, region }) ?? "";
    if (asCaller !== undefined) return callerMay(exchange, { action, resource, isPrefix: false, region });
    if (role === undefined) return true;
    const problem = role.problemWith({
      action,
      resource,
      isResourcePrefix: false,
      context: makeConditionContext({
        kind: "session",
        roleArn: role.arn,
        userId: `${role.id}:${gatewaySessionName}`,
        roleTags: role.tags,
        resource,
        isResourcePrefix: false,
        region,
      }),
    });
    if (problem === undefined) return true;
    noteNoAccess(exchange);
    const user = assumedRoleArn(role.arn, gatewaySessionName);
    const detail = `User: ${user} is not authorized to perform: ${action} on resource: ${resource} ${problem}`;
    exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", configurationError(detail));
    return false;
  };
}

/** AWS: the words as users quote the beginning of them. */
function refuseUnresolved(
  exchange: Exchange,
  { parameter: { name, source } }: Pick<Extract<ServiceRequest, { readonly kind: "unresolved" }>, "parameter">,
): void {
  const detail = `Unable to resolve property ${name} from source ${source}`;
  exchange.startIntegration().error = detail;
  exchange.program.responses.finish(exchange, "BAD_REQUEST_PARAMETERS", { detail, hint: detail });
}
