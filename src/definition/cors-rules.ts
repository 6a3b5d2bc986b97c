import { bounds } from "../base/bounds.ts";
import type { CorsConfiguration } from "./http-api.ts";

/** AWS: API Gateway Developer Guide, "Configure CORS for HTTP APIs in API Gateway". */
const methods: readonly string[] = ["*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/**
 * `*`, `http://*`, `https://*`, or an origin of a web page. AWS quirk, as users quote it: the schemes of native applications
 * (`capacitor://localhost`) and of browser extensions are refused, and so are wildcards of subdomains.
 */
const origin = /^(?:\*|https?:\/\/(?:\*|[^\s/?#,*\x00-\x1f\x7f]+))$/i;

/** RFC 9110 §5.6.2: a token, of which `*` is one. */
const headerName = /^[\w!#$%&'*+.^`|~-]+$/;

// Unconfirmed: all words but those on credentials and origins; see docs/compatibility.md, "HTTP APIs, words of management".
/** Checks `corsConfiguration`: what it has is written into headers. Returns undefined, or a message. */
export function checkCors(cors: CorsConfiguration): string | undefined {
  const { AllowOrigins = [], AllowMethods = [], AllowHeaders = [], ExposeHeaders = [] } = cors;
  if (cors.AllowCredentials === true && AllowOrigins.includes("*")) {
    return "allow-credentials is not supported if 'allow-origin' is *";
  }
  const isLong = [AllowMethods, AllowHeaders, ExposeHeaders].some(
    (list) => list.join(",").length > bounds.corsListCharsMax.value,
  );
  if (isLong) return `Invalid CORS list specified: it has more than ${bounds.corsListCharsMax.value} characters`;
  const badOrigin = AllowOrigins.find((each) => !origin.test(each) || each.length > bounds.corsListCharsMax.value);
  if (badOrigin !== undefined) return `Invalid format for origin ${badOrigin.slice(0, 128)}`;
  const badMethod = AllowMethods.find((each) => !methods.includes(each));
  if (badMethod !== undefined) return `Invalid CORS method specified: ${badMethod}`;
  const badHeader = [...AllowHeaders, ...ExposeHeaders].find((each) => !headerName.test(each));
  return badHeader === undefined ? undefined : `Invalid CORS header specified: ${badHeader}`;
}

/**
 * Returns a valid CORS configuration as it is kept; undefined for one that configures nothing.
 * AWS quirk, as users quote it: names of headers come back in lower case.
 */
export function storedCors(cors: CorsConfiguration): CorsConfiguration | undefined {
  if (Object.keys(cors).length === 0) return undefined;
  return {
    ...cors,
    ...(cors.AllowHeaders && { AllowHeaders: cors.AllowHeaders.map((name) => name.toLowerCase()) }),
    ...(cors.ExposeHeaders && { ExposeHeaders: cors.ExposeHeaders.map((name) => name.toLowerCase()) }),
  };
}
