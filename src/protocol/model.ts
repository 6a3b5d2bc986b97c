import { readFileSync } from "node:fs";

/**
 * An AWS service's interface as data: operations, bindings, shapes and constraints. `scripts/generate-model.py` writes
 * it from botocore's models.
 */
export interface Model {
  readonly metadata: ModelMetadata;
  readonly operations: Readonly<Record<string, OperationModel>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

export interface ModelMetadata {
  readonly apiVersion: string;
  readonly protocol: "rest-json" | "query" | "json" | "smithy-rpc-v2-cbor";
  readonly serviceId: string;
  readonly endpointPrefix: string;
  readonly signingName?: string;
  readonly xmlNamespace?: string;
  /** All protocols of the service, if it has several. */
  readonly protocols?: readonly string[];
  /** For the protocol `json`: its version, and the prefix of operations in `X-Amz-Target`. */
  readonly jsonVersion?: "1.0" | "1.1";
  readonly targetPrefix?: string;
}

export interface OperationModel {
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
  readonly input?: { readonly shape: string };
  readonly output?: { readonly shape: string; readonly resultWrapper?: string };
  /** The names of the error shapes that the operation may answer. */
  readonly errors: readonly string[];
  /** For an operation with pages: the members of its input and output that pages use. */
  readonly paginator?: {
    readonly limit_key: string;
    readonly input_token: string;
    readonly output_token: string;
    readonly more_results?: string;
  };
}

/** A reference to a shape, with its location on the wire. The default location is the body. */
export interface MemberModel {
  readonly shape: string;
  readonly location?: "uri" | "querystring" | "header" | "headers" | "statusCode";
  readonly locationName?: string;
  /** Whether the member is the payload of an event's message. */
  readonly eventpayload?: boolean;
}

export interface Shape {
  readonly type: ShapeType;
  readonly enum?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly sensitive?: boolean;
  readonly timestampFormat?: "iso8601" | "unixTimestamp" | "rfc822";
  // The members of a structure.
  readonly members?: Readonly<Record<string, MemberModel>>;
  readonly required?: readonly string[];
  /** The member that is the whole body. */
  readonly payload?: string;
  readonly exception?: boolean;
  readonly error?: { readonly code?: string; readonly httpStatusCode?: number; readonly senderFault?: boolean };
  readonly eventstream?: boolean;
  // The member of a list or map.
  readonly member?: MemberModel;
  readonly key?: MemberModel;
  readonly value?: MemberModel;
}

export type ShapeType =
  | "string"
  | "boolean"
  | "integer"
  | "long"
  | "double"
  | "blob"
  | "timestamp"
  | "list"
  | "map"
  | "structure";

/** The services that have a model: the files in `models/`. */
export const modelNames = [
  "apigateway",
  "apigatewayv2",
  "apigatewaymanagementapi",
  "lambda",
  "sts",
  "iam",
  "logs",
  "xray",
  "cloudwatch",
  "wafv2",
] as const;
export type ModelName = (typeof modelNames)[number];

const loaded = new Map<ModelName, Model>();

/** Reads a model when it is first needed, so that an idle server holds none. */
export function loadModel(name: ModelName): Model {
  let model = loaded.get(name);
  if (!model) {
    model = JSON.parse(readFileSync(new URL(`./models/${name}.json`, import.meta.url), "utf8")) as Model;
    loaded.set(name, model);
  }
  return model;
}

/** Returns the shape that a reference names. */
export function shapeOf(model: Model, name: string): Shape {
  const shape = model.shapes[name];
  if (!shape) throw new Error(`The model names a shape ${name} that it does not have.`);
  return shape;
}

/** Returns a member's name on the wire. */
export const wireName = (member: string, of: MemberModel): string => of.locationName ?? member;
