import { randomUUID } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import type { OpenCall } from "../../families/work.ts";
import { PackageError } from "../../functions/packages.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import { invalid } from "./errors.ts";
import { type FunctionDocument, toConfiguration, type VersionDocument, versionArn } from "./function-document.ts";
import { functions } from "./functions.ts";
import { type LambdaInput, type LambdaParts, operations, spanning } from "./lambda-families.ts";
import { publish, refusePublishTo } from "./publish.ts";

const zippedBytesMax = bounds.packageZippedBytesMax.value;

/** Returns the zip in a call. Throws for code that comes in another way. */
export function zipOf(code: LambdaInput<"CreateFunction">["Code"], operation: string): Buffer {
  const { ZipFile, S3Bucket, S3Key, S3ObjectVersion, ImageUri } = code;
  if (ImageUri) throw notImplemented("Functions from container images are not implemented yet in Portico: use a zip.");
  const isFromS3 = S3Bucket !== undefined || S3Key !== undefined || S3ObjectVersion !== undefined;
  if (ZipFile !== undefined && isFromS3) {
    throw invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.");
  }
  if (isFromS3) throw notImplemented("Code from Amazon S3 is not implemented yet in Portico: send it as ZipFile.");
  if (ZipFile === undefined) throw invalid("Please provide a source for function code.");
  if (ZipFile.length > zippedBytesMax) {
    throw new ApiError(
      "RequestEntityTooLargeException",
      `Request must be smaller than 69905067 bytes for the ${operation} operation`,
    );
  }
  return ZipFile;
}

/** Awaits work on a package, and turns the failure of an unusable zip into the caller's mistake. */
export async function refused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PackageError) throw invalid(error.message);
    throw error;
  }
}

/** Throws if the caller wants to change a revision other than the current one. */
export function checkRevision(actual: string, wanted: string | undefined): void {
  if (wanted === undefined || wanted === actual) return;
  throw new ApiError(
    "PreconditionFailedException",
    "The RevisionId provided does not match the latest RevisionId. Call the GetFunction or the GetAlias API to retrieve the latest RevisionId for your resource.",
  );
}

async function updateFunctionCode(open: OpenCall<LambdaParts, LambdaInput<"UpdateFunctionCode">>): Promise<object> {
  const { input, call, packages, manager, read, write } = open;
  const current = await read((work) => functions.find(work));
  refusePublishTo(input);
  const zip = zipOf(input, "UpdateFunctionCode");
  checkRevision(current.revisionId, input.RevisionId);
  if (input.DryRun) {
    await refused(packages.check(zip));
    return toConfiguration(current);
  }
  const { hash } = await refused(packages.save(zip));
  const updated: FunctionDocument | VersionDocument = await write(async (work) => {
    const before = await functions.find(work);
    checkRevision(before.revisionId, input.RevisionId);
    const after = {
      ...before,
      packageHash: hash,
      codeBytes: zip.length,
      architecture: input.Architectures?.[0] ?? before.architecture,
      modifiedAt: call.clock.now(),
      revisionId: randomUUID(),
    };
    await functions.put(after, work);
    return input.Publish ? publish(after, work) : after;
  });
  await manager.collectPackages();
  return "version" in updated ? toConfiguration(updated, versionArn(updated)) : toConfiguration(updated);
}

/** AWS: Lambda API reference, "UpdateFunctionCode". */
export const codeOperations = operations({ UpdateFunctionCode: spanning(updateFunctionCode) });
