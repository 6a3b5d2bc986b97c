import type { ApiError } from "../protocol/errors.ts";
import type { CallContext } from "../protocol/operation.ts";
import { type Page, type PageRequest, type PagingDialect, page, pageWindow } from "../protocol/paging.ts";
import type { Change, Input, Parent, Work } from "./work.ts";

/**
 * Where a family's items are kept. `Named` is what `find` needs of the input; what an item belongs to is found before any
 * of these is called, and is in `work.parent`.
 */
export interface Place<Service, Item, ParentItem, Named> {
  readonly parent?: Parent<Service, ParentItem>;
  /** The item that the input names; throws AWS's 404 if it is not there. */
  readonly find: (work: Work<Service, Named, ParentItem>) => Promise<Item>;
  readonly put: (item: Item, work: Change<Service, unknown, ParentItem>) => Promise<void>;
  readonly delete: (item: Item, work: Change<Service, unknown, ParentItem>) => Promise<void>;
  readonly list?: (work: Work<Service, object, ParentItem>) => Promise<Page<Item>>;
}

/** A place where each item is a document of its own; it may be the parent of others. */
export interface Documents<Service, Item, ParentItem, Named>
  extends Place<Service, Item, ParentItem, Named>,
    Parent<Service, Item> {
  readonly list: (work: Work<Service, object, ParentItem>) => Promise<Page<Item>>;
  /** Every item of the parent, in the order of their ids. */
  readonly all: (work: Work<Service, unknown, ParentItem>) => Promise<readonly Item[]>;
  /** How many items the parent has. */
  readonly count: (work: Work<Service, unknown, ParentItem>) => Promise<number>;
  /** The parent's item of that id, if it is there. */
  readonly get: (work: Work<Service, unknown, ParentItem>, id: string) => Promise<Item | undefined>;
  /** An id of so many characters that none of the parent's items has. */
  readonly freshId: (work: Work<Service, unknown, ParentItem>, length: number) => Promise<string>;
}

/** What tells the documents of one kind from others. */
export interface DocumentsOptions<Service, Item, ParentItem, Member extends string> {
  readonly kind: string;
  /** The input's member that names one. */
  readonly member: Member;
  readonly idOf: (item: Item) => string;
  /** The id that the member's text stands for, where it is not the text itself; undefined if it can't be any. */
  readonly idFrom?: (named: string, input: Input) => string | undefined;
  /** What AWS answers to an id that there is none of. */
  readonly missing: (id: string, call: CallContext) => ApiError;
  /** What they belong to. Its document's id and a slash begin theirs; without one they are the account's. */
  readonly parent?: Parent<Service, ParentItem>;
}

/** Documents of a kind as a family's place. */
export function documentsOf<Service extends object, Item extends object, ParentItem, Member extends string>(
  options: DocumentsOptions<Service, Item, ParentItem, Member>,
  dialect: PagingDialect,
): Documents<Service, Item, ParentItem, { readonly [Name in Member]: string }> {
  const { kind, idOf, parent, missing, idFrom = (named) => named } = options;
  // The input's type is the operation's, of which only this member matters here.
  const member: string = options.member;

  // Documents of the account have no parent, whoever asks for them.
  const prefixOf = ({ parentId }: Work<Service>): string => (parent === undefined ? "" : `${parentId}/`);
  const get = async (work: Work<Service>, id: string) => (await work.tx.get<Item>(kind, prefixOf(work) + id))?.body;
  const find = async (work: Work<Service, Input>): Promise<Item> => {
    const named = work.input[member] as string;
    const id = idFrom(named, work.input);
    const item = id === undefined ? undefined : await get(work, id);
    if (item === undefined) throw missing(named, work.call);
    return item;
  };
  return {
    ...(parent === undefined ? {} : { parent }),
    async locate(work) {
      const inParent = await withParent(work, parent);
      const item = await find(inParent);
      return { item, id: prefixOf(inParent) + idOf(item) };
    },
    get,
    find,
    put: (item, work) => work.tx.put(kind, prefixOf(work) + idOf(item), item),
    delete: (item, work) => work.tx.delete(kind, prefixOf(work) + idOf(item)),
    async list(work) {
      const { tx, input } = work;
      // Only the page is read: a list costs the same however many there are.
      const { limit, after } = pageWindow(pageRequestOf(input, dialect), dialect);
      const window = { prefix: prefixOf(work), limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const found = await tx.list<Item>(kind, window);
      const { items, next } = page(found, ({ id }) => id, pageRequestOf(input, dialect), dialect);
      return { items: items.map(({ body }) => body), next };
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

/** The same work with what its item belongs to, which is found first. */
export async function withParent<Service, ParentItem, In extends Input, W extends Work<Service, In>>(
  work: W,
  parent: Parent<Service, ParentItem> | undefined,
): Promise<W & { readonly parent: ParentItem }> {
  if (parent === undefined) return { ...work, parent: undefined as ParentItem, parentId: "" };
  const { item, id } = await parent.locate(work);
  return { ...work, parent: item, parentId: id };
}

/** The page that an input asks for, by the members that its service's dialect names. */
export function pageRequestOf(input: object, { members }: PagingDialect): PageRequest {
  const { [members.limit]: limit, [members.token]: token } = input as Input;
  return { limit: limit as number | string | undefined, token: token as string | undefined };
}
