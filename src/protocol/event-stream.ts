import { crc32 } from "node:zlib";
import type { EncodeJson } from "./encode.ts";
import { type Model, type Shape, shapeOf } from "./model.ts";

/** One event from a handler: the name of its member in the stream's shape, with its own members. */
export type StreamEvent = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Writes one event of a stream as a message. */
export type EncodeEvent = (event: StreamEvent) => Buffer;

/**
 * Makes the encoder of a shape with the trait `eventstream`. A member `eventpayload` is a message's payload as it is;
 * otherwise the event is JSON.
 */
export function makeEventEncoder(
  model: Model,
  stream: Shape,
  encoderOf: (shapeName: string) => EncodeJson,
): EncodeEvent {
  return (event) => {
    const [name, members] = Object.entries(event)[0]!;
    const shapeName = stream.members![name]!.shape;
    const shape = shapeOf(model, shapeName);
    if (shape.exception === true) {
      return writeMessage({ type: "exception", name }, "application/json", Buffer.from(encoderOf(shapeName)(members)));
    }
    const payload = Object.entries(shape.members ?? {}).find(([, { eventpayload }]) => eventpayload === true)?.[0];
    if (payload === undefined)
      return writeMessage({ type: "event", name }, "application/json", Buffer.from(encoderOf(shapeName)(members)));
    return writeMessage({ type: "event", name }, "application/octet-stream", members[payload] as Buffer);
  };
}

interface MessageKind {
  readonly type: "event" | "exception";
  /** The member of the stream's shape. */
  readonly name: string;
}

/**
 * The message before all events of a stream whose operation speaks AWS JSON: the members of the answer besides the stream, of which
 * no operation here has any. Smithy: "AWS JSON 1.1 protocol", event streams, initial responses.
 */
export const initialResponse = (contentType: string): Buffer =>
  writeMessage({ type: "event", name: "initial-response" }, contentType, Buffer.from("{}"));

/**
 * Writes a message of `application/vnd.amazon.eventstream`. Smithy: "Amazon Event Stream Specification".
 *
 *     u32 BE  total length        u32 BE  length of the headers       u32 BE  CRC-32 of both
 *     headers: u8 length, name, u8 type (7: text), u16 BE length, value
 *     payload
 *     u32 BE  CRC-32 of all before
 */
function writeMessage({ type, name }: MessageKind, contentType: string, payload: Buffer): Buffer {
  const headers = Buffer.concat([
    header(":message-type", type),
    header(`:${type}-type`, name),
    header(":content-type", contentType),
  ]);
  const message = Buffer.allocUnsafe(16 + headers.length + payload.length);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(headers.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  headers.copy(message, 12);
  payload.copy(message, 12 + headers.length);
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4);
  return message;
}

const textType = 7;

function header(name: string, value: string): Buffer {
  const bytes = Buffer.alloc(4 + name.length + value.length);
  bytes[0] = name.length;
  bytes.write(name, 1);
  bytes[1 + name.length] = textType;
  bytes.writeUInt16BE(value.length, 2 + name.length);
  bytes.write(value, 4 + name.length);
  return bytes;
}
