/**
 * The interpreter of PATCH. A family's table says which paths take which ops, what each does to a draft of the item, and
 * in which of AWS's dialects a path or op that is not in the table is refused. The operations are applied in order;
 * the draft is stored only if all of them succeed.
 * AWS: API Gateway REST API reference, "Patch operations".
 */
import { unescapeSegment } from "../base/json-pointer.ts";
import { setOwn } from "../protocol/decode.ts";
import { type ApiError, badRequest } from "../protocol/errors.ts";

export type Op = "add" | "remove" | "replace" | "move" | "copy" | "test";

/** An operation as callers send it: all members are optional texts. */
export interface PatchOperation {
  readonly op?: Op | undefined;
  readonly path?: string | undefined;
  readonly value?: string | undefined;
  readonly from?: string | undefined;
}

/** An item while it is being changed. */
export type Draft = Record<string, unknown>;

/** One operation that a rule applies, with the values of the path's `{…}` segments, unescaped. */
export interface PatchStep {
  readonly op: Op;
  readonly path: string;
  readonly value: string | undefined;
  readonly from: string | undefined;
  readonly keys: readonly string[];
  /** The operation as it was sent, for refusals that quote it. */
  readonly sent: PatchOperation;
}

export interface PatchRule {
  readonly ops: readonly Op[];
  apply(draft: Draft, step: PatchStep): void;
  /** Called once, after all operations, to remove what they left empty. */
  tidy?(draft: Draft): void;
}

/** The rules by path: `/description`, `/variables/{name}` …. */
export interface PatchTable {
  readonly refuse: PatchRefusal;
  readonly rules: Readonly<Record<string, PatchRule>>;
  /** Applies the paths that no rule has (a stage's method settings), or refuses them with its own message. */
  readonly otherwise?: (draft: Draft, step: PatchStep) => void;
}

/** Returns the error for an operation that the table does not have. `rule` is its path's, if only its op is wrong. */
export type PatchRefusal = (operation: PatchOperation, table: PatchTable, rule: PatchRule | undefined) => ApiError;

/** Converts a step's text to the value of a member; throws AWS's error for a wrong one. */
export type Convert = (step: PatchStep) => unknown;

/** Applies the operations to a copy of the item. */
export function applyPatch<Item extends object>(
  item: Item,
  operations: readonly PatchOperation[] | undefined,
  table: PatchTable,
): Item {
  const draft = structuredClone(item) as Draft;
  for (const operation of operations ?? []) {
    const step = readStep(operation);
    const found = findRule(table, step.path);
    if (found?.rule.ops.includes(step.op)) found.rule.apply(draft, { ...step, keys: found.keys });
    else if (found !== undefined || table.otherwise === undefined) throw table.refuse(operation, table, found?.rule);
    else table.otherwise(draft, step);
  }
  for (const rule of Object.values(table.rules)) rule.tidy?.(draft);
  return draft as Item;
}

function readStep(operation: PatchOperation): PatchStep {
  const path = operation.path ?? "";
  return {
    // No path takes this one.
    op: operation.op ?? "test",
    path: path.startsWith("/") ? path : `/${path}`,
    value: operation.value,
    from: operation.from,
    keys: [],
    sent: operation,
  };
}

/** Refuses in one of AWS's dialects, as recorded: it lists the paths that take the op. AWS quirk: there are two spaces before the path. */
export const listPaths: PatchRefusal = ({ op, path }, table) => {
  const paths = Object.entries(table.rules).filter(([, rule]) => rule.ops.some((one) => one === op));
  const choice =
    paths.length === 0
      ? "Please choose supported operations"
      : `Must be one of: [${paths.map(([one]) => one).join(", ")}]`;
  return badRequest(`Invalid patch path  '${path ?? "null"}' specified for op '${op ?? "null"}'. ${choice}`);
};

