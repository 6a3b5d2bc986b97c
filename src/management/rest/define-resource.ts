import { applyPatch, type PatchOperation, type PatchTable } from "../../families/patch.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import type { CallContext, Handler, Operations } from "../../protocol/operation.ts";
import { type PageRequest, page, pageWindow, restPaging } from "../../protocol/paging.ts";
import { type Change, childrenOf, type Dependencies, type Input, requireApi, scopeOf, type Work } from "./work.ts";

/** One page of a list, as it is answered. */
interface Page<Item> {
  readonly items: readonly Item[];
  /** What asks for the next page; absent on the last. */
  readonly position?: string;
}

/** The page of a kind's documents that the input asks for, in the order of their ids. */
export async function pageOf<Item>(work: Work, kind: string, prefix: string): Promise<Page<Item>> {
  // Only the page is read: a list costs the same however many there are.
  const { limit, after } = pageWindow(pageRequest(work), restPaging);
  const window = { prefix, limit: limit + 1, ...(after === undefined ? {} : { after }) };
  const found = await work.tx.list<Item>(kind, window);
  const { items, ...rest } = pageOfItems(work, found, (document) => document.id);
  return { ...rest, items: items.map((document) => document.body) };
}

/** The page that the input asks for of items in the order of their keys. */
export function pageOfItems<Item>(work: Work, all: readonly Item[], keyOf: (item: Item) => string): Page<Item> {
  const { items, next } = page(all, keyOf, pageRequest(work), restPaging);
  return { items, ...(next === undefined ? {} : { position: next }) };
}

const pageRequest = ({ input }: Work): PageRequest => ({
  limit: input["limit"] as number | undefined,
  token: input["position"] as string | undefined,
});

/** Where a family's items are kept, and what AWS says if one, or what it belongs to, is not there. */
export interface Place<Item> {
  /** The item that the input names. */
  find(work: Work): Promise<Item>;
  put(item: Item, work: Change): Promise<void>;
  delete(item: Item, work: Change): Promise<void>;
  list?(work: Work): Promise<Page<Item>>;
}

/** A resource family: what all its operations need to know. */
export interface ResourceFamily<Item extends object> {
  readonly operations: {
    /** `Create…` or `Put…`. */
    readonly create?: string;
    readonly get: string;
    readonly list?: string;
    readonly update?: string;
    readonly delete?: string;
  };
  readonly place: Place<Item>;
  /** The new item, after all checks. */
  readonly create?: (work: Change) => Promise<Item>;
  readonly patch?: PatchTable;
  /** What has to hold after a patch: throws, or answers the item as it is to be stored. */
  readonly complete?: (item: Item, before: Item, work: Change) => Promise<Item>;
  /** Refuses, or takes away what goes with the item. */
  readonly onDelete?: (item: Item, work: Change) => Promise<void>;
  /** The item as it is answered; by default as it is stored. */
  readonly view?: (item: Item, work: Work) => unknown | Promise<unknown>;
}

/** A family's operations, once there is a store. */
export type DefinedResource = (dependencies: Dependencies) => Operations;

/** Runs work that writes nothing. */
export const reading =
  <Output>({ store, limits, profile = "aws" }: Dependencies, run: (work: Work) => Promise<Output>): Handler =>
  (input: Input, call: CallContext) =>
    store.read(scopeOf(call), (tx) => run({ input, call, tx, limits, profile }));

/** Runs work in one transaction: all of it is written, or nothing. */
export const writing =
  <Output>({ store, limits, profile = "aws" }: Dependencies, run: (work: Change) => Promise<Output>): Handler =>
  (input: Input, call: CallContext) =>
    store.write(scopeOf(call), (tx) => run({ input, call, tx, limits, profile }));

/** The operations of a family, from its declaration. */
export function defineResource<Item extends object>(family: ResourceFamily<Item>): DefinedResource {
  const { operations, place, create, patch } = family;
  const view = family.view ?? ((item: Item) => item);
  return (dependencies) => {
    const table: Record<string, Handler> = {
      [operations.get]: reading(dependencies, async (work) => view(await place.find(work), work)),
    };
    if (operations.create !== undefined && create !== undefined) {
      table[operations.create] = writing(dependencies, async (work) => {
        const item = await create(work);
        await place.put(item, work);
        return view(item, work);
      });
    }
    if (operations.list !== undefined && place.list !== undefined) {
      const list = place.list;
      table[operations.list] = reading(dependencies, async (work) => {
        const found = await list(work);
        const items: unknown[] = [];
        for (const item of found.items) items.push(await view(item, work));
        return { ...found, items };
      });
    }
    if (operations.update !== undefined && patch !== undefined) {
      table[operations.update] = writing(dependencies, async (work) => {
        const before = await place.find(work);
        const list = work.input["patchOperations"] as readonly PatchOperation[] | undefined;
        if ((list?.length ?? 0) === 0) return view(before, work);
        if (list!.length > work.limits.patchOperations) throw badRequest("Too many patch operations");
        const patched = applyPatch(before, list, patch);
        const item = family.complete === undefined ? patched : await family.complete(patched, before, work);
        await place.put(item, work);
        return view(item, work);
      });
    }
    if (operations.delete !== undefined) {
      table[operations.delete] = writing(dependencies, async (work) => {
        const item = await place.find(work);
        await family.onDelete?.(item, work);
        await place.delete(item, work);
        return {};
      });
    }
    return table;
  };
}

/** Documents of a kind below their API, `{apiId}/{id}`. */
export function documentsOfApi<Item extends object>(options: {
  readonly kind: string;
  /** The input's member that names one. */
  readonly member: string;
  readonly idOf: (item: Item) => string;
  readonly missing: (id: string) => string;
}): Place<Item> & { list(work: Work): Promise<Page<Item>>; all(work: Work): Promise<readonly Item[]> } {
  const { kind, member, idOf, missing } = options;
  return {
    async find(work) {
      const api = await requireApi(work);
      const id = work.input[member] as string;
      const stored = await work.tx.get<Item>(kind, `${api.id}/${id}`);
      if (stored === undefined) throw notFound(missing(id));
      return stored.body;
    },
    put: (item, work) => work.tx.put(kind, `${work.input["restApiId"]}/${idOf(item)}`, item),
    delete: (item, work) => work.tx.delete(kind, `${work.input["restApiId"]}/${idOf(item)}`),
    async list(work) {
      const api = await requireApi(work);
      return pageOf<Item>(work, kind, `${api.id}/`);
    },
    async all(work) {
      const api = await requireApi(work);
      return childrenOf<Item>(work.tx, kind, api.id);
    },
  };
}

/** Documents of a kind that belong to the account and region itself. */
export function documentsOfAccount<Item extends object>(options: {
  readonly kind: string;
  /** The input's member that names one. */
  readonly member: string;
  readonly idOf: (item: Item) => string;
  readonly missing: string;
}): Place<Item> & { list(work: Work): Promise<Page<Item>>; get(work: Work, id: string): Promise<Item | undefined> } {
  const { kind, member, idOf, missing } = options;
  const get = async (work: Work, id: string) => (await work.tx.get<Item>(kind, id))?.body;
  return {
    get,
    async find(work) {
      const item = await get(work, work.input[member] as string);
      if (item === undefined) throw notFound(missing);
      return item;
    },
    put: (item, work) => work.tx.put(kind, idOf(item), item),
    delete: (item, work) => work.tx.delete(kind, idOf(item)),
    list: (work) => pageOf<Item>(work, kind, ""),
  };
}
