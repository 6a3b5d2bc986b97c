import { setTimeout as pause } from "node:timers/promises";
import { bounds } from "../base/bounds.ts";
import type { Change, Scope, Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ToThread } from "./messages.ts";
import type { Publication, PublicationKind, PublicationName, PublicationValues } from "./publications/publication.ts";
import type {
  DocumentSource,
  Product,
  PublicationSource,
  PublishedThings,
  ValueContent,
} from "./publications/publication-source.ts";
import type { PublicationSources } from "./publications/publication-sources.ts";
import { isConcerned, SourceIndex } from "./publications/source-index.ts";

export interface ReconcilerOptions {
  readonly store: Store;
  readonly sources: PublicationSources;
  /** Sends a message to every gateway thread. */
  readonly post: (message: ToThread) => void;
  readonly logger: Logger;
}

type Value = PublicationValues[PublicationKind];

/** What the threads were told about one thing. */
interface Entry {
  readonly name: PublicationName;
  readonly revision: number;
  /** The published value; undefined if there is nothing to publish for now, or because it can't be made. */
  readonly value: Value | undefined;
  readonly sources: readonly DocumentSource[];
  readonly names: readonly PublicationName[];
  /** That of the reading that the value was made from. */
  readonly fingerprint: string | undefined;
  /** Why the value could not be made; what is published in its place is closed. */
  readonly problem: string | undefined;
  /** How many times in a row the value could not be made. */
  readonly failures: number;
  readonly retry: NodeJS.Timeout | undefined;
  /** Why a thread could not apply the value, if one could not. */
  refusal?: string;
}

/** The changes that come while a value is made; its sources may have been read before them. */
interface Watch {
  readonly kinds: ReadonlySet<string>;
  readonly isAwaited: boolean;
  readonly changes: Change[];
}

/** How long changes that nobody waits for are collected. */
const gatherMs = 200;
/** The pauses after which a failed read is repeated, before the thing counts as one that can't be made. */
const readAgainMs: readonly number[] = [20, 100];

