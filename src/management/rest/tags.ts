import { addTags, removeTags, tagsOf } from "../tags/tagged-resources.ts";
import { operations, reading, writing } from "./work.ts";

/** AWS: API Gateway REST API reference, "TagResource", "UntagResource", "GetTags". */
export const tagOperations = operations({
  TagResource: writing(async (work) => {
    await addTags(work, work.input.resourceArn, work.input.tags);
    return {};
  }),
  UntagResource: writing(async (work) => {
    await removeTags(work, work.input.resourceArn, work.input.tagKeys);
    return {};
  }),
  GetTags: reading(async (work) => ({ tags: await tagsOf(work, work.input.resourceArn) })),
});
