/** `contentHandling` of an integration or an integration response; undefined: not set. */
export type ContentHandling = "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT" | undefined;

/** What is done to a payload on its way: nothing, base64 to bytes, bytes to base64. */
export type Conversion = "none" | "decode" | "encode";

/**
 * A request's payload is binary if its Content-Type is one of the API's `binaryMediaTypes`.
 * AWS: API Gateway Developer Guide, "Content type conversions in API Gateway", request payload.
 */
export function requestConversion(isBinary: boolean, handling: ContentHandling): Conversion {
  if (isBinary) return handling === "CONVERT_TO_TEXT" ? "encode" : "none";
  return handling === "CONVERT_TO_BINARY" ? "decode" : "none";
}

/**
 * An answer's payload is binary if the integration's Content-Type is one of the API's `binaryMediaTypes`; whether the
 * caller wants it so is said by the first entry of Accept.
 * AWS: API Gateway Developer Guide, "Content type conversions in API Gateway", response payload.
 */
export function responseConversion(
  payload: { readonly isBinary: boolean; readonly isBinaryAccepted: boolean },
  handling: ContentHandling,
): Conversion {
  const isBinaryWanted = handling === undefined ? payload.isBinaryAccepted : handling === "CONVERT_TO_BINARY";
  if (payload.isBinary === isBinaryWanted) return "none";
  return isBinaryWanted ? "decode" : "encode";
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The bytes of base64 text (RFC 4648 §4; line breaks and missing padding are forgiven); undefined if it is none. */
export function decodeBase64(text: Buffer | string): Buffer | undefined {
  const characters = (typeof text === "string" ? text : text.toString("latin1")).replace(/[\r\n\t ]+/g, "");
  if (!base64.test(characters)) return undefined;
  const padding = characters.endsWith("==") ? 2 : characters.endsWith("=") ? 1 : 0;
  const digits = characters.length - padding;
  const isWhole = padding === 0 ? digits % 4 !== 1 : (digits + padding) % 4 === 0;
  return isWhole ? Buffer.from(characters, "base64") : undefined;
}

/** Converts a payload; undefined: it should be base64 and is not, which AWS answers with API_CONFIGURATION_ERROR. */
export function convert(payload: Buffer, conversion: Conversion): Buffer | undefined {
  switch (conversion) {
    case "none":
      return payload;
    case "decode":
      return decodeBase64(payload);
    case "encode":
      return Buffer.from(payload.toString("base64"), "latin1");
  }
}
