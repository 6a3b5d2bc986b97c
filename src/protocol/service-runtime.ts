import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { bounds } from "../base/bounds.ts";
import { escapeXml } from "../base/escape-xml.ts";
import { StorageFailure } from "../base/storage-failure.ts";
import { makeQueryBinders } from "./bind-query.ts";
import { type BoundInput, makeRestBinders } from "./bind-rest.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import { problemsMessage } from "./constraints.ts";
import { type Dialect, dialects, jsonContentType } from "./dialect.ts";
import { element } from "./encode.ts";
import {
  awsJsonErrorResponse,
  cborErrorResponse,
  cborHeaders,
  jsonErrorResponse,
  queryErrorHeader,
  toWireError,
  type WireError,
  xmlErrorResponse,
} from "./error-response.ts";
import { ApiError, notImplemented } from "./errors.ts";
import { parseBodyJob, type ReadBody, UnreadableInput } from "./json-body.ts";
import { loadModel, type Model, type ModelMetadata, type ModelName } from "./model.ts";
import type {
  AccessQuestion,
  Admission,
  CallContext,
  ManagementOptions,
  ManagementRequest,
  ManagementResponse,
  Service,
} from "./operation.ts";
import { formBytesMax, formOf, type Ownership, pathOf } from "./ownership.ts";
import { makeQueryResponders } from "./respond-query.ts";
import { makeRestResponders, type Respond } from "./respond-rest.ts";
import { makeRouter } from "./router.ts";

/** A call, with what the front of the protocol layer found out about it. */
export interface CallInHand {
  readonly context: CallContext;
  /** The headers that every answer has. */
  readonly headers: Readonly<Record<string, string>>;
  /** The error for a malformed signature, which refuses the call. */
  readonly refusal: ApiError | undefined;
  /** Whose the call is, where calls are verified. */
  readonly admission: Admission | undefined;
}

/** One service behind its protocol. */
export interface ServiceRuntime {
  answer(request: ManagementRequest, call: CallInHand): Promise<ManagementResponse>;
}

