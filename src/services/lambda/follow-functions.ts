import type { FunctionManager } from "../../functions/manager.ts";
import type { Change, Scope, Store } from "../../store/store.ts";
import {
  type AliasDocument,
  aliasKind,
  type FunctionDocument,
  functionKind,
  toAliasSpec,
  toSpec,
  type VersionDocument,
  versionKind,
} from "./function-document.ts";

/** The store, and the manager that is kept equal to it. */
interface Following {
  readonly store: Store;
  readonly manager: FunctionManager;
}

/** Tells the manager of every function, version and alias in the store. */
export async function takeUpFunctions({ store, manager }: Following): Promise<void> {
  const functions = await store.all<FunctionDocument>(functionKind);
  const versions = await store.all<VersionDocument>(versionKind);
  const aliases = await store.all<AliasDocument>(aliasKind);
  await Promise.all([
    ...[...functions, ...versions].map(({ scope, body }) => manager.apply(toSpec(body, scope))),
    ...aliases.map(({ body }) => manager.applyAlias(toAliasSpec(body))),
  ]);
  await manager.collectPackages();
}

/** Tells the manager what a change of the store means, by the kind of the changed document. */
export const functionFollowers: ReadonlyMap<string, (change: Change, following: Following) => Promise<void>> = new Map([
  [functionKind, followFunction],
  [versionKind, followFunction],
  [aliasKind, followAlias],
]);

async function followFunction({ scope, kind, id, deleted }: Change, { store, manager }: Following): Promise<void> {
  const stored = deleted
    ? undefined
    : await store.read(scope, (tx) => tx.get<FunctionDocument | VersionDocument>(kind, id));
  if (stored) {
    await manager.apply(toSpec(stored.body, scope));
    return;
  }
  const [name = "", version] = id.split("/");
  await manager.remove(arnOf(scope, name, version === undefined ? undefined : String(Number(version))));
  await manager.collectPackages();
}

async function followAlias({ scope, id, deleted }: Change, { store, manager }: Following): Promise<void> {
  const stored = deleted ? undefined : await store.read(scope, (tx) => tx.get<AliasDocument>(aliasKind, id));
  const [name = "", alias] = id.split("/");
  await (stored ? manager.applyAlias(toAliasSpec(stored.body)) : manager.removeAlias(arnOf(scope, name, alias)));
}

const arnOf = ({ region, account }: Scope, name: string, qualifier: string | undefined): string =>
  `arn:aws:lambda:${region}:${account}:function:${name}${qualifier === undefined ? "" : `:${qualifier}`}`;
