import { ApiError } from "../protocol/errors.ts";
import type { CallContext } from "../protocol/operation.ts";
import { type Page, type PageRequest, type PagingDialect, page, pageWindow } from "../protocol/paging.ts";
import type { Change, Input, Parent, Work } from "./work.ts";

/**
 * Where a family's items are stored. `Named` has the members of the input that `find` needs. The item's parent is found
 * before any of these functions is called, and is in `work.parent`.
 */
export interface Place<Service, Item, ParentItem, Named> {
  readonly parent?: Parent<Service, ParentItem>;
  /** The parent for operations on one item, if they answer something else when it does not exist. */
  readonly parentOfItem?: Parent<Service, ParentItem>;
  /** Returns the item that the input names; throws AWS's 404 if it does not exist. */
  readonly find: (work: Work<Service, Named, ParentItem>) => Promise<Item>;
  readonly put: (item: Item, work: Change<Service, unknown, ParentItem>) => Promise<void>;
  readonly delete: (item: Item, work: Change<Service, unknown, ParentItem>) => Promise<void>;
  readonly list?: (work: Work<Service, object, ParentItem>) => Promise<Page<Item>>;
}

/** A place where each item is a document of its own, which may be the parent of others. */
export interface Documents<Service, Item, ParentItem, Named>
  extends Place<Service, Item, ParentItem, Named>,
    Parent<Service, Item> {
  readonly list: (work: Work<Service, object, ParentItem>) => Promise<Page<Item>>;
  /** Returns every item of the parent, in the order of their ids. */
  readonly all: (work: Work<Service, unknown, ParentItem>) => Promise<readonly Item[]>;
  /** Returns the number of items that the parent has. */
  readonly count: (work: Work<Service, unknown, ParentItem>) => Promise<number>;
  /** Returns the parent's item of that id, if it exists. */
  readonly get: (work: Work<Service, unknown, ParentItem>, id: string) => Promise<Item | undefined>;
  /** Returns an id of that length that none of the parent's items has. */
  readonly freshId: (work: Work<Service, unknown, ParentItem>, length: number) => Promise<string>;
}

/** The options of a place whose items are documents: what differs between kinds. */
export interface DocumentsOptions<Service, Item, ParentItem, Member extends string> {
  readonly kind: string;
  /** The input's member that names an item. */
  readonly member: Member;
  readonly idOf: (item: Item) => string;
  /**
   * Returns the id that the member's text stands for, or undefined if it stands for none; without this function, the
   * text is the id.
   */
  readonly idFrom?: (named: string, input: Input) => string | undefined;
  /** Returns AWS's error for an id that does not exist. */
  readonly missing: (id: string, call: CallContext) => ApiError;
  /**
   * The order of a list: the store's `creationOrder`, or that of an index; by default it is the order of ids, which suits
   * names.
   */
  readonly order?: string;
  /** Whether an item of a parent that does not exist is itself called missing. */
  readonly speaksForParent?: boolean;
  /**
   * The parent of the items. Their ids begin with its document's id and a slash; without a parent, they belong to the
   * account.
   */
  readonly parent?: Parent<Service, ParentItem>;
}

/** Makes a family's place whose items are documents of a kind. */
export function documentsOf<Service extends object, Item extends object, ParentItem, Member extends string>(
  options: DocumentsOptions<Service, Item, ParentItem, Member>,
  dialect: PagingDialect,
): Documents<Service, Item, ParentItem, { readonly [Name in Member]: string }> {
  const { kind, idOf, parent, missing, idFrom = (named) => named } = options;
  // The input has the operation's type, of which only this member matters here.
  const member: string = options.member;

  // Documents of the account have no parent, whichever operation asks for them.
  const prefixOf = ({ parentId }: Work<Service>): string => (parent === undefined ? "" : `${parentId}/`);
  const get = async (work: Work<Service>, id: string) => (await work.tx.get<Item>(kind, prefixOf(work) + id))?.body;
  const find = async (work: Work<Service, Input>): Promise<Item> => {
    const named = work.input[member] as string;
    const id = idFrom(named, work.input);
    const item = id === undefined ? undefined : await get(work, id);
    if (item === undefined) throw missing(named, work.call);
    return item;
  };
  const parentOfItem =
    parent !== undefined && options.speaksForParent === true
      ? sayingMissing(parent, (_, { input, call }) => missing(input[member] as string, call))
      : parent;
  return {
    ...(parent === undefined ? {} : { parent }),
    ...(parentOfItem === undefined ? {} : { parentOfItem }),
    async locate(work) {
      const inParent = await withParent(work, parentOfItem);
      const item = await find(inParent);
      return { item, id: prefixOf(inParent) + idOf(item) };
    },
    get,
    find,
    put: (item, work) => work.tx.put(kind, prefixOf(work) + idOf(item), item),
    delete: (item, work) => work.tx.delete(kind, prefixOf(work) + idOf(item)),
    async list(work) {
      const { tx, input } = work;
      // Only the page is read, so a list costs the same however many items there are.
      const { limit, after } = pageWindow(pageRequestOf(input, dialect), dialect);
      const { order } = options;
      const window = {
        prefix: prefixOf(work),
        limit: limit + 1,
        // One that can't be read must not hide the others.
        keepsDamaged: true,
        ...(after === undefined ? {} : { after }),
        ...(order === undefined ? {} : { order }),
      };
      const found = await tx.list<Item>(kind, window);
      const { items, next } = page(found, ({ id, position }) => position ?? id, pageRequestOf(input, dialect), dialect);
      return { items: items.filter(({ damage }) => damage === undefined).map(({ body }) => body), next };
    },
    async all(work) {
      const found = await work.tx.list<Item>(kind, { prefix: prefixOf(work) });
      return found.map(({ body }) => body);
    },
    count: (work) => work.tx.count(kind, prefixOf(work)),
    async freshId(work, length) {
      for (;;) {
        const id = work.call.ids.id(length);
        if ((await get(work, id)) === undefined) return id;
      }
    },
  };
}

/** Makes a parent with another error for one that does not exist. */
export const sayingMissing = <Service, Item>(
  parent: Parent<Service, Item>,
  words: (missing: ApiError, work: Work<Service, Input>) => ApiError,
): Parent<Service, Item> => ({
  async locate(work) {
    try {
      return await parent.locate(work);
    } catch (error) {
      throw error instanceof ApiError ? words(error, work) : error;
    }
  },
});

/** Returns the same work with the parent of its item, which is found first. */
export async function withParent<Service, ParentItem, In extends Input, W extends Work<Service, In>>(
  work: W,
  parent: Parent<Service, ParentItem> | undefined,
): Promise<W & { readonly parent: ParentItem }> {
  if (parent === undefined) return { ...work, parent: undefined as ParentItem, parentId: "" };
  const { item, id } = await parent.locate(work);
  return { ...work, parent: item, parentId: id };
}

/** Returns the page that an input asks for, by the members that its service's dialect names. */
export function pageRequestOf(input: object, { members }: PagingDialect): PageRequest {
  const { [members.limit]: limit, [members.token]: token } = input as Input;
  return { limit: limit as number | string | undefined, token: token as string | undefined };
}