/** Refuses in the other dialect, as recorded: it only names a wrong path, and lists the ops of a right one. */
export const nameMistake: PatchRefusal = ({ path }, _, rule) => {
  if (rule === undefined) return badRequest(`Invalid patch path ${path ?? "null"}`);
  const { ops } = rule;
  const choice = ops.length === 1 ? `one of: [${ops[0]}]` : ops.map((op) => `'${op}'`).join("|");
  return badRequest(`Invalid patch operation specified. Must be ${choice}`);
};

function findRule(table: PatchTable, path: string): { rule: PatchRule; keys: readonly string[] } | undefined {
  const exact = Object.hasOwn(table.rules, path) ? table.rules[path] : undefined;
  if (exact !== undefined) return { rule: exact, keys: [] };
  const segments = path.split("/");
  for (const [template, rule] of Object.entries(table.rules)) {
    const pattern = template.split("/");
    if (pattern.length !== segments.length) continue;
    const keys: string[] = [];
    const isMatch = pattern.every((part, index) => {
      const segment = segments[index]!;
      if (!part.startsWith("{")) return part === segment;
      keys.push(unescapeSegment(segment));
      return segment !== "";
    });
    if (isMatch) return { rule, keys };
  }
  return undefined;
}

// What a value may be

/** Accepts any text; a missing value counts as the empty text. */
export const text: Convert = (step) => step.value ?? "";
/** Accepts a template; a missing or empty one is stored as null. */
export const nullableText: Convert = (step) => (step.value === undefined || step.value === "" ? null : step.value);

// Unconfirmed: how AWS words a wrong value; see docs/compatibility.md, "REST control plane, words".
export const invalidValue = (step: PatchStep, wanted: string) =>
  badRequest(
    `Invalid patch value '${step.value ?? "null"}' specified for op '${step.op}' and path '${step.path}'. ${wanted}`,
  );

/** Reads `true`, in any case (the developer guide sends `True`), as true; recorded: everything else is false, even nothing. */
export const flag: Convert = (step) => step.value?.toLowerCase() === "true";

export const wholeNumber =
  (min: number, max: number): Convert =>
  (step) => {
    const value = /^-?\d{1,15}$/.test(step.value ?? "") ? Number(step.value) : Number.NaN;
    if (!(value >= min && value <= max)) throw invalidValue(step, `Must be an integer between ${min} and ${max}`);
    return value;
  };
export const decimal =
  (min: number, max: number): Convert =>
  (step) => {
    const value = /^-?\d{1,15}(\.\d{1,15})?$/.test(step.value ?? "") ? Number(step.value) : Number.NaN;
    if (!(value >= min && value <= max)) throw invalidValue(step, `Must be a number between ${min} and ${max}`);
    return value;
  };
export const oneOf =
  (...values: readonly string[]): Convert =>
  (step) => {
    if (!values.includes(step.value ?? "")) throw invalidValue(step, `Must be one of: [${values.join(", ")}]`);
    return step.value;
  };

// What a path may mean

/** Returns the object that holds the last member of `at`, and makes it if it is missing. */
function holderOf(draft: Draft, at: readonly string[]): Draft {
  let holder = draft;
  for (const member of at.slice(0, -1)) {
    if (typeof holder[member] !== "object" || holder[member] === null) holder[member] = {};
    holder = holder[member] as Draft;
  }
  return holder;
}

const lastOf = (at: readonly string[]): string => at[at.length - 1]!;

/** Makes the rule of a member with one value: `replace` sets it, and with `clears` an empty value removes it. */
export function member(
  at: string,
  convert: Convert,
  options: { readonly ops?: readonly Op[]; readonly clears?: boolean } = {},
): PatchRule {
  const names = at.split(".");
  return {
    ops: options.ops ?? ["replace"],
    apply(draft, step) {
      const holder = holderOf(draft, names);
      const isCleared = options.clears === true && (step.value === undefined || step.value === "");
      if (step.op === "remove" || isCleared) delete holder[lastOf(names)];
      else holder[lastOf(names)] = convert(step);
    },
  };
}

