import { addTags, removeTags, tagsOf } from "../tags/tagged-resources.ts";
import { tooMany } from "./refusals.ts";
import { operations, reading, writing } from "./work.ts";

/** AWS: API Gateway version 2 API reference, "TagResource", "UntagResource", "GetTags". */
export const tagOperations = operations({
  TagResource: writing(async (work) => {
    await addTags(work, work.input.ResourceArn, work.input.Tags ?? {}, tooMany);
    return {};
  }),
  UntagResource: writing(async (work) => {
    await removeTags(work, work.input.ResourceArn, work.input.TagKeys);
    return {};
  }),
  GetTags: reading(async (work) => ({ Tags: await tagsOf(work, work.input.ResourceArn) })),
});
