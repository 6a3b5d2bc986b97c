import { randomUUID } from "node:crypto";
import { mergeInto } from "../../families/merge.ts";
import type { OpenCall, Work } from "../../families/work.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import { invalid } from "./errors.ts";
import { checkRevision, refused, refusePublishing, zipOf } from "./function-code.ts";
import { type FunctionDocument, functionKind, toConfiguration } from "./function-document.ts";
import { checkSettings, settingRules, settingsDefault } from "./function-settings.ts";
import { checkTags } from "./function-tags.ts";
import { functions, referenceOf } from "./functions.ts";
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

type CreateInput = LambdaInput<"CreateFunction">;

function refuseUnsupportedCreation(input: CreateInput): void {
  if (input.PackageType === "Image")
    throw notImplemented("Functions from container images are not implemented yet in Portico: use a zip.");
  if (input.CodeSigningConfigArn) throw notImplemented("Code signing is not implemented yet in Portico.");
  refusePublishing(input);
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
  await write(async (work) => {
    await refuseExisting(work, name);
    await functions.put(document, work);
  });
  return toConfiguration(document);
}

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
    GetFunction: viewing(functions, (document, { input, call, codeLinks }) => {
      const hasTags = Object.keys(document.tags).length > 0;
      return {
        Configuration: toConfiguration(document, referenceOf(input, call).qualifiedArn),
        Code: { RepositoryType: "S3", Location: `http://${call.host}${codeLinks.make(document.packageHash)}` },
        ...(hasTags ? { Tags: document.tags } : {}),
      };
    }),
    GetFunctionConfiguration: viewing(functions, (document, { input, call }) =>
      toConfiguration(document, referenceOf(input, call).qualifiedArn),
    ),
    ListFunctions: reading(async (work) => {
      const all = await work.tx.list<FunctionDocument>(functionKind);
      const found = pageOfItems(work, all, ({ id }) => id);
      const suffix = work.input.FunctionVersion === "ALL" ? ":$LATEST" : "";
      const items = found.items.map(({ body }) => listed(toConfiguration(body, body.functionArn + suffix)));
      return answerPage({ ...found, items }, "Functions");
    }),
    DeleteFunction: writing(async (work) => {
      const reference = referenceOf(work.input, work.call);
      if (reference.qualifier === "$LATEST") {
        throw invalid("$LATEST version cannot be deleted without deleting the function.");
      }
      await functions.delete(await functions.find(work), work);
      return { StatusCode: 204 };
    }),
    // Code signing configurations and reserved concurrency can't be set here, so the answers say that there are none.
    GetFunctionCodeSigningConfig: viewing(functions, () => ({})),
    GetFunctionConcurrency: viewing(functions, () => ({})),
  }),
};
