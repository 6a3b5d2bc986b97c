import type { Source } from "../../services/iam/load-role.ts";
import type { Reader } from "../../store/store.ts";
import type { PublicationKind, PublicationName, PublicationValues } from "./publication.ts";

/** Which things of a kind are published. */
export type Extent =
  /** One for each document of this kind, with the document's id as its key. */
  | { readonly kind: "each"; readonly documents: string }
  /** One beside each thing of another kind, with its key; made anew whenever that one is. */
  | { readonly kind: "beside"; readonly publication: PublicationKind }
  /** Those that other published things name, as long as they do. */
  | { readonly kind: "named" };

/** A document that a value is made from; an id that ends with a slash stands for all documents below it. */
export interface DocumentSource extends Source {
  /** Set where only the document's presence counts, to what it was: changes of the document itself then make nothing anew. */
  readonly isThere?: boolean;
}

/** What a value is made of, as one read transaction found it. */
export interface ValueContent<Value> {
  /** The documents that were read, there or not: a change of one of them makes the value anew. */
  readonly sources: readonly DocumentSource[];
  /** Published things that the value names: they are sent before it, and withdrawn after it. */
  readonly names?: readonly PublicationName[];
  /** Makes the value, when the transaction is over. What it throws is why the value can't be made. */
  make(): Product<Value> | Promise<Product<Value>>;
}

export interface Product<Value> {
  /** Undefined: there is nothing to be published, for now. */
  readonly value: Value | undefined;
  /** In place of the reading's, where the work shows what it depends on. */
  readonly sources?: readonly DocumentSource[];
}

/** What is published already. */
export interface PublishedThings {
  find<Kind extends PublicationKind>(kind: Kind, key: string): PublicationValues[Kind] | undefined;
}

/** Where the published things of a kind come from: a row of the reconciler's table. */
export interface PublicationSource<Kind extends PublicationKind> {
  readonly extent: Extent;
  /** The kinds of documents that its values are made from, besides those of the extent. */
  readonly madeFrom: readonly string[];
  /** Does a call that commits a change wait for the threads to have it? What is not awaited is gathered for a moment. */
  readonly isAwaited: boolean;
  /** What the server's log says when a value can't be made. */
  readonly failure: string;
  /** Undefined: there is no such thing any more. */
  read(
    tx: Reader,
    name: PublicationName,
    published: PublishedThings,
  ): Promise<ValueContent<PublicationValues[Kind]> | undefined>;
  /** Would a thread notice the difference? Without it, every value that was made anew is sent. */
  isSame?(before: PublicationValues[Kind], after: PublicationValues[Kind]): boolean;
  /** Takes the place of a value that can't be made, and lets nothing pass. Without it, the thing is withdrawn. */
  closed?(name: PublicationName, reason: string): PublicationValues[Kind];
}
