import { bounds } from "../../base/bounds.ts";
import type { Place } from "../../families/place.ts";
import { ApiError } from "../../protocol/errors.ts";
import { invalid } from "./errors.ts";
import type { FunctionDocument } from "./function-document.ts";
import { functions, referenceOf } from "./functions.ts";
import { changing, type LambdaParts, operations, viewing } from "./lambda-families.ts";

type Tags = FunctionDocument["tags"];

const tagsMax = bounds.functionTagsMax.value;

/** Returns the tags. Throws if a function may not have them. */
export function checkTags(tags: Tags): Tags {
  const entries = Object.entries(tags);
  if (entries.length > tagsMax) throw invalid(`The number of tags exceeds the limit of ${tagsMax}.`);
  for (const [key, value] of entries) {
    if (key.length === 0 || key.length > 128) throw invalid("A tag's key must have 1 to 128 characters.");
    if (value.length > 256) throw invalid("A tag's value must have at most 256 characters.");
    if (key.toLowerCase().startsWith("aws:")) throw invalid("A tag's key must not start with aws:.");
  }
  return tags;
}

/** Finds functions by ARN, as the operations of tags do. Other resources have no tags here. */
const tagged: Place<LambdaParts, FunctionDocument, unknown, { readonly Resource: string }> = {
  ...functions,
  async find(work) {
    const arn = work.input.Resource;
    if (!arn.includes(":function:")) throw new ApiError("ResourceNotFoundException", `Resource not found: ${arn}`);
    const input = { FunctionName: arn };
    if (referenceOf(input, work.call).qualifier !== undefined) {
      throw invalid(
        "Tags on function aliases and versions are not supported. Please specify either a function name or an unqualified function ARN.",
      );
    }
    return functions.find({ ...work, input });
  },
};

/** AWS: Lambda API reference, "TagResource", "UntagResource", "ListTags". */
export const tagOperations = operations({
  ListTags: viewing(tagged, ({ tags }) => ({ Tags: tags })),
  TagResource: changing(tagged, (before, { input }) => ({
    ...before,
    tags: checkTags({ ...before.tags, ...input.Tags }),
  })),
  UntagResource: changing(tagged, (before, { input }) => {
    const gone = new Set(input.TagKeys);
    return { ...before, tags: Object.fromEntries(Object.entries(before.tags).filter(([key]) => !gone.has(key))) };
  }),
});
