import { bounds } from "../../base/bounds.ts";
import { shortened } from "../../definition/text-lengths.ts";
import type { ViewingOperation } from "../../families/make-families.ts";
import { type ApiError, badRequest, limitExceeded } from "../../protocol/errors.ts";
import { type ControlLimits, limitMessage } from "../control-limits.ts";

/** Tags as they are stored. */
export type Tags = Readonly<Record<string, string>>;

/** The tag that chooses an API's id when it is made; it is not stored. */
export const customIdTag = "_custom_id_";

/** Recorded: answers that show one resource have its tags even if there are none; those that make or list some don't. */
export const withShownTags = <Item extends { readonly tags?: Tags }>(item: Item, by: ViewingOperation): Item =>
  by === "get" || by === "update" ? { ...item, tags: item.tags ?? {} } : item;

/** AWS: API Gateway developer guide, "Tag restrictions and usage conventions". */
const keyLengthMax = bounds.tagKeyCharsMax.value;
const valueLengthMax = bounds.tagValueCharsMax.value;
const allowed = /^[\p{L}\p{N}\p{Zs}.:+=@_/-]*$/u;

/** Returns whether a text has more Unicode characters than `max`; one may be two of JavaScript's. */
const isLonger = (text: string, max: number): boolean =>
  text.length > max && (text.length > 2 * max || [...text].length > max);

/** Refuses tags that no resource may have; `tooMany` is the error of the caller's version of the API. */
// Unconfirmed: how AWS words these; see docs/compatibility.md, "REST control plane, words".
export function checkTags(
  tags: Readonly<Record<string, string | undefined>>,
  limits: ControlLimits,
  tooMany: (message: string) => ApiError = limitExceeded,
): void {
  // Before they are looked at one by one: there may be thousands.
  if (Object.keys(tags).length > limits.tagsPerResource) throw tooMany(limitMessage("tagsPerResource"));
  for (const [key, value] of Object.entries(tags)) {
    if (key === "" || isLonger(key, keyLengthMax) || !allowed.test(key))
      throw badRequest(`Invalid tag key specified: ${shortened(key)}`);
    const text = value ?? "";
    if (isLonger(text, valueLengthMax) || !allowed.test(text)) {
      throw badRequest(`Invalid tag value specified for key: ${key}`);
    }
    if (/^aws:/i.test(key)) throw badRequest(`Invalid tag key specified: ${key}. The prefix aws: is reserved`);
  }
}
