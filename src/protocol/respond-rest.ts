import { assert } from "../base/assert.ts";
import { type Dialect, jsonContentType, speaksAwsJson } from "./dialect.ts";
import { type EncodeJson, encodeText, makeJsonEncoders } from "./encode.ts";
import { type EncodeEvent, initialResponse, makeEventEncoder, type StreamEvent } from "./event-stream.ts";
import { type Model, type Shape, shapeOf, wireName } from "./model.ts";
import type { ManagementResponse } from "./operation.ts";

/** Writes a handler's output as a response, without the headers that every response has. */
export type Respond = (output: unknown) => ManagementResponse;

/**
 * Makes the writers of operations' output as JSON, with status, headers and body as the model places the members. In
 * the protocol `json` all members are in the body.
 */
export function makeRestResponders(model: Model, dialect: Dialect): (operation: string) => Respond {
  const encoderOf = makeJsonEncoders(model);
  const jsonType = jsonContentType(model.metadata);
  return (operation) => {
    const { http, output } = model.operations[operation] ?? {};
    const status = http?.responseCode ?? 200;
    if (!output || status === 204) {
      const headers: Record<string, string> = speaksAwsJson(model.metadata) ? { "Content-Type": jsonType } : {};
      return () => ({ status, headers, body: "" });
    }
    const shape = shapeOf(model, output.shape);
    const placed = placedMembers(model, shape);
    const payload = shape.payload ?? streamOf(model, shape);
    const payloadShape = payload === undefined ? undefined : shape.members?.[payload]?.shape;
    const encodeBody =
      payloadShape === undefined
        ? encodeJsonBody(encoderOf(output.shape), dialect, jsonType)
        : shapeOf(model, payloadShape).eventstream === true
          ? encodeStream(
              makeEventEncoder(model, shapeOf(model, payloadShape), encoderOf),
              model.metadata.protocol === "json" ? initialResponse(jsonType) : undefined,
            )
          : encodePayload(shapeOf(model, payloadShape), encoderOf(payloadShape), dialect);
    return (value) => {
      const source = (value ?? {}) as Readonly<Record<string, unknown>>;
      const { body, contentType, stream } = encodeBody(payload === undefined ? source : source[payload]);
      const headers: Record<string, string> = contentType === undefined ? {} : { "Content-Type": contentType };
      let statusCode = status;
      for (const member of placed) {
        const given = source[member.name];
        if (given === undefined || given === null) continue;
        if (member.location === "statusCode") statusCode = Number(given);
        else if (member.location === "header") headers[member.wire] = headerText(encodeText(member.shape, given));
        else addPrefixed(headers, member.wire, given);
      }
      return { status: statusCode, headers, body, ...(stream === undefined ? {} : { stream }) };
    };
  };
}

interface PlacedMember {
  readonly name: string;
  readonly wire: string;
  readonly location: string;
  readonly shape: Shape;
}

/** Returns the members outside of the body. */
function placedMembers(model: Model, shape: Shape): readonly PlacedMember[] {
  const placed: PlacedMember[] = [];
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    if (member.location === undefined) continue;
    const { location } = member;
    placed.push({ name, wire: wireName(name, member), location, shape: shapeOf(model, member.shape) });
  }
  return placed;
}

interface EncodedBody {
  readonly body: Buffer | string;
  readonly contentType: string | undefined;
  readonly stream?: AsyncIterable<Buffer>;
}

const noBody: EncodedBody = { body: "", contentType: undefined };

function encodeJsonBody(
  encode: EncodeJson,
  dialect: Dialect,
  contentType = "application/json",
): (value: unknown) => EncodedBody {
  const end = dialect.endsWithNewline ? "\n" : "";
  return (value) => ({ body: encode(value) + end, contentType });
}

/** Returns the member that is an event stream: in AWS JSON it is not named as the payload. */
const streamOf = (model: Model, shape: Shape): string | undefined =>
  Object.entries(shape.members ?? {}).find(([, member]) => shapeOf(model, member.shape).eventstream === true)?.[0];

/** Streams events, after a first message if the protocol has one. */
function encodeStream(encode: EncodeEvent, first: Buffer | undefined): (value: unknown) => EncodedBody {
  return (value) => {
    if (value === undefined) return noBody;
    const events = value as AsyncIterable<StreamEvent>;
    return { body: "", contentType: "application/vnd.amazon.eventstream", stream: encodeEvents(events, encode, first) };
  };
}

async function* encodeEvents(
  events: AsyncIterable<StreamEvent>,
  encode: EncodeEvent,
  first: Buffer | undefined,
): AsyncGenerator<Buffer> {
  if (first !== undefined) yield first;
  for await (const event of events) yield encode(event);
}

function encodePayload(shape: Shape, encode: EncodeJson, dialect: Dialect): (value: unknown) => EncodedBody {
  if (shape.type !== "blob") {
    const encodeStructure = encodeJsonBody(encode, dialect);
    return (value) => (value === undefined ? noBody : encodeStructure(value));
  }
  return (value) => {
    if (value === undefined || value === null) return noBody;
    assert(value instanceof Uint8Array, "an output blob is a Buffer");
    const body = Buffer.from(value.buffer, value.byteOffset, value.length);
    return { body, contentType: dialect.blobContentType };
  };
}

function addPrefixed(headers: Record<string, string>, prefix: string, value: unknown): void {
  for (const [name, text] of Object.entries(value as Record<string, string>)) {
    headers[`${prefix}${name}`] = headerText(text);
  }
}

/**
 * Replaces characters that a header can't have, so that no output can break or forge a response's head. RFC 9110 §5.5.
 */
const headerText = (text: string): string => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, "?");
