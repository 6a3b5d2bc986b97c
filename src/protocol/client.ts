import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { type Credentials, RequestSigner } from "../access/request-signer.ts";
import { bounds } from "../base/bounds.ts";
import { readBytes } from "../base/read-bytes.ts";
import { decodeText, makeJsonDecoders, setOwn } from "./decode.ts";
import { jsonContentType, speaksAwsJson } from "./dialect.ts";
import { encodeText, makeJsonEncoders } from "./encode.ts";
import { loadModel, type Model, type ModelName, type OperationModel, type Shape, shapeOf, wireName } from "./model.ts";

export interface ClientOptions {
  /** The server's URL, such as `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  /** A service that speaks restJson1, or AWS JSON 1.0 or 1.1. */
  readonly model: Exclude<ModelName, "sts" | "iam">;
  /** The region. With `accessKeyId` it says whose account the calls are in; without that they are unsigned. */
  readonly region?: string;
  readonly accessKeyId?: string;
  /** Signs the calls, for a server that verifies signatures. */
  readonly credentials?: Credentials;
  /** A call that takes longer is given up, in milliseconds. */
  readonly timeoutMs?: number;
}

/** Calls operations by their names, with input and output by the model's member names. */
export interface Client {
  call(operation: string, input?: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
}

/** Thrown for an error that the service answered. */
export class ServiceError extends Error {
  /** `NotFoundException`… */
  readonly code: string;
  readonly status: number;
  /** The server's `x-portico-hint`. */
  readonly hint: string | undefined;
  constructor(code: string, status: number, message: string, hint?: string) {
    super(message);
    this.name = "ServiceError";
    this.code = code;
    this.status = status;
    this.hint = hint;
  }
}

const answerBytesMax = bounds.clientAnswerBytesMax.value;

/** A client of the management API, driven by the same models as the server. */
export function makeClient(options: ClientOptions): Client {
  const model = loadModel(options.model);
  const encoderOf = makeJsonEncoders(model);
  const decoderOf = makeJsonDecoders(model);
  return {
    async call(operation, input = {}) {
      const called = model.operations[operation];
      if (!called) throw new Error(`${options.model} has no operation ${operation}.`);
      const written = speaksAwsJson(model.metadata)
        ? writeJsonRequest(model, operation, input, encoderOf)
        : writeRequest(model, called, input, encoderOf);
      const answer = await send(options, model, called.http.method, written);
      if (answer.status >= 400) throw toServiceError(answer);
      return readOutput(model, called, answer, decoderOf);
    },
  };
}

interface WrittenRequest {
  readonly target: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

type Encoders = ReturnType<typeof makeJsonEncoders>;
type Decoders = ReturnType<typeof makeJsonDecoders>;

/** Smithy: "AWS JSON 1.1 protocol", Protocol behaviors. */
function writeJsonRequest(
  model: Model,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  encoderOf: Encoders,
): WrittenRequest {
  const inputName = model.operations[operation]?.input?.shape;
  if (inputName !== undefined) requireKnown(input, shapeOf(model, inputName));
  const { targetPrefix } = model.metadata;
  const headers = { "content-type": jsonContentType(model.metadata), "x-amz-target": `${targetPrefix}.${operation}` };
  return { target: "/", headers, body: Buffer.from(inputName === undefined ? "{}" : encoderOf(inputName)(input)) };
}

function writeRequest(
  model: Model,
  operation: OperationModel,
  input: Readonly<Record<string, unknown>>,
  encoderOf: Encoders,
): WrittenRequest {
  const [template = "", fixedQuery = ""] = operation.http.requestUri.split("?", 2) as [string, string?];
  const query = new URLSearchParams(fixedQuery);
  const headers: Record<string, string> = { accept: "application/json" };
  const inputName = operation.input?.shape;
  const shape: Shape = inputName === undefined ? { type: "structure" } : shapeOf(model, inputName);
  const members = Object.entries(shape.members ?? {});
  requireKnown(input, shape);

  let path = template;
  let isBodyWanted = false;
  for (const [name, member] of members) {
    const value = input[name];
    const wire = wireName(name, member);
    isBodyWanted ||= member.location === undefined;
    if (value === undefined || value === null) continue;
    const memberShape = shapeOf(model, member.shape);
    if (member.location === "uri") {
      path = path.replace(`{${wire}}`, () => encodeURIComponent(encodeText(memberShape, value)));
    } else if (member.location === "querystring") {
      addQuery({ query, model, shape: memberShape, wire, value });
    } else if (member.location === "header") {
      headers[wire.toLowerCase()] = encodeText(memberShape, value);
    }
  }
  const missing = /\{([^}]+)\}/.exec(path)?.[1];
  if (missing !== undefined) throw new Error(`The input lacks ${missing}, which is part of the path.`);
  const body = isBodyWanted ? writeBody(model, shape, inputName ?? "", input, encoderOf) : Buffer.alloc(0);
  if (isBodyWanted) headers["content-type"] ??= "application/json";
  return { target: query.size > 0 ? `${path}?${query}` : path, headers, body };
}

function requireKnown(input: Readonly<Record<string, unknown>>, shape: Shape): void {
  const unknown = Object.keys(input).find((name) => !Object.hasOwn(shape.members ?? {}, name));
  if (unknown !== undefined) throw new Error(`The input has no member ${unknown}.`);
}

function writeBody(
  model: Model,
  shape: Shape,
  inputName: string,
  input: Readonly<Record<string, unknown>>,
  encoderOf: Encoders,
): Buffer {
  if (shape.payload === undefined) return Buffer.from(encoderOf(inputName)(input));
  const value = input[shape.payload];
  const payloadName = shape.members?.[shape.payload]?.shape ?? "";
  if (value === undefined) return Buffer.alloc(0);
  if (shapeOf(model, payloadName).type === "blob") return Buffer.from(value as Uint8Array);
  return Buffer.from(encoderOf(payloadName)(value));
}

interface QueryMember {
  readonly query: URLSearchParams;
  readonly model: Model;
  readonly shape: Shape;
  readonly wire: string;
  readonly value: unknown;
}

function addQuery({ query, model, shape, wire, value }: QueryMember): void {
  if (shape.type === "list") {
    const entryShape = shapeOf(model, shape.member?.shape ?? "");
    for (const entry of value as readonly unknown[]) query.append(wire, encodeText(entryShape, entry));
  } else if (shape.type === "map") {
    for (const [key, entry] of Object.entries(value as Record<string, string>)) query.append(key, entry);
  } else {
    query.append(wire, encodeText(shape, value));
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

function send(options: ClientOptions, model: Model, method: string, written: WrittenRequest): Promise<Answer> {
  const url = new URL(options.endpoint);
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const headers: Record<string, string | number> = { ...written.headers, "content-length": written.body.length };
  if (options.credentials !== undefined) sign(headers, { options, model, method, written });
  else if (options.accessKeyId !== undefined) headers["authorization"] = credential(options, model);
  return new Promise((resolve, reject) => {
    // The target is sent as written, because percent-encoding in a label must stay.
    const path = url.pathname.replace(/\/$/, "") + written.target;
    const sent = request(url, { method, path, headers }, (response) => {
      readAnswer(response).then(resolve, reject);
    });
    sent.setTimeout(options.timeoutMs ?? 120_000, () => {
      sent.destroy(new Error(`${options.endpoint} did not answer ${method} ${written.target} in time.`));
    });
    sent.on("error", reject);
    sent.end(written.body);
  });
}

/** Adds the headers of a signature. */
function sign(
  headers: Record<string, string | number>,
  call: {
    readonly options: ClientOptions;
    readonly model: Model;
    readonly method: string;
    readonly written: WrittenRequest;
  },
): void {
  const { options, model, method, written } = call;
  const { metadata } = model;
  const url = new URL(options.endpoint);
  const list = Object.entries(written.headers).flat();
  const before = list.length;
  const request = {
    method,
    target: url.pathname.replace(/\/$/, "") + written.target,
    host: url.host,
    headers: list,
    body: written.body,
  };
  const service = metadata.signingName ?? metadata.endpointPrefix;
  const signer = new RequestSigner({ service, region: options.region ?? "us-east-1" });
  signer.sign(request, options.credentials!, Date.now());
  for (let index = before; index < list.length; index += 2) headers[list[index]!.toLowerCase()] = list[index + 1]!;
}

/**
 * Makes an `Authorization` whose scope gives account and region. Its signature is not real: a server that verifies
 * signatures refuses this client.
 */
function credential({ accessKeyId, region = "us-east-1" }: ClientOptions, { metadata }: Model): string {
  const service = metadata.signingName ?? metadata.endpointPrefix;
  const scope = `${accessKeyId}/20260101/${region}/${service}/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=unsigned`;
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const body = await readBytes(response as AsyncIterable<Buffer>, answerBytesMax);
  if (body === undefined) throw new Error(`The answer is larger than ${answerBytesMax} bytes.`);
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name] = [value].flat().join(", ");
  return { status: response.statusCode ?? 0, headers, body };
}

function toServiceError({ status, headers, body }: Answer): ServiceError {
  let type: unknown = headers["x-amzn-errortype"]?.split(":", 1)[0];
  let message: unknown;
  try {
    const parsed = JSON.parse(body.toString("utf8")) as Readonly<Record<string, unknown>> | null;
    type ??= parsed?.["__type"];
    message = parsed?.["message"] ?? parsed?.["Message"];
  } catch {
    // The answer is not JSON, so it does not come from a service in AWS's form. Its text has to serve as the message.
    message = body.toString("utf8", 0, 1024).trim();
  }
  const code = typeof type === "string" ? type : "UnknownError";
  const text = typeof message === "string" && message !== "" ? message : `HTTP ${status}`;
  return new ServiceError(code, status, text, headers["x-portico-hint"]);
}

function readOutput(
  model: Model,
  operation: OperationModel,
  { status, headers, body }: Answer,
  decoderOf: Decoders,
): Record<string, unknown> {
  const outputName = operation.output?.shape;
  if (outputName === undefined) return {};
  const shape = shapeOf(model, outputName);
  const output = readOutputBody(model, shape, outputName, body, decoderOf);
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const text = headers[wireName(name, member).toLowerCase()];
    if (member.location === "statusCode") output[name] = status;
    else if (member.location === "header" && text !== undefined) {
      setOwn(output, name, decodeText(shapeOf(model, member.shape), text));
    }
  }
  return output;
}

function readOutputBody(
  model: Model,
  shape: Shape,
  outputName: string,
  body: Buffer,
  decoderOf: Decoders,
): Record<string, unknown> {
  const payloadName = shape.payload === undefined ? undefined : shape.members?.[shape.payload]?.shape;
  if (shape.payload !== undefined && payloadName !== undefined) {
    if (shapeOf(model, payloadName).type === "blob") return { [shape.payload]: body };
    if (body.length === 0) return {};
    return { [shape.payload]: decoderOf(payloadName)(JSON.parse(body.toString("utf8"))) };
  }
  return body.length === 0 ? {} : (decoderOf(outputName)(JSON.parse(body.toString("utf8"))) as Record<string, unknown>);
}
