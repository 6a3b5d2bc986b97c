/**
 * How the resource families of a service are declared. `makeFamilies` is called once for each service, and returns the
 * functions that declare its families. Everything that all families share is here; a declaration says how a family
 * differs.
 */
import { type ApiError, badRequest } from "../protocol/errors.ts";
import type { CallContext, Handler, Operations } from "../protocol/operation.ts";
import { type Page, type PagingDialect, page, pageAnswer } from "../protocol/paging.ts";
import type { Scope, Store } from "../store/store.ts";
import type { InputOf, MembersOf, OperationName } from "./input.ts";
import { type MemberNames, type MergeRules, mergeInto } from "./merge.ts";
import { applyPatch, type PatchOperation, type PatchTable } from "./patch.ts";
import {
  type Documents,
  type DocumentsOptions,
  documentsOf,
  type Place,
  pageRequestOf,
  sayingMissing,
  withParent,
} from "./place.ts";
import type { Change, Input, OpenCall, Parent, Work } from "./work.ts";

/** What is the same for all operations of a service. */
export interface Conventions<Service> {
  /** Returns the scope of the documents that a call is about. */
  readonly scopeOf: (call: CallContext) => Scope;
  readonly paging: PagingDialect;
  /** Returns the greatest number of operations that one PATCH may have. Only services with updates by PATCH need it. */
  readonly patchOperationsMax?: (service: Service) => number;
  /** Of updates by merging. By default, items have small first letters. */
  readonly memberNames?: MemberNames;
}

/** A declared operation: given the store and the service, it returns the operation's handler. */
export type Operation<Service, In> = (store: Store, service: Service) => Handler<In>;

/** Declared operations by name. */
// biome-ignore lint/suspicious/noExplicitAny: a table of operations with different inputs; each is typed where it is made.
export type OperationTable<Service> = Readonly<Record<string, Operation<Service, any>>>;

/** Returns the handlers of declared operations. */
export const bindOperations = <Service>(table: OperationTable<Service>, store: Store, service: Service): Operations =>
  Object.fromEntries(Object.entries(table).map(([name, operation]) => [name, operation(store, service)]));

/**
 * A resource family, by what differs from other families. `C`, `G`, `L`, `U` and `D` are the names of its operations.
 */
export interface ResourceFamily<Client, Service, Item extends object, ParentItem, C, G, L, U, D> {
  readonly operations: {
    /** `Create…` or `Put…`. */
    readonly create?: C;
    readonly get?: G;
    readonly list?: L;
    readonly update?: U;
    readonly delete?: D;
  };
  /** Says what the items are, and what they belong to. */
  readonly place: Place<Service, Item, ParentItem, InputOf<Client, G | U | D>>;
  /** What AWS says instead of the parent's 404, by operation. */
  readonly missingParent?: { readonly [Operation in "create" | "delete"]?: (missing: ApiError) => ApiError };
  /** Checks the input and returns the new item. */
  readonly create?: (work: Change<Service, InputOf<Client, C>, NoInfer<ParentItem>>) => Promise<NoInfer<Item>>;
  /** Returns the page that the input asks for, if that is not simply the next items of the place. */
  readonly list?: (work: Work<Service, InputOf<Client, L>, NoInfer<ParentItem>>) => Promise<Page<NoInfer<Item>>>;
  /** The output's member that holds a page's items, if the service's dialect names none. */
  readonly listedAs?: string;
  /** An update by PATCH: the paths that it takes. */
  readonly patch?: PatchTable;
  /** An update by merging: the members that differ from the default. */
  readonly merge?: MergeRules<NoInfer<Item>, InputOf<Client, U>>;
  /** Checks an item after an update. Throws, or returns the item as it is stored. */
  readonly complete?: (
    item: NoInfer<Item>,
    before: NoInfer<Item>,
    work: Change<Service, InputOf<Client, U>, NoInfer<ParentItem>>,
  ) => NoInfer<Item> | Promise<NoInfer<Item>>;
  /** Throws to refuse the deletion, or deletes what belongs to the item. */
  readonly onDelete?: (
    item: NoInfer<Item>,
    work: Change<Service, InputOf<Client, D>, NoInfer<ParentItem>>,
  ) => Promise<void>;
  /** Does what goes with every write of an item, in the same transaction: it is made, changed or deleted by then. */
  readonly afterWrite?: (work: Change<Service, InputOf<Client, C | U | D>, NoInfer<ParentItem>>) => Promise<void>;
  /** Returns the item as callers see it; by default, as it is stored. `by` is the operation that they called. */
  readonly view?: (
    item: NoInfer<Item>,
    work: Work<Service, MembersOf<InputOf<Client, C | G | L | U>>, NoInfer<ParentItem>>,
    by: ViewingOperation,
  ) => unknown | Promise<unknown>;
}