/** The operation that a request calls. */
interface OperationCall {
  readonly operation: string;
  /** Reads the input. Throws `UnreadableInput`. */
  readonly bind: (readBody: ReadBody | undefined) => BoundInput;
  /** Whether it parses the body as JSON. */
  readonly parsesBody: boolean;
  /** The labels in its path, decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

/** The differences between the protocols. */
interface Protocol {
  /** Returns the operation. Throws an `ApiError` if there is none. */
  route(request: ManagementRequest): OperationCall;
  respond(operation: string, output: unknown, call: CallInHand): ManagementResponse;
  refuse(error: WireError, call: CallInHand): ManagementResponse;
}

/** Loads a service's model and operations. Binders and writers are made per operation when first used. */
export async function makeServiceRuntime(
  name: ModelName,
  service: Service,
  options: ManagementOptions,
): Promise<ServiceRuntime> {
  const model = loadModel(name);
  const operations = typeof service.operations === "function" ? await service.operations() : service.operations;
  const dialect = dialects[name];
  for (const operation of Object.keys(operations)) {
    if (!Object.hasOwn(model.operations, operation)) {
      throw new Error(`The service ${name} has a handler for ${operation}, which its model does not have.`);
    }
  }
  const protocolOf = findProtocol(model, dialect, service.ownChecks ?? []);

  const refuse = (
    thrown: unknown,
    operation: string | undefined,
    call: CallInHand,
    protocol: Protocol,
  ): ManagementResponse => {
    const error = thrown instanceof ApiError ? thrown : unexpected(thrown, operation, call, options);
    const { wire, isDeclared } = toWireError(error, model, operation);
    if (!isDeclared && operation !== undefined) {
      options.logger.warn("An operation answered an error that its model does not declare.", {
        operation,
        code: error.code,
        requestId: call.context.requestId,
      });
      options.onUndeclaredError?.(operation, error.code);
    }
    return protocol.refuse(wire, call);
  };

  return {
    async answer(received, plainCall) {
      const call = dialect.hasApiGatewayId ? withApiGatewayId(plainCall) : plainCall;
      const protocol = protocolOf(received);
      let operation: string | undefined;
      try {
        if (call.refusal) throw call.refusal;
        const request = dialect.takesGzip === true ? await decompressed(received) : received;
        const routed = protocol.route(request);
        operation = routed.operation;
        if (call.admission !== undefined) options.enforcement?.admit(name, operation, call.admission);
        const handler = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
        if (!handler) {
          throw notImplemented(`The operation ${operation} of ${model.metadata.serviceId} is not implemented yet.`);
        }
        requireBodyWithin(service.bodyBytesMax ?? options.bodyBytesMax, request, operation);
        const body = await readAhead(routed, request.body, options);
        const input = bindInput(routed, body, dialect);
        const { http } = model.operations[operation]!;
        const path = fillPath(http.requestUri, routed.labels);
        const context = await authorized(
          { service: name, operation, httpMethod: http.method, path, input },
          call,
          options,
        );
        const output = await handler(input, context);
        return protocol.respond(operation, output, call);
      } catch (error) {
        return refuse(error, operation, call, protocol);
      }
    },
  };
}

/** Returns the call's context for an operation that its caller may do. Throws AWS's AccessDenied for another. */
async function authorized(
  question: AccessQuestion,
  { admission, context }: CallInHand,
  { enforcement }: ManagementOptions,
): Promise<CallContext> {
  if (enforcement === undefined || admission === undefined) return context;
  const authority = await enforcement.authorize(question, admission, context);
  return authority === undefined ? context : { ...context, authority };
}

/** Returns an operation's path with its labels, each percent-encoded: a slash in a label is not one of the path's. */
const fillPath = (requestUri: string, labels: Readonly<Record<string, string>>): string =>
  requestUri.split("?", 1)[0]!.replaceAll(/\{([^}]+)\}/g, (_, name: string) => encodeURIComponent(labels[name] ?? ""));

/** Parses a large body outside of this thread; undefined: it is parsed when the operation's input is read. */
async function readAhead(
  { parsesBody }: OperationCall,
  body: Buffer,
  { runJob }: ManagementOptions,
): Promise<ReadBody | undefined> {
  if (!parsesBody || runJob === undefined || body.length <= bounds.inputBytesMaxHere.value) return undefined;
  // The room of all bodies together bounds how many wait.
  return await runJob(parseBodyJob, body, { isUrgent: true });
}

function bindInput({ bind }: OperationCall, readBody: ReadBody | undefined, dialect: Dialect): Record<string, unknown> {
  let bound: BoundInput;
  try {
    bound = bind(readBody);
  } catch (error) {
    if (!(error instanceof UnreadableInput)) throw error;
    throw unreadable(error.message, dialect);
  }
  // The status is given, because any operation may answer this, and some of API Gateway's don't declare
  // BadRequestException.
  if (bound.problems.length > 0) {
    throw new ApiError(dialect.invalidInput, problemsMessage(bound.problems), { status: 400 });
  }
  return bound.input;
}

const unreadable = (message: string, { unreadableInput }: Dialect): ApiError =>
  new ApiError(unreadableInput.code, unreadableInput.message ?? message, { status: 400 });

/** Throws for a too large request. AWS: Lambda's answer has the operation's name in it. */
function requireBodyWithin(bytesMax: number, request: ManagementRequest, operation: string): void {
  if (request.body.length <= bytesMax) return;
  throw new ApiError(
    "RequestEntityTooLargeException",
    `Request must be smaller than ${bytesMax} bytes for the ${operation} operation`,
  );
}

function unexpected(
  thrown: unknown,
  operation: string | undefined,
  { context }: CallInHand,
  { logger }: ManagementOptions,
): ApiError {
  logger.error("A management operation failed.", {
    operation,
    requestId: context.requestId,
    error: thrown instanceof Error ? thrown.stack : String(thrown),
  });
  return new ApiError(
    "InternalFailure",
    "The request processing has failed because of an unknown error, exception or failure.",
    // Callers see nothing else of Portico's own faults.
    { hint: thrown instanceof StorageFailure ? thrown.message : undefined },
  );
}

