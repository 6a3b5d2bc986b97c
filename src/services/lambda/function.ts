import { randomUUID } from "node:crypto";
import { mergeInto } from "../../families/merge.ts";
import type { Change, OpenCall, Work } from "../../families/work.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import { invalid } from "./errors.ts";
import { checkRevision, refused, zipOf } from "./function-code.ts";
import {
  type AliasDocument,
  aliasKind,
  aliasNames,
  type FunctionDocument,
  functionKind,
  toConfiguration,
  type VersionDocument,
  versionKind,
  versionOf,
  versionSortKey,
} from "./function-document.ts";
import { type FunctionReference, functionNotFound } from "./function-name.ts";
import { checkSettings, settingRules, settingsDefault } from "./function-settings.ts";
import { checkTags } from "./function-tags.ts";
import {
  findAlias,
  findVersion,
  functions,
  referenceOf,
  requireFunction,
  unqualifiedFunctions,
  versions,
} from "./functions.ts";
import {
  answerPage,
  defineResource,
  type LambdaInput,
  type LambdaParts,
  operations,
  pageOfItems,
  reading,
  spanning,
  viewing,
  writing,
} from "./lambda-families.ts";
import { publish, refusePublishTo } from "./publish.ts";

type CreateInput = LambdaInput<"CreateFunction">;

function refuseUnsupportedCreation(input: CreateInput): void {
  if (input.PackageType === "Image")
    throw notImplemented("Functions from container images are not implemented yet in Portico: use a zip.");
  if (input.CodeSigningConfigArn) throw notImplemented("Code signing is not implemented yet in Portico.");
  refusePublishTo(input);
}

async function refuseExisting({ tx }: Work<object>, name: string): Promise<void> {
  if (await tx.get(functionKind, name)) {
    throw new ApiError("ResourceConflictException", `Function already exist: ${name}`);
  }
}

async function createFunction(open: OpenCall<LambdaParts, CreateInput>): Promise<object> {
  const { input, call, packages, read, write } = open;
  const { name, functionArn, qualifier } = referenceOf({ FunctionName: input.FunctionName }, call);
  if (qualifier !== undefined)
    throw invalid("Qualifiers are not allowed in the function name when creating a function.");
  const { Code, Tags, Architectures, Publish, PublishTo, PackageType, CodeSigningConfigArn, TenancyConfig, ...given } =
    input;
  const before = settingsDefault(name);
  checkSettings(input, before);
  const settings = mergeInto(before, given, settingRules);
  refuseUnsupportedCreation(input);
  const zip = zipOf(Code, "CreateFunction");
  if (settings.runtime === "" || settings.handler === "") {
    throw invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.");
  }
  const tags = checkTags(Tags ?? {});
  await read((work) => refuseExisting(work, name));
  const { hash } = await refused(packages.save(zip));
  const document: FunctionDocument = {
    functionName: name,
    functionArn,
    ...settings,
    architecture: Architectures?.[0] ?? "x86_64",
    packageHash: hash,
    codeBytes: zip.length,
    modifiedAt: call.clock.now(),
    revisionId: randomUUID(),
    tags,
    policy: undefined,
  };
  const created = await write(async (work) => {
    await refuseExisting(work, name);
    await functions.put(document, work);
    return Publish ? publish(document, work) : document;
  });
  // AWS quirk: the answer has the version's number, and the function's unqualified ARN.
  return toConfiguration(created);
}

/** Deletes one version. AWS: Lambda API reference, "DeleteFunction", Qualifier. */
async function deleteVersion(
  { name, functionArn, qualifier = "" }: FunctionReference,
  work: Change<LambdaParts>,
): Promise<void> {
  if (!/^\d+$/.test(qualifier)) {
    if ((await findAlias(work.tx, name, qualifier)) === undefined)
      throw functionNotFound(`${functionArn}:${qualifier}`);
    throw invalid("Deletion of aliases is not currently supported.");
  }
  const version = await findVersion(work.tx, name, qualifier);
  // AWS, as reported: a version that is not there is deleted, too.
  if (version === undefined) return;
  const aliases = await work.tx.list<AliasDocument>(aliasKind, { prefix: `${name}/` });
  const referring = aliases.map(({ body }) => body).filter(aliasNames(qualifier));
  if (referring.length > 0) {
    const names = referring.map((alias) => alias.name).join(", ");
    throw new ApiError(
      "ResourceConflictException",
      `Unable to delete version because the following aliases reference it: [${names}]`,
    );
  }
  await versions.delete(version, work);
}