/** The operations that answer items. */
export type ViewingOperation = "create" | "get" | "list" | "update";

/**
 * The functions that declare the operations of one service. `Client` is its SDK's client, whose types give each
 * operation's input.
 */
export interface Families<Client, Service extends object> {
  /** Returns the operations of a family. */
  defineResource<
    Item extends object,
    ParentItem,
    C extends OperationName<Client> = never,
    G extends OperationName<Client> = never,
    L extends OperationName<Client> = never,
    U extends OperationName<Client> = never,
    D extends OperationName<Client> = never,
  >(family: ResourceFamily<Client, Service, Item, ParentItem, C, G, L, U, D>): OperationTable<Service>;

  /** Returns operations that belong to no family. The compiler checks each against its own input. */
  operations(
    table: {
      readonly [Name in OperationName<Client>]?: Operation<Service, InputOf<Client, Name>>;
    },
  ): OperationTable<Service>;

  /** Makes an operation that writes nothing; with a parent, the item that the input belongs to is found first. */
  reading<In, ParentItem = unknown>(
    run: (work: Work<Service, In, ParentItem>) => Promise<unknown>,
    parent?: Parent<Service, ParentItem>,
  ): Operation<Service, In>;

  /** Makes an operation that runs in one transaction: everything is written, or nothing. */
  writing<In, ParentItem = unknown>(
    run: (work: Change<Service, In, ParentItem>) => Promise<unknown>,
    parent?: Parent<Service, ParentItem>,
  ): Operation<Service, In>;

  /** Makes an operation that opens its own transactions, for work that can't run inside one. */
  spanning<In>(run: (call: OpenCall<Service, In>) => Promise<unknown>): Operation<Service, In>;

  /** Makes an operation that returns something of the item that the input names. */
  viewing<Item, ParentItem, In extends Named, Named>(
    place: Place<Service, Item, ParentItem, Named>,
    view: (item: Item, work: Work<Service, In, ParentItem>) => unknown | Promise<unknown>,
  ): Operation<Service, In>;

  /**
   * Makes an operation that changes the item that the input names. It returns nothing, or something of the new item.
   */
  changing<Item, ParentItem, In extends Named, Named>(
    place: Place<Service, Item, ParentItem, Named>,
    change: (item: Item, work: Change<Service, In, ParentItem>) => Item | Promise<Item>,
    answer?: (item: Item, work: Change<Service, In, ParentItem>) => unknown | Promise<unknown>,
    afterWrite?: (work: Change<Service, In, ParentItem>) => Promise<void>,
  ): Operation<Service, In>;

  /** Makes a family's place whose items are documents of a kind. */
  documents<Item extends object, Member extends string, ParentItem = unknown>(
    options: DocumentsOptions<Service, Item, ParentItem, Member>,
  ): Documents<Service, Item, ParentItem, { readonly [Name in Member]: string }>;

  /** Returns the page that the input asks for, of items in the order of their keys. */
  pageOfItems<Item>(work: Work<Service, object>, all: readonly Item[], keyOf: (item: Item) => string): Page<Item>;