/** Adds `x-amz-apigw-id`: 15 characters of base64url and `=`. */
function withApiGatewayId(call: CallInHand): CallInHand {
  return { ...call, headers: { ...call.headers, "x-amz-apigw-id": `${randomBytes(11).toString("base64url")}=` } };
}

function makeRestProtocol(model: Model, dialect: Dialect, ownChecks: readonly string[]): Protocol {
  const route = makeRouter(model);
  const binderOf = lazily(makeRestBinders(model, dialect, ownChecks));
  const responderOf = lazily(makeRestResponders(model, dialect));
  return {
    route(request) {
      const path = pathOf(request.target);
      const query = new URLSearchParams(request.target.split("?", 2)[1] ?? "");
      const routed = decoding(() => route(request.method, path, query), dialect);
      if (!routed) throw unknownOperation(model, request.method, path);
      const { operation, labels } = routed;
      const { headers, body } = request;
      const { parsesBody, bind } = binderOf(operation);
      const given = { labels, query, headers, body };
      return {
        operation,
        parsesBody,
        labels: given.labels,
        bind: (read) => bind(read === undefined ? given : { ...given, readBody: read }),
      };
    },
    respond: (operation, output, call) => withHeaders(responderOf(operation)(output), call),
    refuse: (error, call) => jsonErrorResponse(error, dialect, call.headers),
  };
}

/** Turns malformed percent-encoding in a path into the caller's mistake. */
function decoding<T>(work: () => T, dialect: Dialect): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw unreadable("The request path is not valid percent-encoding", dialect);
  }
}

function unknownOperation({ metadata }: Model, method: string, path: string): ApiError {
  const called = `${method.slice(0, 32)} ${path.slice(0, 256)}`;
  return new ApiError("UnknownOperationException", `No operation of ${metadata.serviceId} answers to ${called}`);
}

function makeQueryProtocol(model: Model, _dialect: Dialect, ownChecks: readonly string[]): Protocol {
  const { xmlNamespace } = model.metadata;
  const binderOf = lazily(makeQueryBinders(model, ownChecks));
  const responderOf = makeQueryResponders(model);
  return {
    route(request) {
      requireBodyWithin(formBytesMax, request, "requested");
      const form = formOf(request);
      const action = form.get("Action");
      if (!action) throw new ApiError("MissingAction", "The request is missing an action or a required parameter.");
      if (!Object.hasOwn(model.operations, action)) {
        const version = form.get("Version") ?? model.metadata.apiVersion;
        throw new ApiError(
          "InvalidAction",
          `Could not find operation ${action.slice(0, 128)} for version ${version.slice(0, 32)}`,
        );
      }
      return { operation: action, parsesBody: false, labels: {}, bind: () => binderOf(action)(form) };
    },
    respond: (operation, output, call) => withHeaders(responderOf(operation, call.context.requestId)(output), call),
    refuse: (error, { context, headers }) => {
      const code = Object.hasOwn(queryCodes, error.code) ? queryCodes[error.code]! : error.queryCode;
      const message = code === "MissingAuthenticationToken" ? "Request is missing Authentication Token" : error.message;
      return xmlErrorResponse({ ...error, code, message }, { xmlNamespace, requestId: context.requestId, headers });
    },
  };
}

/** The names that services of this protocol have for the front end's errors. AWS: as users quote GetCallerIdentity. */
const queryCodes: Readonly<Record<string, string>> = {
  AccessDeniedException: "AccessDenied",
  ExpiredTokenException: "ExpiredToken",
  IncompleteSignatureException: "IncompleteSignature",
  InvalidSignatureException: "SignatureDoesNotMatch",
  MissingAuthenticationTokenException: "MissingAuthenticationToken",
  UnrecognizedClientException: "InvalidClientTokenId",
};

