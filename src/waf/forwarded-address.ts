import { bounds } from "../base/bounds.ts";
import { type Evaluation, headerOf } from "./evaluation.ts";
import { type AddressKey, parseAddress } from "./ip-ranges.ts";
import type { ForwardedIpConfig } from "./web-acl.ts";

const addressesMax = bounds.wafForwardedAddressesMax.value;

/** The addresses that a statement looks at; `true` or `false` if they decide whether it matches. */
export type ReadAddresses = (evaluation: Evaluation) => readonly AddressKey[] | boolean;

/**
 * Returns what reads the request's address, or the one that a header names.
 * AWS: AWS WAF Developer Guide, "Using forwarded IP addresses in AWS WAF": without the header, the statement does not
 * apply; an address that is none falls back.
 */
export function linkAddresses(config: ForwardedIpConfig | undefined): ReadAddresses {
  if (config === undefined) {
    // A request without an address that can be read matches no set, so nothing is allowed for its address.
    return ({ request }) => {
      const key = parseAddress(request.sourceAddress);
      return key === undefined ? false : [key];
    };
  }
  const { HeaderName, FallbackBehavior, Position = "FIRST" } = config;
  const name = HeaderName.toLowerCase();
  return ({ request }) => {
    const value = headerOf(request, name);
    if (value === undefined) return false;
    const listed = value.split(",");
    const chosen =
      Position === "FIRST" ? listed.slice(0, 1) : Position === "LAST" ? listed.slice(-1) : listed.slice(-addressesMax);
    const keys = chosen.map((text) => parseAddress(text.trim())).filter((key) => key !== undefined);
    return keys.length === 0 || (Position !== "ANY" && keys.length < chosen.length)
      ? FallbackBehavior === "MATCH"
      : keys;
  };
}

/** Returns the text of an address, for databases and keys. */
export function addressText(key: AddressKey): string {
  const bytes = [...key].map((character) => character.charCodeAt(0));
  if (key.startsWith(`${"\0".repeat(10)}\xff\xff`)) return bytes.slice(12).join(".");
  return Array.from({ length: 8 }, (_, index) => ((bytes[2 * index]! << 8) | bytes[2 * index + 1]!).toString(16)).join(
    ":",
  );
}