  /**
   * Returns a page in the form of the service's output; `items` is the member with the items, if the dialect names
   * none.
   */
  answerPage(page: Page<unknown>, items?: string): object;
}

/** Returns the functions that declare the families of a service. */
export function makeFamilies<Client, Service extends object>(
  conventions: Conventions<Service>,
): Families<Client, Service> {
  const { scopeOf, paging } = conventions;

  // Below, an input is an object with any members. `Families` gives each input its type, by its operation's name.
  type AnyWork = Work<Service, Input>;
  type AnyChange = Change<Service, Input>;
  type AnyPlace = Place<Service, object, unknown, Input>;
  type AnyOperation = Operation<Service, Input>;

  const read = <Result, ParentItem>(
    { store, service, input, call }: Bound<Service>,
    run: (work: Work<Service, Input, ParentItem>) => Promise<Result>,
    parent?: Parent<Service, ParentItem>,
  ): Promise<Result> =>
    store.read(scopeOf(call), async (tx) =>
      run(await withParent({ ...service, input, call, tx, parent: undefined, parentId: "" }, parent)),
    );

  const write = async <Result, ParentItem>(
    { store, service, input, call }: Bound<Service>,
    run: (work: Change<Service, Input, ParentItem>) => Promise<Result>,
    parent?: Parent<Service, ParentItem>,
  ): Promise<Result> => {
    const { result, after } = await store.write(scopeOf(call), async (tx) => {
      // Each run has its own list, because only the last run counts.
      const after: (() => Promise<void>)[] = [];
      const afterCommit = (one: () => Promise<void>) => void after.push(one);
      const work = { ...service, input, call, tx, parent: undefined, parentId: "", afterCommit };
      return { result: await run(await withParent(work, parent)), after };
    });
    for (const one of after) await one();
    return result;
  };

  const reading =
    (run: (work: AnyWork) => Promise<unknown>, parent?: Parent<Service, unknown>): AnyOperation =>
    (store, service) =>
    (input, call) =>
      read({ store, service, input, call }, run, parent);

  const writing =
    (run: (work: AnyChange) => Promise<unknown>, parent?: Parent<Service, unknown>): AnyOperation =>
    (store, service) =>
    (input, call) =>
      write({ store, service, input, call }, run, parent);

  const spanning =
    (run: (call: OpenCall<Service, Input>) => Promise<unknown>): AnyOperation =>
    (store, service) =>
    (input, call) => {
      const bound = { store, service, input, call };
      return run({
        ...service,
        input,
        call,
        read: (one, parent) => read(bound, one, parent),
        write: (one, parent) => write(bound, one, parent),
      });
    };

  const viewing = (place: AnyPlace, view: (item: object, work: AnyWork) => unknown): AnyOperation =>
    reading(async (work) => view(await place.find(work), work), place.parentOfItem ?? place.parent);

  const changing = (
    place: AnyPlace,
    change: (item: object, work: AnyChange) => object | Promise<object>,
    answer: (item: object, work: AnyChange) => unknown = () => ({}),
    afterWrite?: (work: AnyChange) => Promise<void>,
  ): AnyOperation =>
    writing(async (work) => {
      const before = await place.find(work);
      const item = await change(before, work);
      // An update that changes nothing writes nothing, so that nobody is told of a change.
      if (item !== before) {
        await place.put(item, work);
        await afterWrite?.(work);
      }
      return answer(item, work);
    }, place.parentOfItem ?? place.parent);

  const update = (family: AnyFamily<Service>, before: object, work: AnyChange): object => {
    const { patch, merge } = family;
    if (merge !== undefined) return mergeInto<object, Input>(before, work.input, merge, conventions.memberNames);
    const list = (work.input["patchOperations"] ?? []) as readonly PatchOperation[];
    if (list.length === 0) return before;
    const max = conventions.patchOperationsMax?.(work) ?? Number.POSITIVE_INFINITY;
    if (list.length > max) throw badRequest("Too many patch operations");
    return applyPatch(before, list, patch!);
  };

  const defineResource = (family: AnyFamily<Service>): OperationTable<Service> => {
    const { operations, place, create, view = (item: object) => item, complete } = family;
    const list = family.list ?? place.list;
    const table: Record<string, AnyOperation> = {};
    const parentFor = (operation: "create" | "delete") => {
      const parent = operation === "create" ? place.parent : (place.parentOfItem ?? place.parent);
      const words = family.missingParent?.[operation];
      return parent === undefined || words === undefined ? parent : sayingMissing(parent, words);
    };
    if (operations.create !== undefined && create !== undefined) {
      table[operations.create] = writing(async (work) => {
        const item = await create(work);
        await place.put(item, work);
        await family.afterWrite?.(work);
        return view(item, work, "create");
      }, parentFor("create"));
    }
    if (operations.get !== undefined) table[operations.get] = viewing(place, (item, work) => view(item, work, "get"));
    if (operations.list !== undefined && list !== undefined) {
      table[operations.list] = reading(async (work) => {
        const found = await list(work);
        const items: unknown[] = [];
        for (const item of found.items) items.push(await view(item, work, "list"));
        return pageAnswer({ ...found, items }, paging, family.listedAs);
      }, place.parent);
    }
    if (operations.update !== undefined) {
      const change = (before: object, work: AnyChange): object | Promise<object> => {
        const item = update(family, before, work);
        return item === before || complete === undefined ? item : complete(item, before, work);
      };
      table[operations.update] = changing(place, change, (item, work) => view(item, work, "update"), family.afterWrite);
    }
    if (operations.delete !== undefined) {
      table[operations.delete] = writing(async (work) => {
        const item = await place.find(work);
        await family.onDelete?.(item, work);
        await place.delete(item, work);
        await family.afterWrite?.(work);
        return {};
      }, parentFor("delete"));
    }
    return table;
  };

  const families = {
    defineResource,
    operations: (table: OperationTable<Service>) => table,
    reading,
    writing,
    spanning,
    viewing,
    changing,
    documents: (options: DocumentsOptions<Service, object, unknown, string>) => documentsOf(options, paging),
    pageOfItems: <Item>({ input }: AnyWork, all: readonly Item[], keyOf: (item: Item) => string) =>
      page(all, keyOf, pageRequestOf(input, paging), paging),
    answerPage: (found: Page<unknown>, items?: string) => pageAnswer(found, paging, items),
  };
  // The one place where inputs get their types. They are right because the protocol layer has bound and checked every
  // input by its operation's model, from which the SDK's types are made as well.
  return families as unknown as Families<Client, Service>;
}

/** A family without its types. */
interface AnyFamily<Service> {
  readonly operations: { readonly [Operation in "create" | "get" | "list" | "update" | "delete"]?: string };
  readonly place: Place<Service, object, unknown, Input>;
  readonly missingParent?: { readonly [Operation in "create" | "delete"]?: (missing: ApiError) => ApiError };
  readonly create?: (work: Change<Service, Input>) => Promise<object>;
  readonly list?: (work: Work<Service, Input>) => Promise<Page<object>>;
  readonly listedAs?: string;
  readonly patch?: PatchTable;
  readonly merge?: MergeRules<object, Input>;
  readonly complete?: (item: object, before: object, work: Change<Service, Input>) => object | Promise<object>;
  readonly onDelete?: (item: object, work: Change<Service, Input>) => Promise<void>;
  readonly afterWrite?: (work: Change<Service, Input>) => Promise<void>;
  readonly view?: (item: object, work: Work<Service, Input>, by: ViewingOperation) => unknown;
}

/** A call of an operation, with its store and service. */
interface Bound<Service> {
  readonly store: Store;
  readonly service: Service;
  readonly input: Input;
  readonly call: CallContext;
}