/**
 * Makes the rule of a map's entry, which the last segment names: `add` and `replace` set it, `remove` removes it, and
 * the map with its last entry. `missing` makes the error for replacing or removing an entry that does not exist; without
 * it, nothing is removed then.
 */
export function entry(at: string, convert: Convert, missing?: () => ApiError): PatchRule {
  const names = at.split(".");
  return {
    ops: ["add", "replace", "remove"],
    apply(draft, step) {
      const holder = holderOf(draft, names);
      holder[lastOf(names)] ??= {};
      const map = holder[lastOf(names)] as Draft;
      const key = step.keys[0]!;
      if (step.op !== "add" && missing !== undefined && !Object.hasOwn(map, key)) throw missing();
      if (step.op === "remove") delete map[key];
      else setOwn(map, key, convert(step));
    },
    tidy(draft) {
      let holder: unknown = draft;
      for (const name of names.slice(0, -1)) holder = (holder as Draft | undefined)?.[name];
      const map = (holder as Draft | undefined)?.[lastOf(names)];
      if (map !== undefined && Object.keys(map as object).length === 0) delete (holder as Draft)[lastOf(names)];
    },
  };
}

/** Returns the draft's list, and makes it if there is none. */
function listOf(holder: Draft, name: string): string[] {
  holder[name] ??= [];
  return holder[name] as string[];
}

/** Changes a list in place: removes a member, and adds one at the end, unless the list has it already. */
function changeList(list: string[], old: string | undefined, put: string | undefined): void {
  const index = old === undefined || old === put ? -1 : list.indexOf(old);
  if (index >= 0) list.splice(index, 1);
  if (put !== undefined && !list.includes(put)) list.push(put);
}

/** Makes the rule of a list's member that the last segment names. Recorded: `replace` adds the value at the end. */
export function memberInPath(at: string, ops: readonly Op[], keepsEmpty = false): PatchRule {
  const names = at.split(".");
  return {
    ops,
    apply(draft, step) {
      const holder = holderOf(draft, names);
      const list = listOf(holder, lastOf(names));
      const key = step.keys[0]!;
      if (step.op === "add") changeList(list, undefined, key);
      else changeList(list, key, step.op === "replace" ? (step.value ?? "") : undefined);
      if (list.length === 0 && !keepsEmpty) delete holder[lastOf(names)];
    },
  };
}

/** Makes the rule of a list's member that `value` names: `replace` makes it the only one. */
export function memberInValue(at: string, ops: readonly Op[], check?: (step: PatchStep) => void): PatchRule {
  const names = at.split(".");
  return {
    ops,
    apply(draft, step) {
      check?.(step);
      if (!step.value) throw invalidValue(step, "Must name a member of the list");
      const holder = holderOf(draft, names);
      const list = listOf(holder, lastOf(names));
      if (step.op === "replace") list.length = 0;
      if (step.op === "remove") changeList(list, step.value, undefined);
      else changeList(list, undefined, step.value);
      if (list.length === 0) delete holder[lastOf(names)];
    },
  };
}

/** Makes the rule of a text that is a list with commas: `add` and `remove` change its parts, `replace` the whole. */
export function entryList(at: string): PatchRule {
  return {
    ops: ["add", "replace", "remove"],
    apply(draft, step) {
      const parts = ((draft[at] as string | undefined) ?? "").split(",").filter((part) => part.trim() !== "");
      const named = (step.value ?? "").split(",").map((part) => part.trim());
      const others = step.op === "replace" ? [] : parts.filter((part) => !named.includes(part.trim()));
      // Without a value, the whole list is removed.
      const kept = step.op === "remove" && !step.value ? [] : others;
      const next = step.op === "remove" ? kept : [...kept, ...named.filter((part) => part !== "")];
      if (next.length === 0) delete draft[at];
      else draft[at] = next.join(",");
    },
  };
}
