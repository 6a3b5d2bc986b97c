import { randomUUID } from "node:crypto";
import { accountOf, defaultRegion, readCredentialScope, type SigV4Decision } from "../access/sigv4-scope.ts";
import { ApiError } from "./errors.ts";
import { type ModelName, modelNames } from "./model.ts";
import type {
  CallContext,
  CallerDecision,
  ManagementOptions,
  ManagementRequest,
  ManagementResponse,
  Service,
} from "./operation.ts";
import { type Ownership, ownerBy, ownerOf } from "./ownership.ts";
import { answerForeign, type CallInHand, makeServiceRuntime, type ServiceRuntime } from "./service-runtime.ts";

/** The management API: every service of which there is a model. */
export interface Management {
  /** Which service a request is for; what is `foreign` may be passed on to another cloud. */
  owns(request: Pick<ManagementRequest, "method" | "target" | "headers" | "body">): Ownership;
  /** Answers any request, whatever is in it. Never rejects. */
  handle(request: ManagementRequest): Promise<ManagementResponse>;
}

/**
 * Puts the services behind their interface models. A model's service that is not given answers 501 to every operation,
 * as does an operation without a handler.
 */
export function makeManagement(services: readonly Service[], options: ManagementOptions): Management {
  const given = new Map(services.map((service) => [service.model, service]));
  for (const name of given.keys()) {
    if (!modelNames.includes(name as ModelName)) throw new Error(`There is no interface model ${name}.`);
  }
  const runtimes = new Map<ModelName, Promise<ServiceRuntime>>();
  // Made at the first request for a service: parsing a model costs milliseconds and megabytes.
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
    async handle(request) {
      const signature = readCredentialScope(request.headers, request.target);
      // The service in a malformed signature counts for nothing; the path still says in what form to answer.
      const owner = ownerBy(signature.kind === "scope" ? signature : { kind: "unsigned" }, request);
      const call = makeCall(request, signature, options);
      try {
        if (owner.kind !== "owned") return withLength(answerForeign(request, owner, call));
        return withLength(await (await runtimeOf(owner.model)).answer(request, call));
      } catch (error) {
        // Only a bug here or a missing model file leads to this: services catch their own.
        options.logger.error("A management request failed outside its operation.", {
          requestId: call.context.requestId,
          error: error instanceof Error ? error.stack : String(error),
        });
        return withLength({ status: 500, headers: call.headers, body: "" });
      }
    },
  };
}

/** AWS's answers have a length; only 204 must not have one. RFC 9110 §8.6. */
function withLength(response: ManagementResponse): ManagementResponse {
  if (response.status === 204 || response.stream !== undefined) return response;
  return { ...response, headers: { ...response.headers, "Content-Length": String(Buffer.byteLength(response.body)) } };
}

function makeCall(request: ManagementRequest, signature: SigV4Decision, options: ManagementOptions): CallInHand {
  const scope = signature.kind === "scope" ? signature.scope : undefined;
  const requestId = randomUUID();
  const session = scope === undefined ? unknownCaller : identify(request, scope.accessKeyId, options);
  const context: CallContext = {
    account: session.kind === "session" ? session.account : accountOf(scope?.accessKeyId),
    region: scope?.region ?? defaultRegion,
    requestId,
    clock: options.clock,
    ids: options.ids,
    host: request.headers["host"] ?? "localhost",
    accessKeyId: scope?.accessKeyId,
    userAgent: request.headers["user-agent"],
    ...(session.kind === "session" ? { caller: session.caller } : {}),
  };
  return {
    context,
    headers: { "x-amzn-RequestId": requestId, Date: new Date(options.clock.now()).toUTCString() },
    refusal: signature.kind === "malformed" ? new ApiError(signature.code, signature.message) : refusalOf(session),
  };
}

const unknownCaller: CallerDecision = { kind: "unknown" };

/** The token is in a header, or, presigned, in the query. AWS: IAM User Guide, "AWS Signature Version 4 for API requests". */
function identify(
  { headers, target }: ManagementRequest,
  accessKeyId: string,
  { identify: decide, clock }: ManagementOptions,
): CallerDecision {
  const inQuery = /[?&]x-amz-security-token=/i.test(target)
    ? new URLSearchParams(target.split("?", 2)[1]).get("X-Amz-Security-Token")
    : null;
  const token = headers["x-amz-security-token"] ?? inQuery;
  if (decide === undefined || token === null) return unknownCaller;
  return decide(accessKeyId, token, clock.now());
}

function refusalOf({ kind }: CallerDecision): ApiError | undefined {
  if (kind === "expired") {
    return new ApiError("ExpiredTokenException", "The security token included in the request is expired", {
      status: 403,
    });
  }
  if (kind !== "invalid") return undefined;
  return new ApiError("UnrecognizedClientException", "The security token included in the request is invalid.");
}
