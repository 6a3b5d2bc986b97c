import type { ContentHandlingPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { configurationError } from "../responses/failure.ts";
import { acceptedMediaType, linkBinaryMediaTypes, mediaTypeOf, requestMediaType } from "./media-types.ts";

/** What is done to a payload on its way: nothing, base64 to bytes, bytes to base64. */
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
 * An answer's payload is binary if the integration's Content-Type is one of the API's `binaryMediaTypes`; whether the
 * caller wants it so is said by the first entry of Accept.
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

/** What becomes of a payload, with and without a template. */
export interface Content {
  /** Bytes become text before a template sees them, and text becomes bytes after it. */
  readonly conversion: Conversion;
  /** Bytes that stay bytes: no template can read them. AWS: "Unable to transform request" (or response). */
  readonly isOpaque: boolean;
}

/** How a request's payload is treated; undefined: no request's is in any way. */
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
 * Returns how payloads of answers are converted; undefined if none is.
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

/** Base64 text of bytes, or the text that it was already. */
export const encodeBase64 = (payload: Buffer): Buffer => Buffer.from(payload.toString("base64"), "latin1");

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * The bytes of base64 text (RFC 4648 §4); undefined if it is none. Forgiven are line breaks, missing padding, and the
 * quotes of a JSON string, which is what a function returns.
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

/** Text that should be base64 and is not. AWS: "Content type conversions in API Gateway": 500 API_CONFIGURATION_ERROR. */
export function refuseUndecodable(exchange: Exchange): void {
  const failure = configurationError("Unable to base64 decode the body.");
  exchange.program.responses.finish(exchange, "API_CONFIGURATION_ERROR", failure);
}
