import { randomUUID } from "node:crypto";
import { mergedAs, unmerged } from "../../families/merge.ts";
import type { Place } from "../../families/place.ts";
import type { Work } from "../../families/work.ts";
import { ApiError } from "../../protocol/errors.ts";
import { invalid } from "./errors.ts";
import { checkRevision } from "./function-code.ts";
import {
  type AliasDocument,
  aliasArn,
  aliasKind,
  aliasNames,
  type FunctionDocument,
  toAliasSpec,
} from "./function-document.ts";
import { functionNotFound } from "./function-name.ts";
import { aliasOwner, findAlias, findVersion, referenceOf } from "./functions.ts";
import {
  defineResource,
  documents,
  type LambdaInput,
  type LambdaParts,
  operations,
  pageOfItems,
  writing,
} from "./lambda-families.ts";

const stored = documents({
  kind: aliasKind,
  member: "Name",
  idOf: (alias: AliasDocument) => alias.name,
  parent: aliasOwner,
  // `find` below names the function as well.
  missing: (name) => aliasNotFound(name),
});

const aliasNotFound = (arn: string): ApiError =>
  new ApiError("ResourceNotFoundException", `Cannot find alias arn: ${arn}`);

/** Where aliases are kept. A call that changes one is answered when every thread chooses by the new state. */
export const aliases: Place<LambdaParts, AliasDocument, FunctionDocument, { readonly Name: string }> = {
  parent: aliasOwner,
  async find(work) {
    const alias = await stored.get(work, work.input.Name);
    if (alias === undefined) throw aliasNotFound(`${work.parent.functionArn}:${work.input.Name}`);
    return alias;
  },
  async put(alias, work) {
    await work.tx.put(aliasKind, `${work.parent.functionName}/${alias.name}`, alias);
    work.afterCommit(() => work.manager.applyAlias(toAliasSpec(alias)));
  },
  async delete(alias, { tx, parent, manager, afterCommit }) {
    await tx.delete(aliasKind, `${parent.functionName}/${alias.name}`);
    afterCommit(() => manager.removeAlias(aliasArn(alias)));
  },
};

type Routing = LambdaInput<"CreateAlias">["RoutingConfig"];

/** Reads the version that shares an alias's invocations; undefined for none. */
function additionalOf(routing: Routing): AliasDocument["additional"] {
  const weights = Object.entries(routing?.AdditionalVersionWeights ?? {});
  if (weights.length > 1) throw invalid("Number of items in AdditionalVersionWeights cannot be greater than 1");
  const [first] = weights;
  return first && { version: first[0], weight: first[1] };
}

/** Throws unless the alias's versions are there, and may share its invocations. */
async function checkTargets(
  { functionVersion, additional }: AliasDocument,
  { tx, parent: { functionName, functionArn } }: Work<LambdaParts, unknown, FunctionDocument>,
): Promise<void> {
  for (const version of [functionVersion, ...(additional ? [additional.version] : [])]) {
    if (version === "$LATEST" || (await findVersion(tx, functionName, version)) !== undefined) continue;
    throw functionNotFound(`${functionArn}:${version}`);
  }
  if (additional === undefined) return;
  if (functionVersion === "$LATEST") {
    throw invalid("$LATEST is not supported for an alias pointing to more than 1 version");
  }
  if (additional.version === functionVersion) {
    throw invalid(
      `Invalid function version ${functionVersion}. Function version ${functionVersion} is already included in routing configuration.`,
    );
  }
}

/** The members of `AliasConfiguration`. AWS: Lambda API reference, "AliasConfiguration". */
function toAliasConfiguration(alias: AliasDocument): object {
  const { name, functionVersion, description, additional, revisionId } = alias;
  return {
    AliasArn: aliasArn(alias),
    Name: name,
    FunctionVersion: functionVersion,
    Description: description,
    ...(additional && { RoutingConfig: { AdditionalVersionWeights: { [additional.version]: additional.weight } } }),
    RevisionId: revisionId,
  };
}

/** AWS: Lambda API reference, "CreateAlias", "GetAlias", "ListAliases", "UpdateAlias". */
const family = defineResource({
  operations: { create: "CreateAlias", get: "GetAlias", list: "ListAliases", update: "UpdateAlias" },
  place: aliases,
  async create(work) {
    const { input, parent, tx } = work;
    const { Name: name, FunctionVersion: functionVersion, Description: description = "", RoutingConfig } = input;
    const { functionName, functionArn } = parent;
    const revisionId = randomUUID();
    const additional = additionalOf(RoutingConfig);
    const alias: AliasDocument = { name, functionArn, functionVersion, description, additional, revisionId };
    await checkTargets(alias, work);
    if ((await findAlias(tx, functionName, name)) !== undefined) {
      throw new ApiError("ResourceConflictException", `Alias already exists: ${aliasArn(alias)}`);
    }
    return alias;
  },
  async list(work) {
    const { FunctionVersion } = work.input;
    if (FunctionVersion === undefined) return stored.list(work);
    const all = await stored.all(work);
    return pageOfItems(work, all.filter(aliasNames(FunctionVersion)), ({ name }) => name);
  },
  listedAs: "Aliases",
  merge: {
    Description: mergedAs("description"),
    RoutingConfig: (routing) => ({ additional: additionalOf(routing) }),
    // These members name the alias and its revision.
    FunctionName: unmerged,
    Name: unmerged,
    RevisionId: unmerged,
  },
  async complete(alias, before, work) {
    checkRevision(before.revisionId, work.input.RevisionId);
    await checkTargets(alias, work);
    return { ...alias, revisionId: randomUUID() };
  },
  view: toAliasConfiguration,
});

/** The operations of aliases. */
export const aliasOperations = {
  ...family,
  ...operations({
    // AWS: Lambda API reference, "DeleteAlias": it declares no error for an alias, or a function, that is not there.
    DeleteAlias: writing(async (work) => {
      const { tx, manager, afterCommit } = work;
      const { name } = referenceOf(work.input, work.call);
      const alias = await findAlias(tx, name, work.input.Name);
      if (alias === undefined) return {};
      await tx.delete(aliasKind, `${name}/${alias.name}`);
      afterCommit(() => manager.removeAlias(aliasArn(alias)));
      return {};
    }),
  }),
};
