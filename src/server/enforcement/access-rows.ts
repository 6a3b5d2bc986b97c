import type { Principal } from "../../access/principal.ts";
import type { AccessDemand, AccessQuestion, CallContext } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";

/** What rows make demands of. */
export interface RowFacts {
  readonly call: CallContext;
  readonly caller: Principal;
  readonly store: Store;
}

type Demands = AccessDemand | readonly AccessDemand[];

/** Returns what an operation asks for; nothing, if it needs no permission. */
export type AccessRow = (question: AccessQuestion, facts: RowFacts) => Demands | Promise<Demands>;

/** What the operations of a service need. */
export interface AccessTable {
  /** Operations that need no signature. */
  readonly unsigned: readonly string[];
  /** Undefined for an operation that nobody may call. */
  readonly rowOf: (operation: string) => AccessRow | undefined;
}

/** Returns everything that a call asks for; undefined if its operation has no row. */
export async function demandsOf(
  table: AccessTable,
  question: AccessQuestion,
  facts: RowFacts,
): Promise<readonly AccessDemand[] | undefined> {
  const row = table.rowOf(question.operation);
  return row && [await row(question, facts)].flat();
}

/** Makes a table of rows by operations. */
export const tableOf = (rows: Readonly<Record<string, AccessRow>>, unsigned: readonly string[] = []): AccessTable => ({
  unsigned,
  rowOf: (operation) => (Object.hasOwn(rows, operation) ? rows[operation] : undefined),
});

/** Returns the input's member, if it is a text. */
export function text({ input }: AccessQuestion, member: string): string | undefined {
  const value = input[member];
  return typeof value === "string" ? value : undefined;
}

/** Makes the same row for several operations. */
export const rowsOf = (operations: readonly string[], row: AccessRow): Readonly<Record<string, AccessRow>> =>
  Object.fromEntries(operations.map((operation) => [operation, row]));

/** The operation needs no permission, or asks for it itself. */
export const nothing: AccessRow = () => [];
