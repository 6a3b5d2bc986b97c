import type { Source } from "../../services/iam/identity-arn.ts";
import type { Reader, Scope } from "../../store/store.ts";
import type { PublicationKind, PublicationName, PublicationValues } from "./publication.ts";

/** Says which things of a kind are published. */
export type Extent =
  /**
   * One thing for each document of these kinds. Its key is the document's id, or what `keyOf` makes where ids are not unique
   * in the whole server.
   */
  | {
      readonly kind: "each";
      readonly documents: readonly string[];
      readonly keyOf?: (id: string, scope: Scope) => string;
    }
  /** One thing beside each thing of another kind, with the same key; it is made again whenever that one is. */
  | { readonly kind: "beside"; readonly publication: PublicationKind }
  /** The things that other published things name, as long as they do. */
  | { readonly kind: "named" };

/** A document that a value is made from. An id that ends with a slash stands for all documents below it. */
export interface DocumentSource extends Source {
  /**
   * Set if only the document's presence counts, to whether it was present. Changes of the document's content then don't
   * make the value again.
   */
  readonly isThere?: boolean;
}

/** What a value is made from, as one read transaction found it. */
export interface ValueContent<Value> {
  /** The documents that were read, whether they exist or not. A change of one of them makes the value again. */
  readonly sources: readonly DocumentSource[];
  /** Published things that the value names. They are sent before it, and withdrawn after it. */
  readonly names?: readonly PublicationName[];
  /**
   * Text of everything that the value is made from. Two readings have the same fingerprint only if they make equal values:
   * then nothing is made and nothing is sent. Without a fingerprint, each reading makes the value again.
   */
  readonly fingerprint?: string;
  /** Makes the value, after the transaction. An error that it throws says why the value can't be made. */
  make(): Product<Value> | Promise<Product<Value>>;
}

export interface Product<Value> {
  /** The value; undefined if there is nothing to publish for now. */
  readonly value: Value | undefined;
  /** The sources, in place of those of the reading, if making the value shows what it depends on. */
  readonly sources?: readonly DocumentSource[];
}

/** The things that are published already. */
export interface PublishedThings {
  find<Kind extends PublicationKind>(kind: Kind, key: string): PublicationValues[Kind] | undefined;
}

/** Where the published things of a kind come from: a row of the reconciler's table. */
export interface PublicationSource<Kind extends PublicationKind> {
  readonly extent: Extent;
  /** The kinds of documents that its values are made from, besides those of the extent. */
  readonly madeFrom: readonly string[];
  /**
   * Whether a call that commits a change waits until the threads have the new value. Changes that nobody waits for are
   * collected for a moment.
   */
  readonly isAwaited: boolean;
  /** The message of the server's log when a value can't be made. */
  readonly failure: string;
  /** Reads what the value is made from. Returns undefined if the thing does not exist any more. */
  read(
    tx: Reader,
    name: PublicationName,
    published: PublishedThings,
  ): Promise<ValueContent<PublicationValues[Kind]> | undefined>;
  /**
   * Returns whether a thread would not notice the difference. Without this function, every value that was made again is
   * sent.
   */
  isSame?(before: PublicationValues[Kind], after: PublicationValues[Kind]): boolean;
  /**
   * Returns the value that takes the place of one that can't be made, and lets nothing pass. Without this function, the
   * thing is withdrawn.
   */
  closed?(name: PublicationName, reason: string): PublicationValues[Kind];
}