/**
 * Makes the protocol AWS JSON 1.0 and 1.1: every operation is a `POST /` that a header names, with its whole input in
 * the body.
 *
 * Smithy: "AWS JSON 1.1 protocol", Protocol behaviors.
 */
function makeJsonProtocol(model: Model, dialect: Dialect, ownChecks: readonly string[]): Protocol {
  const { metadata } = model;
  const binderOf = lazily(makeRestBinders(model, dialect, ownChecks));
  const responderOf = lazily(makeRestResponders(model, dialect));
  return {
    route({ method, target, headers, body }) {
      const named = headers["x-amz-target"] ?? "";
      const operation = named.slice(named.lastIndexOf(".") + 1);
      if (method !== "POST" || operation === "") throw unknownOperation(model, method, pathOf(target));
      // The model has only the operations that a gateway's users need, so an unknown one may well exist on AWS.
      if (!Object.hasOwn(model.operations, operation)) {
        throw notImplemented(`${metadata.serviceId} has no operation ${operation.slice(0, 128)} in Portico.`);
      }
      const { parsesBody, bind } = binderOf(operation);
      const given = { labels: {}, query: noQuery, headers, body };
      return {
        operation,
        parsesBody,
        labels: given.labels,
        bind: (read) => bind(read === undefined ? given : { ...given, readBody: read }),
      };
    },
    respond: (operation, output, call) => withHeaders(responderOf(operation)(output), call),
    // AWS: "Common Errors" of services of this protocol: who calls is their 400.
    refuse: (error, call) =>
      awsJsonErrorResponse(
        error.status === 403 ? { ...error, status: 400 } : error,
        jsonContentType(metadata),
        isQueryCompatible(metadata) ? { ...call.headers, ...queryErrorHeader(error) } : call.headers,
      ),
  };
}

/** Returns whether a service that speaks the query protocol, too, names its errors as there. */
const isQueryCompatible = ({ protocol, protocols }: ModelMetadata): boolean =>
  protocol !== "query" && protocols?.includes("query") === true;

/**
 * Makes Smithy's RPC v2 CBOR: every operation is a `POST` to a path with its name.
 *
 * Smithy: "RPC v2 CBOR protocol", Protocol behaviors.
 */
function makeCborProtocol(model: Model, dialect: Dialect, ownChecks: readonly string[]): Protocol {
  const binderOf = lazily(makeRestBinders(model, dialect, ownChecks));
  return {
    route({ method, target, headers, body }) {
      const operation = /^\/service\/[^/]+\/operation\/([^/]+)$/.exec(pathOf(target))?.[1];
      if (method !== "POST" || operation === undefined) throw unknownOperation(model, method, pathOf(target));
      if (!Object.hasOwn(model.operations, operation)) {
        throw notImplemented(`${model.metadata.serviceId} has no operation ${operation.slice(0, 128)} in Portico.`);
      }
      const { bind } = binderOf(operation);
      return {
        operation,
        parsesBody: false,
        labels: {},
        bind: () => {
          const value = body.length === 0 ? {} : decodeCbor(body);
          return bind({ labels: {}, query: noQuery, headers, body, readBody: { kind: "value", value } });
        },
      };
    },
    respond(operation, value, { headers }) {
      const output = model.operations[operation]?.output;
      if (output === undefined) {
        return { status: 200, headers: { ...headers, "smithy-protocol": cborHeaders["smithy-protocol"] }, body: "" };
      }
      return {
        status: 200,
        headers: { ...headers, ...cborHeaders },
        body: encodeCbor(model, output.shape, value ?? {}),
      };
    },
    refuse: (error, { headers }) =>
      cborErrorResponse(
        error,
        isQueryCompatible(model.metadata) ? { ...headers, ...queryErrorHeader(error) } : headers,
      ),
  };
}

const noQuery = new URLSearchParams();

