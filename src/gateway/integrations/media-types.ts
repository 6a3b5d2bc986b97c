import type { InboundRequest } from "../../http/inbound.ts";

/**
 * Returns whether a media type is binary for the API. AWS: API Gateway Developer Guide, "Binary media types for REST
 * APIs".
 */
export type IsBinary = (mediaType: string) => boolean;

/** Types match without their parameters and in any case. As recorded, no wildcard but that of all types is one. */
export function linkBinaryMediaTypes(binaryMediaTypes: readonly string[]): IsBinary {
  if (binaryMediaTypes.length === 0) return () => false;
  const types = new Set(binaryMediaTypes.map((type) => type.toLowerCase()));
  if (types.has("*/*")) return () => true;
  return (mediaType) => types.has(mediaType);
}

/** Returns the media type of a Content-Type or an entry of Accept: without parameters, in lower case. */
export function mediaTypeOf(value: string): string {
  const semicolon = value.indexOf(";");
  return (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
}

/** Returns the media type of a request's body: JSON if the request does not name one. */
export function requestMediaType(request: InboundRequest): string {
  return mediaTypeOf(request.header("content-type") ?? "") || "application/json";
}

/** Returns the media type that a caller wants: the first entry of Accept, or JSON if there is none. */
export function acceptedMediaType(request: InboundRequest): string {
  const accept = request.header("accept");
  return accept === undefined ? "application/json" : mediaTypeOf(accept.split(",", 1)[0]!);
}
