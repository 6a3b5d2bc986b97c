import type { Place } from "../../families/place.ts";
import type { Parent, Work } from "../../families/work.ts";
import { regionalScope } from "../../families/work.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import type { Reader } from "../../store/store.ts";
import { invalid } from "./errors.ts";
import {
  type AliasDocument,
  aliasArn,
  aliasKind,
  type FunctionDocument,
  functionKind,
  toSpec,
  type VersionDocument,
  versionArn,
  versionId,
  versionKind,
} from "./function-document.ts";
import { type FunctionReference, functionNotFound, parseFunctionName } from "./function-name.ts";
import type { LambdaParts } from "./lambda-families.ts";

/** The members by which inputs name a function. */
export interface FunctionNames {
  readonly FunctionName: string;
  readonly Qualifier?: string | undefined;
}

/** Returns the function that an input names, whether it exists or not. */
export const referenceOf = (input: FunctionNames, call: CallContext): FunctionReference =>
  parseFunctionName(input.FunctionName, input.Qualifier, call);

const isLatest = ({ qualifier }: FunctionReference): boolean => qualifier === undefined || qualifier === "$LATEST";

/** Finds the function itself (`$LATEST`) that a reference is about, whatever its qualifier. */
export async function requireFunction(
  { tx }: Work<object>,
  { name, qualifiedArn }: FunctionReference,
): Promise<FunctionDocument> {
  const stored = await tx.get<FunctionDocument>(functionKind, name);
  if (!stored) throw functionNotFound(qualifiedArn);
  return stored.body;
}

/** Returns a published version, if it exists. */
export async function findVersion(tx: Reader, name: string, version: string): Promise<VersionDocument | undefined> {
  // `01` is no version, although its document's id would be that of 1.
  if (!/^[1-9]\d{0,9}$/.test(version)) return undefined;
  return (await tx.get<VersionDocument>(versionKind, versionId(name, version)))?.body;
}

/** Returns an alias, if it exists. */
export const findAlias = async (tx: Reader, name: string, alias: string): Promise<AliasDocument | undefined> =>
  (await tx.get<AliasDocument>(aliasKind, `${name}/${alias}`))?.body;

/** Finds what a reference names: `$LATEST`, a published version, or the version that an alias names. */
async function requireVersion(
  work: Work<object>,
  reference: FunctionReference,
): Promise<FunctionDocument | VersionDocument> {
  const { name, qualifier = "", qualifiedArn } = reference;
  const { tx } = work;
  if (isLatest(reference)) return requireFunction(work, reference);
  const alias = /^\d+$/.test(qualifier) ? undefined : await findAlias(tx, name, qualifier);
  if (alias?.functionVersion === "$LATEST") return requireFunction(work, reference);
  const found = await findVersion(tx, name, alias?.functionVersion ?? qualifier);
  if (found === undefined) throw functionNotFound(qualifiedArn);
  return found;
}

/** Where functions are kept: what they are now, `$LATEST`. A change is answered when every thread runs the new state. */
export const functions: Place<LambdaParts, FunctionDocument, unknown, FunctionNames> = {
  async find(work) {
    const reference = referenceOf(work.input, work.call);
    if (!isLatest(reference)) throw invalid("Current operation does not support versions other than $LATEST");
    return requireFunction(work, reference);
  },
  async put(document, { tx, call, manager, afterCommit }) {
    await tx.put(functionKind, document.functionName, document);
    afterCommit(() => manager.apply(toSpec(document, regionalScope(call))));
  },
  /** Deletes all of a function: its versions and aliases as well. */
  async delete(document, { tx, manager, afterCommit }) {
    const { functionName, functionArn } = document;
    const prefix = `${functionName}/`;
    const versions = await tx.list<VersionDocument>(versionKind, { prefix });
    const aliases = await tx.list<AliasDocument>(aliasKind, { prefix });
    await tx.deleteAll(aliasKind, prefix);
    await tx.deleteAll(versionKind, prefix);
    await tx.delete(functionKind, functionName);
    afterCommit(async () => {
      await Promise.all([
        ...aliases.map(({ body }) => manager.removeAlias(aliasArn(body))),
        ...versions.map(({ body }) => manager.remove(versionArn(body))),
        manager.remove(functionArn),
      ]);
    });
  },
};

/** Where published versions are kept. An input may name one by an alias, and `$LATEST` is found as well. */
export const versions: Place<LambdaParts, FunctionDocument | VersionDocument, unknown, FunctionNames> = {
  find: (work) => requireVersion(work, referenceOf(work.input, work.call)),
  async put(document, work) {
    if (!("version" in document)) return functions.put(document, work);
    const { tx, call, manager, afterCommit } = work;
    await tx.put(versionKind, versionId(document.functionName, document.version), document);
    afterCommit(() => manager.apply(toSpec(document, regionalScope(call))));
  },
  async delete(document, work) {
    if (!("version" in document)) return functions.delete(document, work);
    const { tx, manager, afterCommit } = work;
    await tx.delete(versionKind, versionId(document.functionName, document.version));
    afterCommit(() => manager.remove(versionArn(document)));
  },
};

/** The function that aliases belong to. */
export const aliasOwner: Parent<LambdaParts, FunctionDocument> = {
  async locate(work) {
    const input = { FunctionName: work.input["FunctionName"] as string };
    const item = await functions.find({ ...work, input });
    return { item, id: item.functionName };
  },
};

/** Finds the function itself for operations that versions and aliases do not have. */
export const unqualifiedFunctions: typeof functions = {
  ...functions,
  find(work) {
    if (referenceOf(work.input, work.call).qualifier !== undefined) {
      throw new ApiError(
        "InvalidParameterValueException",
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
      );
    }
    return functions.find(work);
  },
};
