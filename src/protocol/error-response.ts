import { bounds } from "../base/bounds.ts";
import { escapeXml } from "../base/escape-xml.ts";
import { encodeCborTexts } from "./cbor.ts";
import type { Dialect } from "./dialect.ts";
import { element } from "./encode.ts";
import type { ApiError } from "./errors.ts";
import { type Model, type Shape, shapeOf } from "./model.ts";
import type { ManagementResponse } from "./operation.ts";

/** An error with its status, before it is written in its protocol's form. */
export interface WireError {
  readonly code: string;
  /** Its name in the query protocol. */
  readonly queryCode: string;
  readonly status: number;
  readonly isSenderFault: boolean;
  readonly message: string;
  readonly retryAfterSeconds: number | undefined;
  readonly hint: string | undefined;
  /** The shape of the error in the model, if it has one. */
  readonly shape: Shape | undefined;
  readonly members: Readonly<Record<string, unknown>>;
}

/**
 * Errors that every operation may answer without declaring them: they come before an operation is reached, or are about
 * it.
 * AWS: API Gateway API reference, "Common Error Types"; IAM and STS, "Common Errors".
 */
const frontEndStatuses: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  AccessDeniedException: 403,
  ExpiredTokenException: 403,
  IncompleteSignatureException: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidSignatureException: 403,
  MalformedInput: 400,
  MissingAction: 400,
  MissingAuthenticationTokenException: 403,
  NotImplementedException: 501,
  RequestEntityTooLargeException: 413,
  SerializationException: 400,
  ThrottlingException: 429,
  UnknownOperationException: 404,
  UnrecognizedClientException: 403,
  ValidationError: 400,
  ValidationException: 400,
};

/** What the query protocol calls errors that models don't name. AWS: "Common Errors" of its services. */
const queryNames: Readonly<Record<string, string>> = { ValidationException: "ValidationError" };

/**
 * Gives an error its status and shape: first the operation's own, then the front end's, then any of the model's.
 * `isDeclared` is false for an error that the operation can't answer on AWS.
 */
export function toWireError(
  error: ApiError,
  model: Model | undefined,
  operation: string | undefined,
): { readonly wire: WireError; readonly isDeclared: boolean } {
  const shapeName = findErrorShape(error.code, model, operation);
  const isDeclared =
    shapeName !== undefined || Object.hasOwn(frontEndStatuses, error.code) || error.status !== undefined;
  const shape = model && (shapeName ? shapeOf(model, shapeName) : exceptionCalled(error.code, model));
  const status = error.status ?? shape?.error?.httpStatusCode ?? frontEndStatuses[error.code] ?? 400;
  const wire: WireError = {
    code: error.code,
    queryCode: shape?.error?.code ?? queryNames[error.code] ?? error.code,
    status,
    isSenderFault: status < 500,
    message: error.message,
    retryAfterSeconds: error.retryAfterSeconds,
    hint: error.hint,
    shape,
    members: error.members,
  };
  return { wire, isDeclared };
}

/** Finds the declared error with that shape name or, in the query protocol, with that code. */
function findErrorShape(code: string, model: Model | undefined, operation: string | undefined): string | undefined {
  const declared = (operation !== undefined && model?.operations[operation]?.errors) || [];
  return declared.find((name) => name === code || model?.shapes[name]?.error?.code === code);
}

function exceptionCalled(code: string, model: Model): Shape | undefined {
  const shape = Object.hasOwn(model.shapes, code) ? model.shapes[code] : undefined;
  return shape?.exception ? shape : undefined;
}

/** Writes an error in restJson1's form: the type in a header, the members of the error's shape in the body. */
export function jsonErrorResponse(
  error: WireError,
  dialect: Pick<Dialect, "endsWithNewline">,
  headers: Readonly<Record<string, string>>,
): ManagementResponse {
  return {
    status: error.status,
    headers: {
      ...headers,
      "Content-Type": "application/json",
      "x-amzn-ErrorType": error.code,
      ...ownHeaders(error),
    },
    body: JSON.stringify(errorMembers(error)) + (dialect.endsWithNewline ? "\n" : ""),
  };
}

