import { randomUUID } from "node:crypto";
import { accountOf, defaultRegion, readCredentialScope, type SigV4Decision } from "../access/sigv4-scope.ts";
import { ApiError } from "./errors.ts";
import { type ModelName, modelNames } from "./model.ts";
import type {
  Admission,
  CallContext,
  CallerDecision,
  ManagementOptions,
  ManagementRequest,
  ManagementResponse,
  Service,
} from "./operation.ts";
import { type Ownership, ownerBy, ownerOf } from "./ownership.ts";
import { answerForeign, type CallInHand, makeServiceRuntime, type ServiceRuntime } from "./service-runtime.ts";

/** The management API: every service that has a model. */
export interface Management {
  /** Returns which service a request is for. A `foreign` request may be passed on to another cloud. */
  owns(request: Pick<ManagementRequest, "method" | "target" | "headers" | "body">): Ownership;
  /** Answers any request. It never rejects. Where calls are verified, one without an admission is refused. */
  handle(request: ManagementRequest, admission?: Admission): Promise<ManagementResponse>;
}

/**
 * Puts the services behind their interface models. An operation without a handler, or of a model without a service,
 * answers 501.
 */
export function makeManagement(services: readonly Service[], options: ManagementOptions): Management {
  const given = new Map(services.map((service) => [service.model, service]));
  for (const name of given.keys()) {
    if (!modelNames.includes(name as ModelName)) throw new Error(`There is no interface model ${name}.`);
  }
  const runtimes = new Map<ModelName, Promise<ServiceRuntime>>();
  // A service's runtime is made at its first request, because parsing a model costs milliseconds and megabytes.
  const runtimeOf = (name: ModelName): Promise<ServiceRuntime> => {
    let runtime = runtimes.get(name);
    if (!runtime) {
      runtime = makeServiceRuntime(name, given.get(name) ?? { model: name, operations: {} }, options);
      runtimes.set(name, runtime);
    }
    return runtime;
  };
  return {
    owns: ownerOf,
    async handle(request, given) {
      const signature = readCredentialScope(request.headers, request.target);
      // The service in a malformed signature is ignored. The path still decides the form of the answer.
      const owner = ownerBy(signature.kind === "scope" ? signature : { kind: "unsigned" }, request);
      const admission = options.enforcement === undefined ? undefined : (given ?? notAdmitted);
      const call = await makeCall(request, signature, options, admission);
      try {
        if (owner.kind !== "owned") return withLength(answerForeign(request, owner, call));
        return withLength(await (await runtimeOf(owner.model)).answer(request, call));
      } catch (error) {
        // Services catch their own errors, so only a bug here or a missing model file leads to this.
        options.logger.error("A management request failed outside its operation.", {
          requestId: call.context.requestId,
          error: error instanceof Error ? error.stack : String(error),
        });
        return withLength({ status: 500, headers: call.headers, body: "" });
      }
    },
  };
}

/** Adds the length, which all of AWS's answers have. Only a 204 must not have one (RFC 9110 §8.6). */
function withLength(response: ManagementResponse): ManagementResponse {
  if (response.status === 204 || response.stream !== undefined) return response;
  return { ...response, headers: { ...response.headers, "Content-Length": String(Buffer.byteLength(response.body)) } };
}

async function makeCall(
  request: ManagementRequest,
  signature: SigV4Decision,
  options: ManagementOptions,
  admission: Admission | undefined,
): Promise<CallInHand> {
  const scope = signature.kind === "scope" ? signature.scope : undefined;
  const requestId = randomUUID();
  const decision = await decideCaller(signature, options, admission);
  const caller = decision.kind === "known" ? decision.caller : undefined;
  const context: CallContext = {
    account: caller?.account ?? accountOf(scope?.accessKeyId),
    region: scope?.region ?? defaultRegion,
    requestId,
    clock: options.clock,
    ids: options.ids,
    host: request.headers["host"] ?? "localhost",
    accessKeyId: scope?.accessKeyId,
    userAgent: request.headers["user-agent"],
    sourceAddress: addressOf(request.headers["x-portico-peer"]),
    ...(caller && { caller }),
  };
  return {
    context,
    headers: { "x-amzn-RequestId": requestId, Date: new Date(options.clock.now()).toUTCString() },
    refusal: refusalBy(signature, admission) ?? refusalOf(decision),
    admission,
  };
}

/** Returns the address in `address:port`, which the front door adds, and no caller can. */
export const addressOf = (peer: string | undefined): string | undefined =>
  peer === undefined ? undefined : (/^\[(.+)\]:\d+$/.exec(peer) ?? /^([^:]+):\d+$/.exec(peer))?.[1];

function refusalBy(signature: SigV4Decision, admission: Admission | undefined): ApiError | undefined {
  if (admission?.kind === "refused") return admission.error;
  return signature.kind === "malformed" ? new ApiError(signature.code, signature.message) : undefined;
}

/** Nobody has verified who calls. */
const notAdmitted: Admission = { kind: "unsigned" };

async function decideCaller(
  signature: SigV4Decision,
  { identify, clock }: ManagementOptions,
  admission: Admission | undefined,
): Promise<CallerDecision> {
  if (admission !== undefined) {
    return admission.kind === "caller" ? { kind: "known", caller: admission.caller } : unknownCaller;
  }
  if (signature.kind !== "scope" || identify === undefined) return unknownCaller;
  return identify(signature.scope, signature.token, clock.now());
}

const unknownCaller: CallerDecision = { kind: "unknown" };

function refusalOf({ kind }: CallerDecision): ApiError | undefined {
  if (kind === "expired") {
    return new ApiError("ExpiredTokenException", "The security token included in the request is expired", {
      status: 403,
    });
  }
  if (kind !== "invalid") return undefined;
  return new ApiError("UnrecognizedClientException", "The security token included in the request is invalid.");
}