/**
 * Keeps the gateway threads in step with the store: it sees changes, makes the published things again that they
 * concern, and sends them. There is no other way from a definition to what is served. The table of sources says what is
 * published and what it is made from.
 *
 * A thing that can't be made is closed or withdrawn at once, because nobody can tell which guard the change would have
 * added. Making it is tried again from time to time, and at the next change.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #kinds: readonly PublicationKind[];
  readonly #entries: ReadonlyMap<PublicationKind, Map<string, Entry>>;
  readonly #index = new SourceIndex<Entry>();
  readonly #published: PublishedThings;
  /** How many published things name another one. */
  readonly #namings = new Map<string, number>();
  readonly #stale = new Map<string, PublicationName>();
  /** The stale things that nobody waits for. */
  readonly #staleLater = new Map<string, PublicationName>();
  readonly #watches = new Set<Watch>();
  #unsubscribe: () => void = () => undefined;
  /** The last commit that touched an awaited thing, and the last such commit that was sent to the threads. */
  #neededRevision = 0;
  #sentRevision = 0;
  /** The commits that touched an awaited thing: a bounded number of the latest ones, and the last one before those. */
  readonly #touching = new Set<number>();
  #lastForgotten = -1;
  #work: Promise<void> = Promise.resolve();
  #workLater: Promise<void> = Promise.resolve();
  #isScheduled = false;
  #laterTimer: NodeJS.Timeout | undefined;
  #hasStarted = false;
  #isClosed = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#kinds = Object.keys(options.sources) as PublicationKind[];
    this.#entries = new Map(this.#kinds.map((kind) => [kind, new Map<string, Entry>()]));
    this.#published = {
      find: <Kind extends PublicationKind>(kind: Kind, key: string) =>
        this.#find({ kind, key })?.value as PublicationValues[Kind] | undefined,
    };
  }

  /** Publishes everything that is stored, and follows the store from then on. */
  async start(): Promise<void> {
    const { store } = this.#options;
    this.#unsubscribe = store.subscribe((changes) => this.#see(changes));
    this.#neededRevision = await store.revision();
    for (const kind of this.#kinds) {
      const { extent } = this.#source(kind);
      if (extent.kind !== "each") continue;
      for (const documents of extent.documents)
        for (const { id, scope } of await store.addresses(documents))
          this.#mark({ kind, key: extent.keyOf?.(id, scope) ?? id, scope });
    }
    this.#schedule();
    await this.#work;
  }

  /** Resolves with the revision that the threads must have applied for everything committed so far to be in effect. */
  async caughtUp(): Promise<number> {
    while (this.#sentRevision < this.#neededRevision && !this.#isClosed) await this.#work;
    return this.#neededRevision;
  }

  /**
   * Resolves with the revision that the threads must have applied for these commits to be in effect; undefined if they
   * touched nothing that is awaited. It must be called right after the commits.
   */
  async sent(commits: readonly number[]): Promise<number | undefined> {
    const touching = commits.filter((revision) => revision <= this.#lastForgotten || this.#touching.has(revision));
    if (touching.length === 0) return undefined;
    const last = Math.max(...touching);
    while (this.#sentRevision < last && !this.#isClosed) await this.#work;
    return last;
  }

  /** Yields the messages that a new thread must get. */
  *replay(): Generator<ToThread> {
    for (const entries of this.#entries.values())
      for (const { name, revision, value } of entries.values())
        if (value !== undefined) yield publication(name, revision, value);
    // A thread must not serve before that, because it would answer for stages that it does not know yet.
    if (this.#hasStarted) yield { kind: "revision", revision: this.#sentRevision };
  }

  /** Returns what is published under a key, and why it differs from the store if it does. */
  find<Kind extends PublicationKind>(
    kind: Kind,
    key: string,
  ): { readonly value: PublicationValues[Kind] | undefined; readonly problem: string | undefined } | undefined {
    const entry = this.#find({ kind, key });
    if (entry === undefined) return undefined;
    return { value: entry.value as PublicationValues[Kind] | undefined, problem: entry.problem ?? entry.refusal };
  }

  /** Records that a thread could not apply a publication. */
  refused({ kind, key, revision }: Pick<Publication, "kind" | "key" | "revision">, reason: string): void {
    const entry = this.#find({ kind, key });
    if (entry?.revision === revision) entry.refusal = reason;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    clearTimeout(this.#laterTimer);
    for (const entries of this.#entries.values()) for (const { retry } of entries.values()) clearTimeout(retry);
    await this.#work;
    await this.#workLater;
  }

  // ---- What changed ----

  #see(changes: readonly Change[]): void {
    for (const change of changes) {
      let isAwaited = false;
      for (const kind of this.#kinds) {
        const { extent } = this.#source(kind);
        if (extent.kind !== "each" || !extent.documents.includes(change.kind)) continue;
        const key = extent.keyOf?.(change.id, change.scope) ?? change.id;
        isAwaited = this.#mark({ kind, key, scope: change.scope }) || isAwaited;
      }
      for (const { name } of this.#index.concernedBy(change)) isAwaited = this.#mark(name) || isAwaited;
      for (const watch of this.#watches) {
        if (!watch.kinds.has(change.kind)) continue;
        watch.changes.push(change);
        isAwaited ||= watch.isAwaited;
      }
      if (isAwaited) this.#touch(change.revision);
    }
    this.#scheduleLater();
  }

  #touch(revision: number): void {
    this.#neededRevision = Math.max(this.#neededRevision, revision);
    this.#touching.add(revision);
    if (this.#touching.size > bounds.publishedCommitsMax.value) {
      const [oldest = revision] = this.#touching;
      this.#touching.delete(oldest);
      this.#lastForgotten = oldest;
    }
    this.#schedule();
  }

  /** Marks a thing as stale, so that it is made again. Returns whether anybody waits for it. */
  #mark(name: PublicationName): boolean {
    const { isAwaited } = this.#source(name.kind);
    (isAwaited ? this.#stale : this.#staleLater).set(nameText(name), name);
    return isAwaited;
  }

  #makeAnew(name: PublicationName): void {
    if (this.#mark(name)) this.#schedule();
    else this.#scheduleLater();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#work = this.#work.then(() => this.#reconcile());
  }

  #scheduleLater(): void {
    if (this.#isClosed || this.#staleLater.size === 0) return;
    this.#laterTimer ??= setTimeout(() => {
      this.#laterTimer = undefined;
      // This work runs beside the other, because a deployment must not wait for hints.
      this.#workLater = this.#workLater.then(() => this.#publishAll(this.#staleLater, this.#sentRevision));
    }, gatherMs);
  }

  async #reconcile(): Promise<void> {
    this.#isScheduled = false;
    // The revision is read before the work; the next round handles commits made meanwhile.
    const revision = this.#neededRevision;
    await this.#publishAll(this.#stale, revision);
    this.#sentRevision = revision;
    this.#hasStarted = true;
    this.#options.post({ kind: "revision", revision });
    this.#scheduleLater();
  }

  async #publishAll(stale: Map<string, PublicationName>, revision: number): Promise<void> {
    const names = [...stale.values()];
    stale.clear();
    for (const kind of this.#kinds) {
      const isNamed = this.#source(kind).extent.kind === "named";
      for (const name of names) {
        // A thing that nothing names any more was withdrawn after it was marked.
        if (name.kind !== kind || this.#isClosed || (isNamed && this.#find(name) === undefined)) continue;
        await this.#publish(name, revision);
      }
    }
  }

  // ---- What is published ----

  async #publish(name: PublicationName, revision: number): Promise<void> {
    const source = this.#source(name.kind);
    const watch: Watch = { kinds: new Set(source.madeFrom), isAwaited: source.isAwaited, changes: [] };
    this.#watches.add(watch);
    const made = await this.#make(name);
    this.#watches.delete(watch);
    const before = this.#find(name);
    if (made === undefined) {
      // The key may belong to another account by now, whose own change publishes its value.
      if (before !== undefined && isSameScope(before.name.scope, name.scope)) this.#withdraw(before, revision);
      return;
    }
    for (const named of made.names) if (this.#find(named) === undefined) await this.#publish(named, revision);
    this.#enter({ ...made, name, revision }, before);
    if (watch.changes.some((change) => isConcerned(made.sources, change))) this.#makeAnew(name);
  }

  /** Makes a thing. Returns undefined if it does not exist any more. The promise never rejects. */
  async #make(name: PublicationName): Promise<Omit<Entry, "name" | "revision"> | undefined> {
    const source = this.#source(name.kind);
    const before = this.#find(name);
    let sources = before?.sources ?? [];
    try {
      const reading = await this.#read(source, name);
      if (reading === undefined) return undefined;
      sources = reading.sources;
      const { fingerprint, names = [] } = reading;
      const made: Product<Value> = isMadeOf(before, fingerprint) ? before : await reading.make();
      return {
        value: made.value,
        sources: made.sources ?? sources,
        names,
        fingerprint,
        problem: undefined,
        failures: 0,
        retry: undefined,
      };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (before?.problem !== problem) {
        const stack = error instanceof Error ? error.stack : problem;
        this.#options.logger.error(source.failure, { kind: name.kind, key: name.key, error: stack });
      }
      const failures = (before?.failures ?? 0) + 1;
      const retry = this.#tryAgain(name, failures);
      return {
        value: source.closed?.(name, problem),
        sources,
        names: [],
        fingerprint: undefined,
        problem,
        failures,
        retry,
      };
    }
  }

  /**
   * Reads a thing's sources. A disk that fails for a moment closes nothing: the read is repeated while the writer still
   * waits.
   */
  async #read(
    source: PublicationSource<PublicationKind>,
    name: PublicationName,
  ): Promise<ValueContent<Value> | undefined> {
    for (const pauseMs of [...readAgainMs, undefined]) {
      try {
        return await this.#options.store.read(name.scope, (tx) => source.read(tx, name, this.#published));
      } catch (error) {
        if (pauseMs === undefined || this.#isClosed) throw error;
        await pause(pauseMs);
      }
    }
    return undefined;
  }

  #tryAgain(name: PublicationName, failures: number): NodeJS.Timeout {
    const delayMs = Math.min(bounds.publicationRetryMs.value * 2 ** (failures - 1), bounds.publicationRetryMsMax.value);
    return setTimeout(() => this.#makeAnew(name), delayMs).unref();
  }

  #enter(entry: Entry, before: Entry | undefined): void {
    const { name, revision, value } = entry;
    this.#replace(before, entry);
    for (const named of entry.names) this.#count(named, 1);
    const isStillClosed = entry.problem !== undefined && entry.problem === before?.problem;
    const isNews = !isStillClosed && !this.#isSame(name.kind, before?.value, value);
    if (value !== undefined && isNews) this.#options.post(publication(name, revision, value));
    else if (value === undefined && before?.value !== undefined) this.#options.post(publication(name, revision, null));
    for (const named of before?.names ?? []) this.#release(named, revision);
    this.#markBeside(name);
  }

  #withdraw(entry: Entry, revision: number): void {
    this.#replace(entry, undefined);
    if (entry.value !== undefined) this.#options.post(publication(entry.name, revision, null));
    for (const named of entry.names) this.#release(named, revision);
    this.#markBeside(entry.name);
  }

  #replace(before: Entry | undefined, after: Entry | undefined): void {
    if (before !== undefined) {
      clearTimeout(before.retry);
      this.#index.remove(before, before.sources);
      this.#entries.get(before.name.kind)?.delete(before.name.key);
    }
    if (after === undefined) return;
    this.#index.add(after, after.sources);
    this.#entries.get(after.name.kind)?.set(after.name.key, after);
  }

  #isSame(kind: PublicationKind, before: Value | undefined, after: Value | undefined): boolean {
    if (before === undefined || after === undefined) return false;
    if (before === after) return true;
    return this.#source(kind).isSame?.(before, after) === true;
  }

  #count(name: PublicationName, change: number): number {
    const text = nameText(name);
    const count = (this.#namings.get(text) ?? 0) + change;
    if (count === 0) this.#namings.delete(text);
    else this.#namings.set(text, count);
    return count;
  }

  /** Counts one name less for a thing, and withdraws it if nothing names it any more. */
  #release(name: PublicationName, revision: number): void {
    if (this.#count(name, -1) > 0) return;
    const entry = this.#find(name);
    if (entry !== undefined) this.#withdraw(entry, revision);
  }

  #markBeside({ kind, key, scope }: PublicationName): void {
    for (const other of this.#kinds) {
      const { extent } = this.#source(other);
      if (extent.kind === "beside" && extent.publication === kind) this.#mark({ kind: other, key, scope });
    }
  }

  #find({ kind, key }: Pick<PublicationName, "kind" | "key">): Entry | undefined {
    return this.#entries.get(kind)?.get(key);
  }

  #source(kind: PublicationKind): PublicationSource<PublicationKind> {
    return this.#options.sources[kind] as PublicationSource<PublicationKind>;
  }
}

/**
 * Makes the message to the threads. The value has the kind of its source, which TypeScript can't follow through the
 * table.
 */
const publication = ({ kind, key }: PublicationName, revision: number, value: Value | null): Publication =>
  ({ kind, key, revision, value }) as Publication;

/** Was it made of the same, and could every thread take it in? */
const isMadeOf = (entry: Entry | undefined, fingerprint: string | undefined): entry is Entry =>
  fingerprint !== undefined &&
  entry?.fingerprint === fingerprint &&
  entry.problem === undefined &&
  entry.refusal === undefined;

const nameText = ({ kind, key }: PublicationName): string => `${kind} ${key}`;

const isSameScope = (a: Scope, b: Scope): boolean => a.account === b.account && a.region === b.region;
