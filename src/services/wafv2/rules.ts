import type { WAFV2 } from "@aws-sdk/client-wafv2";
import { bounds } from "../../base/bounds.ts";
import type { InputOf } from "../../families/input.ts";
import type { Reader } from "../../store/store.ts";
import { capacityOf, type RulesOwner, validateRules } from "../../waf/validate-rules.ts";
import type { Rule } from "../../waf/web-acl.ts";
import { type ReadParts, readParts } from "./documents.ts";
import { checking, invalidParameter, limitsExceeded } from "./errors.ts";

/** Rules as the protocol layer binds them. */
export type RulesInput = NonNullable<InputOf<WAFV2, "CreateWebACL">["Rules"]>;

/** Returns rules as they are stored: a blob is base64. */
export const storedRules = (rules: RulesInput | undefined): readonly Rule[] =>
  mapBlobs(rules ?? [], (value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  ) as readonly Rule[];

/** Returns rules as they are answered: a blob is its bytes. */
export const shownRules = (rules: readonly Rule[]): unknown =>
  mapBlobs(rules, (value) => (typeof value === "string" ? Buffer.from(value, "base64") : value));

/** The one member of the interface model that is a blob. */
const blobMember = "SearchString";

function mapBlobs(value: unknown, map: (blob: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => mapBlobs(one, map));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, name === blobMember ? map(member) : mapBlobs(member, map)]),
  );
}

/**
 * Checks rules, and returns their capacity with what they refer to. The capacity comes first: it bounds how many patterns
 * are parsed.
 */
export async function checkRules(
  tx: Reader,
  rules: readonly Rule[],
  { capacityMax, ...owner }: Omit<RulesOwner, "parts"> & { readonly capacityMax: number },
): Promise<ReadParts & { readonly capacity: number }> {
  const max = bounds.wafRulesMax.value;
  if (rules.length > max) throw limitsExceeded(`There are more than ${max} rules.`);
  const read = await readingParts(tx, rules);
  return checking(() => {
    const capacity = capacityOf(rules, read.parts.ruleGroups);
    if (capacity > capacityMax) throw limitsExceeded(`The rules need ${capacity} WCUs, and there are ${capacityMax}.`);
    validateRules(rules, { ...owner, parts: read.parts });
    return { ...read, capacity };
  });
}

async function readingParts(tx: Reader, rules: readonly Rule[]): Promise<ReadParts> {
  let reading: Promise<ReadParts> | undefined;
  try {
    reading = readParts(tx, rules);
    return await reading;
  } catch (error) {
    return checking(() => {
      throw error;
    });
  }
}

/** AWS: AWS WAF Developer Guide, "AWS WAF quotas", custom responses. */
export function checkBodies(bodies: Readonly<Record<string, { readonly Content: string }>> | undefined): void {
  const entries = Object.entries(bodies ?? {});
  if (entries.length > bounds.wafCustomBodiesMax.value)
    throw limitsExceeded("There are too many custom response bodies.");
  for (const [key, { Content }] of entries) {
    if (Buffer.byteLength(Content) <= bounds.wafCustomBodyBytesMax.value) continue;
    throw invalidParameter("CUSTOM_RESPONSE_BODY", key, "The response body is too long.");
  }
}
