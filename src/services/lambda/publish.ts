import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Change } from "../../families/work.ts";
import { notImplemented } from "../../protocol/errors.ts";
import {
  type FunctionDocument,
  type VersionDocument,
  type VersionNumberDocument,
  versionNumberKind,
} from "./function-document.ts";
import { findVersion, versions } from "./functions.ts";
import type { LambdaParts } from "./lambda-families.ts";

/** Refuses what only functions of capacity providers have: a version that each publishing replaces. */
export function refusePublishTo(input: { readonly PublishTo?: string | undefined }): void {
  if (input.PublishTo) throw notImplemented("PublishTo is not implemented yet in Portico: use Publish.");
}

/**
 * Publishes a function as it is now, in the call's transaction, and returns the version: the last one if nothing has
 * changed since. AWS: Lambda API reference, "PublishVersion".
 */
export async function publish(
  latest: FunctionDocument,
  work: Change<LambdaParts>,
  description?: string,
): Promise<VersionDocument> {
  const { tx, call } = work;
  const { functionName } = latest;
  const last = (await tx.get<VersionNumberDocument>(versionNumberKind, functionName))?.body.last ?? 0;
  const before = await findVersion(tx, functionName, String(last));
  if (before !== undefined && isUnchanged(latest, before)) return before;
  const published: VersionDocument = {
    ...latest,
    version: String(last + 1),
    description: description ?? latest.description,
    descriptionBefore: latest.description,
    modifiedAt: call.clock.now(),
    revisionId: randomUUID(),
    tags: {},
    policy: undefined,
  };
  await tx.put<VersionNumberDocument>(versionNumberKind, functionName, { last: last + 1 });
  await versions.put(published, work);
  return published;
}

/** Have code and configuration stayed as they were when the version was published? */
const isUnchanged = (latest: FunctionDocument, { descriptionBefore, ...version }: VersionDocument): boolean =>
  isDeepStrictEqual(publishedPart(latest), publishedPart({ ...version, description: descriptionBefore }));

/** Returns what a version has of a function, as the store gives it back: without members that are undefined. */
function publishedPart(document: FunctionDocument): unknown {
  const { modifiedAt, revisionId, tags, policy, ...part } = { ...document, version: undefined };
  return JSON.parse(JSON.stringify(part));
}
