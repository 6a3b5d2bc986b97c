import { isUtf8 } from "node:buffer";
import type { ContentHandlingPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { configurationError } from "../responses/failure.ts";
import { acceptedMediaType, linkBinaryMediaTypes, mediaTypeOf, requestMediaType } from "./media-types.ts";

/** The conversion of a payload on its way: none, base64 to bytes, or bytes to base64. */
export type Conversion = "none" | "decode" | "encode";

/**
 * A request's payload is binary if its Content-Type is one of the API's `binaryMediaTypes`.
 * AWS: API Gateway Developer Guide, "Content type conversions in API Gateway", request payload.
 */
function requestConversion(isBinary: boolean, handling: ContentHandlingPlan | undefined): Conversion {
  if (isBinary) return handling === "CONVERT_TO_TEXT" ? "encode" : "none";
  return handling === "CONVERT_TO_BINARY" ? "decode" : "none";
}

/**
 * An answer's payload is binary if the integration's Content-Type is one of the API's `binaryMediaTypes`; the first
 * entry of Accept says whether the caller wants it binary.
 * AWS: API Gateway Developer Guide, "Content type conversions in API Gateway", response payload.
 */
function responseConversion(
  payload: { readonly isBinary: boolean; readonly isBinaryAccepted: boolean },
  handling: ContentHandlingPlan | undefined,
): Conversion {
  const isBinaryWanted = handling === undefined ? payload.isBinaryAccepted : handling === "CONVERT_TO_BINARY";
  if (payload.isBinary === isBinaryWanted) return "none";
  return isBinaryWanted ? "decode" : "encode";
}

/** How a payload is treated, with and without a template. */
export interface Content {
  /** Bytes become text before a template sees them, and text becomes bytes after it. */
  readonly conversion: Conversion;
  /** True for bytes that stay bytes, which no template can read. AWS: "Unable to transform request" (or response). */
  readonly isOpaque: boolean;
}

/** Returns how a request's payload is treated, or undefined if the payloads of all requests stay as they are. */
export function linkRequestContent(
  handling: ContentHandlingPlan | undefined,
  binaryMediaTypes: readonly string[],
): ((exchange: Exchange) => Content) | undefined {
  if (binaryMediaTypes.length === 0 && handling !== "CONVERT_TO_BINARY") return undefined;
  const isBinaryType = linkBinaryMediaTypes(binaryMediaTypes);
  const ofBinary = contentOf(true, requestConversion(true, handling));
  const ofText = contentOf(false, requestConversion(false, handling));
  return (exchange) => (isBinaryType(requestMediaType(exchange.request)) ? ofBinary : ofText);
}

/**
 * Returns how the payloads of answers are converted, or undefined if they stay as they are.
 * Unconfirmed: a MOCK's payload, which its template makes, is text whatever types are binary, and is never encoded;
 * see docs/compatibility.md, "contentHandling, MOCK".
 */
export function linkResponseContent(
  handling: ContentHandlingPlan | undefined,
  options: { readonly binaryMediaTypes: readonly string[]; readonly isMock: boolean },
): ((exchange: Exchange) => Content) | undefined {
  if (options.binaryMediaTypes.length === 0 && handling !== "CONVERT_TO_BINARY") return undefined;
  const isBinaryType = linkBinaryMediaTypes(options.binaryMediaTypes);
  if (options.isMock) {
    const isJsonBinary = isBinaryType("application/json");
    return ({ request }) => {
      const isBinaryAccepted = !isJsonBinary && isBinaryType(acceptedMediaType(request));
      return contentOf(false, responseConversion({ isBinary: false, isBinaryAccepted }, handling));
    };
  }
  return ({ request, integrationHeaders }) => {
    const isBinary = isBinaryType(mediaTypeOfAnswer(integrationHeaders));
    const isBinaryAccepted = isBinaryType(acceptedMediaType(request));
    return contentOf(isBinary, responseConversion({ isBinary, isBinaryAccepted }, handling));
  };
}

/**
 * Returns how what an integration answers becomes the text of a WebSocket's frame: as it is, or converted.
 * AWS: API Gateway Developer Guide, "Working with binary media types for WebSocket APIs".
 */
export function linkFrameContent(
  handling: ContentHandlingPlan | undefined,
): ((exchange: Exchange) => Content) | undefined {
  if (handling === undefined) return undefined;
  const content = contentOf(false, handling === "CONVERT_TO_TEXT" ? "encode" : "decode");
  return () => content;
}

const contentOf = (isBinary: boolean, conversion: Conversion): Content => ({
  conversion,
  isOpaque: isBinary && conversion === "none",
});

function mediaTypeOfAnswer(headers: readonly string[]): string {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]!.length === 12 && headers[index]!.toLowerCase() === "content-type") {
      return mediaTypeOf(headers[index + 1]!);
    }
  }
  return "application/json";
}

/** Returns whether a payload is text and stays it; without a content no media type of the API is binary. */
export const isText = (content: Content | undefined): boolean =>
  content === undefined || (content.conversion === "none" && !content.isOpaque);

/**
 * Returns a payload as UTF-8, with U+FFFD for bytes that are none. Recorded for integrations of the type AWS, both ways:
 * docs/internals/aws-facts/recorded.md, row 10.
 */
export const decodeText = (payload: Buffer): Buffer =>
  isUtf8(payload) ? payload : Buffer.from(payload.toString("utf8"));

/** Returns the base64 text of a payload. */
export const encodeBase64 = (payload: Buffer): Buffer => Buffer.from(payload.toString("base64"), "latin1");

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Returns the bytes of base64 text (RFC 4648 §4), or undefined if it is not base64. Line breaks, missing padding and
 * the quotes of a JSON string, which a function returns, are accepted.
 */
export function decodeBase64(text: Buffer | string): Buffer | undefined {
  let characters = (typeof text === "string" ? text : text.toString("latin1")).replace(/[\r\n]+/g, "").trim();
  if (characters.length >= 2 && characters.startsWith('"') && characters.endsWith('"')) {
    characters = characters.slice(1, -1);
  }
  if (!base64.test(characters)) return undefined;
  const padding = characters.endsWith("==") ? 2 : characters.endsWith("=") ? 1 : 0;
  const isWhole = padding === 0 ? characters.length % 4 !== 1 : characters.length % 4 === 0;
  return isWhole ? Buffer.from(characters, "base64") : undefined;
}

/**
 * Answers an exchange whose text should be base64 and is not. AWS: "Content type conversions in API Gateway": 500
 * API_CONFIGURATION_ERROR.
 */
export function refuseUndecodable(exchange: Exchange): void {
  const failure = configurationError("Unable to base64 decode the body.");
  exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", failure);
}