/**
 * Writes an error in the form of AWS JSON 1.0 and 1.1: the type is in the body. Smithy: "AWS JSON 1.1 protocol",
 * Operation error serialization.
 */
export function awsJsonErrorResponse(
  error: WireError,
  contentType: string,
  headers: Readonly<Record<string, string>>,
): ManagementResponse {
  return {
    status: error.status,
    headers: { ...headers, "Content-Type": contentType, ...ownHeaders(error) },
    body: JSON.stringify({ __type: error.code, ...errorMembers(error) }),
  };
}

/** Writes an error in the form of Smithy's RPC v2 CBOR. Smithy: "RPC v2 CBOR protocol", Operation error serialization. */
export function cborErrorResponse(error: WireError, headers: Readonly<Record<string, string>>): ManagementResponse {
  return {
    status: error.status,
    headers: { ...headers, ...cborHeaders, ...ownHeaders(error) },
    body: encodeCborTexts({ __type: error.code, ...errorMembers(error) }),
  };
}

export const cborHeaders = { "Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor" };

/**
 * Returns the header by which clients that know a service's errors from its query protocol find their names. Smithy:
 * "AWS query protocol", awsQueryCompatible trait.
 */
export const queryErrorHeader = (error: WireError): Readonly<Record<string, string>> => ({
  "x-amzn-query-error": `${error.queryCode};${error.isSenderFault ? "Sender" : "Receiver"}`,
});

function errorMembers(error: WireError): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  const names = Object.keys(error.shape?.members ?? {});
  for (const name of names) {
    if (Object.hasOwn(error.members, name)) body[name] = error.members[name];
  }
  // Lambda's errors say whose fault they are.
  if (names.includes("Type")) body["Type"] ??= error.isSenderFault ? "User" : "Service";
  // Shapes differ: `message` with API Gateway, `Message` with some of Lambda's.
  const messageMember = names.find((name) => name.toLowerCase() === "message");
  body[wireMessage(error.shape, messageMember)] = error.message;
  return body;
}

const wireMessage = (shape: Shape | undefined, member: string | undefined): string =>
  member === undefined ? "message" : (shape?.members?.[member]?.locationName ?? member);

/** Writes an error in the query protocol's form. Smithy: "AWS query protocol", "Error response serialization". */
export function xmlErrorResponse(
  error: WireError,
  options: {
    readonly xmlNamespace: string | undefined;
    readonly requestId: string;
    readonly headers: Readonly<Record<string, string>>;
  },
): ManagementResponse {
  const { xmlNamespace, requestId, headers } = options;
  const namespace = xmlNamespace === undefined ? "" : ` xmlns="${escapeXml(xmlNamespace)}"`;
  const content =
    element("Type", error.isSenderFault ? "Sender" : "Receiver") +
    element("Code", escapeXml(error.code)) +
    element("Message", escapeXml(error.message));
  return {
    status: error.status,
    headers: { ...headers, "Content-Type": "text/xml", ...ownHeaders(error) },
    body: `<ErrorResponse${namespace}>${element("Error", content)}${element("RequestId", requestId)}</ErrorResponse>\n`,
  };
}

/** Returns headers that some errors have. The hint is ours: one line of printable ASCII, whatever it quotes. */
function ownHeaders({ retryAfterSeconds, hint }: WireError): Readonly<Record<string, string>> {
  return {
    ...(retryAfterSeconds === undefined ? {} : { "Retry-After": String(Math.ceil(retryAfterSeconds)) }),
    ...(hint === undefined
      ? {}
      : { "x-portico-hint": hint.slice(0, bounds.hintBytesMax.value).replaceAll(/[^\x20-\x7e]+/g, " ") }),
  };
}
