import { normaliseTarget, RequestSigner, signatureHeaders } from "../../access/request-signer.ts";
import type { AwsPlan, BackendPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { linkCustomHeaders, linkPath, type WriteHeaders, type WritePath } from "../integrations/backend-request.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { configurationError } from "../responses/failure.ts";
import { neverMapped } from "../responses/header-remapping.ts";
import { linkMapped } from "./http.ts";

/** AWS: API Gateway Developer Guide, "Integrations for REST APIs in API Gateway", AWS. Lambda has its own steps. */
export function linkAws(plan: AwsPlan, context: LinkContext): RunStep {
  const { service, roleArn } = plan;
  const { thread, stage, onRetire } = context;
  const origin = thread.services.originOf(service);
  if (origin === undefined) {
    const problem = thread.services.problemOf(service) ?? "";
    const hint = `Execution failed due to configuration error: ${problem}`;
    const failure = { detail: "Invalid endpoint address", hint };
    return (exchange) => exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", failure);
  }
  const backend = { ...plan.backend, origin };
  const isS3 = service.signingName === "s3";
  const role = thread.services.acquireRole(roleArn, service);
  onRetire(() => thread.services.releaseRole(role));
  const signer = new RequestSigner({ service: service.signingName, region: service.signingRegion });
  const run = linkMapped({ ...plan, backend }, context, {
    writePath: linkNormalisedPath(linkPath(backend, false), isS3),
    writeHeaders: linkUnsignedHeaders(backend, stage.apiId),
    // The step has waited for credentials.
    sign: (request) => signer.sign(request, role.latest!, thread.clock.now()),
  });
  return (exchange) => {
    if (role.current() !== undefined) return run(exchange);
    // The role has no session: this is the first request after the start, or after a time without requests.
    exchange.wait(role.wait(), (problem) => {
      if (problem === undefined) run(exchange);
      else refuse(exchange, problem);
    });
    return false;
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