type MakeProtocol = (model: Model, dialect: Dialect, ownChecks: readonly string[]) => Protocol;
const protocols: Readonly<Record<ModelMetadata["protocol"], MakeProtocol>> = {
  "rest-json": makeRestProtocol,
  query: makeQueryProtocol,
  json: makeJsonProtocol,
  "smithy-rpc-v2-cbor": makeCborProtocol,
};

/** Returns what finds a request's protocol: the service's only one, or one of several by the request's headers. */
function findProtocol(
  model: Model,
  dialect: Dialect,
  ownChecks: readonly string[],
): (request: ManagementRequest) => Protocol {
  const { protocol } = model.metadata;
  const made = lazily((name) => protocols[name as ModelMetadata["protocol"]](model, dialect, ownChecks));
  if (protocol !== "smithy-rpc-v2-cbor") return () => made(protocol);
  return ({ headers, target }) => {
    if (headers["smithy-protocol"] !== undefined || target.startsWith("/service/")) return made("smithy-rpc-v2-cbor");
    return made(headers["x-amz-target"] === undefined ? "query" : "json");
  };
}

const unzip = promisify(gunzip);

/** Returns a request whose body is not compressed. Smithy: "Behavior traits", requestCompression trait: gzip. */
async function decompressed(request: ManagementRequest): Promise<ManagementRequest> {
  const coding = request.headers["content-encoding"];
  if (coding === undefined || coding === "identity") return request;
  if (coding !== "gzip") {
    throw new ApiError("SerializationException", "The request's Content-Encoding is not gzip.", { status: 400 });
  }
  try {
    return { ...request, body: await unzip(request.body, { maxOutputLength: formBytesMax }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new ApiError("RequestEntityTooLargeException", `Request must be smaller than ${formBytesMax} bytes`);
    }
    throw new ApiError("SerializationException", "The request's body is not valid gzip.", { status: 400 });
  }
}

const withHeaders = (response: ReturnType<Respond>, { headers }: CallInHand): ManagementResponse => ({
  ...response,
  headers: { ...headers, ...response.headers },
});

/**
 * Makes a value for each name once, when it is first needed. The names are a model's operations, so the cache is
 * bounded.
 */
function lazily<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    let thing = made.get(name);
    if (thing === undefined) {
      thing = make(name);
      made.set(name, thing);
    }
    return thing;
  };
}

/** Answers a request for no service of ours, in the form that its protocol seems to have. */
export function answerForeign(
  request: ManagementRequest,
  owner: Exclude<Ownership, { kind: "owned" }>,
  call: CallInHand,
): ManagementResponse {
  const error =
    call.refusal ??
    (owner.kind === "foreign"
      ? notImplemented(`Portico has no service ${owner.service}; --upstream URL passes such calls on.`)
      : new ApiError("UnknownOperationException", `No service answers to ${pathOf(request.target).slice(0, 256)}`, {
          hint: "APIs answer at /_aws/execute-api/{apiId}/{stage}/...: `portico routes` lists their URLs",
        }));
  const { wire } = toWireError(error, undefined, undefined);
  const { headers } = call;
  if (request.headers["x-amz-target"] !== undefined) {
    const isVersion11 = request.headers["content-type"]?.startsWith("application/x-amz-json-1.1");
    return awsJsonErrorResponse(wire, `application/x-amz-json-${isVersion11 ? "1.1" : "1.0"}`, headers);
  }
  if (owner.kind === "foreign" && owner.service === "s3") {
    // Tools with one endpoint for everything call S3 first. AWS: S3 API reference, "Error responses".
    const content = element("Code", wire.code) + element("Message", escapeXml(wire.message));
    return {
      status: wire.status,
      headers: { ...headers, "Content-Type": "application/xml" },
      body: element("Error", content),
    };
  }
  if (formOf(request).has("Action")) {
    return xmlErrorResponse(wire, { xmlNamespace: undefined, requestId: call.context.requestId, headers });
  }
  return jsonErrorResponse(wire, { endsWithNewline: true }, headers);
}