const byKey = (one: { readonly key: string }, other: { readonly key: string }): number =>
  one.key < other.key ? -1 : 1;

/** Removes the members that lists leave out. */
export function listed(configuration: object): object {
  const { State, LastUpdateStatus, RuntimeVersionConfig, ...rest } = configuration as Record<string, unknown>;
  return rest;
}

/** AWS: Lambda API reference, "UpdateFunctionConfiguration". */
const configuration = defineResource({
  operations: { update: "UpdateFunctionConfiguration" },
  place: functions,
  merge: settingRules,
  complete(item, before, { input, call }) {
    checkRevision(before.revisionId, input.RevisionId);
    checkSettings(input, before);
    return { ...item, modifiedAt: call.clock.now(), revisionId: randomUUID() };
  },
  view: (document) => toConfiguration(document),
});

/** A function's own operations. AWS: Lambda API reference, "CreateFunction", "GetFunction" and the like. */
export const functionOperations = {
  ...configuration,
  ...operations({
    CreateFunction: spanning(createFunction),
    GetFunction: viewing(versions, async (document, { tx, input, call, codeLinks }) => {
      // Tags are the function's, whichever version is asked for.
      const { tags } = (await tx.get<FunctionDocument>(functionKind, document.functionName))?.body ?? document;
      const hasTags = Object.keys(tags).length > 0;
      return {
        Configuration: toConfiguration(document, referenceOf(input, call).qualifiedArn),
        Code: { RepositoryType: "S3", Location: `http://${call.host}${codeLinks.make(document.packageHash)}` },
        ...(hasTags ? { Tags: tags } : {}),
      };
    }),
    GetFunctionConfiguration: viewing(versions, (document, { input, call }) =>
      toConfiguration(document, referenceOf(input, call).qualifiedArn),
    ),
    ListFunctions: reading(async (work) => {
      const { tx, input } = work;
      const isAll = input.FunctionVersion === "ALL";
      const stored = [
        ...(await tx.list<FunctionDocument>(functionKind)),
        ...(isAll ? await tx.list<VersionDocument>(versionKind) : []),
      ];
      const all = stored.map(({ body }) => ({ body, key: versionSortKey(body) })).sort(byKey);
      const found = pageOfItems(work, all, ({ key }) => key);
      const items = found.items.map(({ body }) =>
        listed(toConfiguration(body, isAll ? `${body.functionArn}:${versionOf(body)}` : body.functionArn)),
      );
      return answerPage({ ...found, items }, "Functions");
    }),
    DeleteFunction: writing(async (work) => {
      const reference = referenceOf(work.input, work.call);
      if (reference.qualifier === "$LATEST") {
        throw invalid("$LATEST version cannot be deleted without deleting the function.");
      }
      const document = await requireFunction(work, reference);
      if (reference.qualifier === undefined) await functions.delete(document, work);
      else await deleteVersion(reference, work);
      return { StatusCode: 204 };
    }),
    // Code signing configurations and reserved concurrency can't be set here, so the answers say that there are none.
    GetFunctionCodeSigningConfig: viewing(unqualifiedFunctions, () => ({})),
    GetFunctionConcurrency: viewing(unqualifiedFunctions, () => ({})),
    // The same goes for provisioned concurrency, which versions and aliases may have on AWS.
    GetProvisionedConcurrencyConfig: viewing(versions, () => {
      throw new ApiError(
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
      );
    }),
    ListProvisionedConcurrencyConfigs: viewing(unqualifiedFunctions, () => ({ ProvisionedConcurrencyConfigs: [] })),
  }),
};
