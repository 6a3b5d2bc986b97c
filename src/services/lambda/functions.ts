import type { Place } from "../../families/place.ts";
import { regionalScope, type Work } from "../../families/work.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { type FunctionDocument, functionKind, toSpec } from "./function-document.ts";
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

/** Finds the function that an input names. There are no versions and aliases yet, so their qualifiers find nothing. */
export async function requireFunction(
  { tx }: Work<object>,
  { name, qualifier, qualifiedArn }: FunctionReference,
): Promise<FunctionDocument> {
  const stored = await tx.get<FunctionDocument>(functionKind, name);
  if (!stored || (qualifier !== undefined && qualifier !== "$LATEST")) throw functionNotFound(qualifiedArn);
  return stored.body;
}

/** Where functions are kept. A call that changes one is answered when every thread runs the new state. */
export const functions: Place<LambdaParts, FunctionDocument, unknown, FunctionNames> = {
  find: (work) => requireFunction(work, referenceOf(work.input, work.call)),
  async put(document, { tx, call, manager, afterCommit }) {
    await tx.put(functionKind, document.functionName, document);
    afterCommit(() => manager.apply(toSpec(document, regionalScope(call))));
  },
  async delete(document, { tx, manager, afterCommit }) {
    await tx.delete(functionKind, document.functionName);
    afterCommit(() => manager.remove(document.functionArn));
  },
};
