import { type Credentials, normaliseTarget, RequestSigner, signatureHeaders } from "../../access/request-signer.ts";
import { assert } from "../../base/assert.ts";
import type { AwsPlan, AwsServicePlan, BackendPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { linkCustomHeaders, linkPath, type WriteHeaders, type WritePath } from "../integrations/backend-request.ts";
import { callerMay, noCaller } from "../integrations/caller-access.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { configurationError } from "../responses/failure.ts";
import { neverMapped } from "../responses/header-remapping.ts";
import type { ThreadContext } from "../thread-context.ts";
import { linkMapped } from "./http.ts";

/** AWS: API Gateway Developer Guide, "Integrations for REST APIs in API Gateway", AWS. Lambda has its own steps. */
export function linkAws(plan: AwsPlan, context: LinkContext): RunStep {
  const { service } = plan;
  const { thread, stage } = context;
  const origin = thread.services.originOf(service);
  if (origin === undefined) {
    const problem = thread.services.problemOf(service) ?? "";
    const hint = `Execution failed due to configuration error: ${problem}`;
    const failure = { detail: "Invalid endpoint address", hint };
    return (exchange) => exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", failure);
  }
  const backend = { ...plan.backend, origin };
  const isS3 = service.signingName === "s3";
  const credentials = linkCredentials(plan, context);
  const signer = new RequestSigner({ service: service.signingName, region: service.signingRegion });
  const run = linkMapped({ ...plan, backend }, context, {
    writePath: linkNormalisedPath(linkPath(backend, false), isS3),
    writeHeaders: linkUnsignedHeaders(backend, stage.apiId),
    service: service.names[0],
    // The step has made sure that there are credentials.
    sign: (request, exchange) => signer.sign(request, credentials.latest(exchange)!, thread.clock.now()),
  });
  return (exchange) => credentials.prepare(exchange, run);
}

/** Whose credentials sign a step's requests. */
interface LinkedCredentials {
  /** Goes on with the exchange once there are credentials for it, or answers it. */
  prepare(exchange: Exchange, goOn: RunStep): boolean;
  latest(exchange: Exchange): Credentials | undefined;
}

export function linkCredentials(
  { service, roleArn, asCaller }: Pick<AwsPlan, "service" | "roleArn" | "asCaller">,
  { thread, onRetire }: LinkContext,
): LinkedCredentials {
  if (asCaller !== undefined) return linkCallersCredentials(asCaller, service, thread);
  assert(roleArn !== undefined, "the compiler says whose credentials they are");
  const role = thread.services.acquireRole(roleArn, service);
  onRetire(() => thread.services.releaseRole(role));
  return {
    latest: () => role.latest,
    prepare: (exchange, goOn) => {
      if (role.current() !== undefined) return goOn(exchange);
      // The role has no session: this is the first request after the start, or after a time without requests.
      exchange.wait(role.wait(), (problem) => {
        if (problem === undefined) goOn(exchange);
        else refuse(exchange, problem);
      });
      return false;
    },
  };
}

/**
 * The caller's policies decide about the call first. It is signed with a session of the caller that this server makes, since
 * a caller's secret key never leaves the server. AWS itself knows no such session.
 */
function linkCallersCredentials(
  { call }: NonNullable<AwsPlan["asCaller"]>,
  service: AwsServicePlan,
  { knownCallers, services, clock }: ThreadContext,
): LinkedCredentials {
  const latest = (exchange: Exchange): Credentials | undefined => {
    const signer = exchange.caller.iam?.signer;
    return signer && knownCallers.credentialsOf(signer, clock.now());
  };
  return {
    latest,
    prepare: (exchange, goOn) => {
      if (services.isAws(service)) return refuse(exchange, "AWS does not know the callers of this server");
      if (call !== undefined && !callerMay(exchange, call)) return false;
      return latest(exchange) === undefined ? refuse(exchange, noCaller) : goOn(exchange);
    },
  };
}

const refuse = (exchange: Exchange, detail: string): false =>
  exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", configurationError(detail));

const linkNormalisedPath =
  (writePath: WritePath, isS3: boolean): WritePath =>
  (exchange) => {
    const path = writePath(exchange);
    return typeof path === "string" ? normaliseTarget(path, isS3) : path;
  };

/** The host is signed, and has to be the endpoint's. */
const neverMappedToService: ReadonlySet<string> = new Set([...neverMapped, "host"]);

/** No mapping and no template may set the headers of the signature. */
function linkUnsignedHeaders(plan: BackendPlan, apiId: string): WriteHeaders {
  const headers = plan.headers.filter(({ name }) => !signatureHeaders.has(name.toLowerCase()));
  const write = linkCustomHeaders({ ...plan, headers }, apiId, neverMappedToService);
  return (exchange, body) => {
    const written = write(exchange, body);
    if (exchange.overrides === undefined) return written;
    return written.filter((_, index) => !signatureHeaders.has(written[index - (index % 2)]!.toLowerCase()));
  };
}
