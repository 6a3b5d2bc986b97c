import { invalid } from "./errors.ts";
import { listed } from "./function.ts";
import { checkRevision } from "./function-code.ts";
import {
  codeSha256,
  toConfiguration,
  type VersionDocument,
  versionArn,
  versionKind,
  versionOf,
  versionSortKey,
} from "./function-document.ts";
import { functions } from "./functions.ts";
import { answerPage, operations, pageOfItems, reading, writing } from "./lambda-families.ts";
import { publish, refusePublishTo } from "./publish.ts";

/** A function's versions. AWS: Lambda API reference, "PublishVersion", "ListVersionsByFunction". */
export const versionOperations = operations({
  PublishVersion: writing(async (work) => {
    const { CodeSha256, RevisionId, Description } = work.input;
    refusePublishTo(work.input);
    const latest = await functions.find(work);
    const actual = codeSha256(latest);
    // An empty text is no condition.
    if (CodeSha256 && CodeSha256 !== actual) {
      throw invalid(
        `CodeSHA256 (${CodeSha256}) is different from current CodeSHA256 in $LATEST (${actual}). Please try again with the CodeSHA256 in $LATEST.`,
      );
    }
    checkRevision(latest.revisionId, RevisionId);
    const published = await publish(latest, work, Description);
    return toConfiguration(published, versionArn(published));
  }),
  ListVersionsByFunction: reading(async (work) => {
    const latest = await functions.find(work);
    const published = await work.tx.list<VersionDocument>(versionKind, { prefix: `${latest.functionName}/` });
    const found = pageOfItems(work, [latest, ...published.map(({ body }) => body)], versionSortKey);
    const items = found.items.map((one) => listed(toConfiguration(one, `${one.functionArn}:${versionOf(one)}`)));
    return answerPage({ ...found, items }, "Versions");
  }),
});
