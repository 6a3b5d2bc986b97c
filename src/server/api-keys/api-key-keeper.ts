import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { type ApiKey, keyKinds, type UsageMonth, type UsagePlan, type UsagePlanKey } from "../../definition/api-key.ts";
import type { ApiKeyTable, UsedBefore } from "../../limits/api-key-table.ts";
import { dayOf, monthStartOf, periodStartOf, type QuotaPeriod, type QuotaShare } from "../../limits/quota-period.ts";
import type { TokenBuckets } from "../../limits/token-buckets.ts";
import type { Change, Scope, Store, StoredDocument } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { daysIn, type SavedDays, turnOfOthers, UsageCursor } from "./usage-cursor.ts";
import { monthOf, type UsageSaver } from "./usage-saver.ts";

export interface ApiKeyKeeperOptions {
  readonly store: Store;
  readonly table: ApiKeyTable;
  readonly saver: UsageSaver;
  /** The buckets of all keys. */
  readonly buckets: TokenBuckets;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Kind = (typeof keyKinds)["apiKey" | "usagePlan" | "usagePlanKey"];
const kinds: readonly Kind[] = [keyKinds.apiKey, keyKinds.usagePlan, keyKinds.usagePlanKey];

interface Address {
  readonly scope: Scope;
  readonly kind: Kind;
  readonly id: string;
}

/** What there is of an address: a document, none, or one that can't be read. */
type AddressContent = Address & { readonly document: StoredDocument<unknown> | undefined };

const batchMax = bounds.apiKeyBatchMax.value;

/**
 * Keeps the table of API keys as the store has them. There may be a million, so they are no publications of their own: a
 * change is written to the table's shared memory, and is then in effect in all threads.
 */
export class ApiKeyKeeper {
  readonly #options: ApiKeyKeeperOptions;
  readonly #pending = new Map<string, Address>();
  /** The periods of the plans' quotas, by the plans' slots. */
  readonly #periods = new Map<number, QuotaPeriod | undefined>();
  #unsubscribe: () => void = () => undefined;
  #work: Promise<void> = Promise.resolve();
  #isScheduled = false;
  #isClosed = false;

  constructor(options: ApiKeyKeeperOptions) {
    this.#options = options;
  }

  /** Takes in what is stored, and follows the store from then on. */
  async start(): Promise<void> {
    const { store, saver } = this.#options;
    const unseen: Change[] = [];
    const stop = store.subscribe((changes) => void unseen.push(...changes));
    await this.#each(keyKinds.apiKey, (scope, { id, body }) => this.#putKey(scope, id, body as ApiKey));
    await this.#each(keyKinds.usagePlan, (scope, { id, body }) => {
      const { table } = this.#options;
      this.#periods.set(table.planSlot(scope, id), (body as UsagePlan).quota?.period);
    });
    await this.#each(keyKinds.usagePlanKey, (scope, { id, body }) => void this.#link(scope, id, body as UsagePlanKey));
    await this.#loadCounts();
    stop();
    this.#unsubscribe = store.subscribe((changes) => this.#see(changes));
    this.#see(unseen);
    await this.caughtUp();
    saver.start();
  }

  /** Resolves when everything that was committed is in effect. */
  async caughtUp(): Promise<void> {
    while (this.#isScheduled && !this.#isClosed) await this.#work;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    await this.#work;
    await this.#options.saver.close();
  }

  // ---- Everything, at the start ----

  /** Calls back with all documents of a kind, some at a time, and with the ids of those that can't be read. */
  async #each(
    kind: string,
    take: (scope: Scope, document: StoredDocument<unknown>) => void,
    { prefix = "", leave = () => undefined }: { prefix?: string; leave?: (scope: Scope, id: string) => void } = {},
  ): Promise<void> {
    for (const scope of await this.#options.store.scopes(kind)) {
      for (let after: string | undefined = ""; after !== undefined; ) {
        const page = await this.#readPage(scope, kind, { prefix, after, limit: batchMax });
        for (const id of page.unreadable) leave(scope, id);
        for (const document of page.documents) {
          try {
            take(scope, document);
          } catch (error) {
            const { id } = document;
            this.#options.logger.error("A document of API keys can't be read.", { kind, id, error: String(error) });
            leave(scope, id);
          }
        }
        after = page.next;
        await turnOfOthers();
      }
    }
  }

  /** Reads some documents. Where one of them can't be read, the others are read one by one. */
  async #readPage(scope: Scope, kind: string, range: PageRange): Promise<DocumentPage> {
    const { store, logger } = this.#options;
    try {
      const documents = await store.read(scope, (tx) => tx.list(kind, range));
      return { documents, unreadable: [], next: documents.length < range.limit ? undefined : documents.at(-1)!.id };
    } catch {
      const ids = (await store.addresses(kind))
        .filter(({ scope: { account, region } }) => account === scope.account && region === scope.region)
        .map(({ id }) => id)
        .filter((id) => id.startsWith(range.prefix) && id > range.after)
        .slice(0, range.limit);
      const documents: StoredDocument<unknown>[] = [];
      const unreadable: string[] = [];
      for (const id of ids) {
        try {
          const document = await store.read(scope, (tx) => tx.get(kind, id));
          if (document !== undefined) documents.push(document);
        } catch (error) {
          unreadable.push(id);
          logger.error("A document of API keys can't be read.", { kind, id, error: String(error) });
        }
      }
      return { documents, unreadable, next: ids.length < range.limit ? undefined : ids.at(-1)! };
    }
  }

  /** Takes in the calls of the present periods and of the last two days, which begin in the month before at the earliest. */
  async #loadCounts(): Promise<void> {
    const today = this.#today();
    const thisMonth = monthStartOf(today);
    for (const month of [monthStartOf(thisMonth - 1), thisMonth]) {
      const prefix = `${monthOf(month)}/`;
      const take = (scope: Scope, { id, body }: StoredDocument<unknown>): void => {
        const [, planId = "", keyId = ""] = id.split("/");
        this.#count({ scope, planId, keyId, month }, (body as UsageMonth).days, today);
      };
      const leave = (scope: Scope, id: string): void => {
        const [, planId = "", keyId = ""] = id.split("/");
        this.#shutOut(scope, planId, keyId, "the usage document can't be read");
      };
      await this.#each(keyKinds.usageMonth, take, { prefix, leave });
    }
  }

  /** Adds the calls of a month to those of a membership. */
  #count(
    of: { readonly scope: Scope; readonly planId: string; readonly keyId: string; readonly month: number },
    days: readonly number[],
    today: number,
  ): void {
    const { table } = this.#options;
    const slot = table.planSlot(of.scope, of.planId);
    const membership = table.find(of.scope, of.keyId, slot);
    if (membership < 0) return;
    for (const day of [today - 1, today]) {
      const count = days[day - of.month] ?? 0;
      if (count > 0) table.setDay(membership, { start: day, count });
    }
    const period = this.#periods.get(slot);
    if (period === undefined) return;
    const start = periodStartOf(period, today);
    const before = table.periodOf(membership);
    const earlier = before.start === start ? before.count : 0;
    table.setPeriod(membership, start, () => earlier + sum(days, start - of.month, today - of.month));
  }

  // ---- What changed ----

  #see(changes: readonly Pick<Change, "scope" | "kind" | "id">[]): void {
    for (const { scope, kind, id } of changes) {
      if (!isKept(kind)) continue;
      this.#pending.set(`${scope.account}/${scope.region}/${kind}/${id}`, { scope, kind, id });
    }
    if (this.#pending.size === 0 || this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#work = this.#work.then(() => this.#follow());
  }

  /** It never rejects: nobody would hear of any later change, such as that a key is deleted. */
  async #follow(): Promise<void> {
    while (this.#pending.size > 0 && !this.#isClosed) {
      const batch = [...this.#pending].slice(0, batchMax);
      for (const [name] of batch) this.#pending.delete(name);
      const found: AddressContent[] = [];
      for (const [, address] of batch) found.push(await this.#read(address));
      try {
        await this.#apply(found);
      } catch {
        for (const one of found) await this.#applyAlone(one);
      }
      if (this.#pending.size > 0) await turnOfOthers();
    }
    this.#isScheduled = false;
  }

  /** What can't be applied lets nobody pass, and is tried again later. */
  async #applyAlone(found: AddressContent): Promise<void> {
    try {
      await this.#apply([found]);
    } catch (error) {
      const { scope, kind, id } = found;
      this.#options.logger.error("A change of API keys can't be followed.", { kind, id, error: String(error) });
      if (kind === keyKinds.apiKey) this.#options.table.delete(scope, id);
      if (kind === keyKinds.usagePlanKey) this.#unlink(scope, id);
      setTimeout(() => this.#see([{ scope, kind, id }]), bounds.publicationRetryMs.value).unref();
    }
  }

  /** A document that can't be read counts as none, so that nobody passes by it. */
  async #read(address: Address): Promise<AddressContent> {
    const { store, logger } = this.#options;
    const { scope, kind, id } = address;
    try {
      return { ...address, document: await store.read(scope, (tx) => tx.get(kind, id)) };
    } catch (error) {
      logger.error("A document of API keys can't be read.", { kind, id, error: String(error) });
      return { ...address, document: undefined };
    }
  }

  async #apply(found: readonly AddressContent[]): Promise<void> {
    const { table } = this.#options;
    const of = <Body>(
      kind: Kind,
    ): readonly (AddressContent & { readonly document: StoredDocument<Body> | undefined })[] =>
      found.filter((one) => one.kind === kind) as never;
    const [keys, plans, links] = [
      of<ApiKey>(keyKinds.apiKey),
      of<UsagePlan>(keyKinds.usagePlan),
      of<UsagePlanKey>(keyKinds.usagePlanKey),
    ];
    for (const { scope, id, document } of keys) if (document !== undefined) this.#putKey(scope, id, document.body);
    for (const { scope, id, document } of links) if (document === undefined) this.#unlink(scope, id);
    for (const { scope, id, document } of plans) await this.#followPlan(scope, id, document?.body);
    for (const { scope, id, document } of links) if (document !== undefined) await this.#join(scope, id, document.body);
    for (const { scope, id, document } of keys) {
      if (document !== undefined) continue;
      // The links are deleted with their key, and their documents may not have come yet.
      const owners = table
        .membershipsOf(scope, id)
        .map((membership) => [membership, table.ownerOf(membership)] as const);
      table.delete(scope, id);
      for (const [membership, owner] of owners) this.#options.saver.keep(membership, owner);
    }
  }

  /** Puts a key in a plan with the calls that it brings along if it was there before: none may pass before they count. */
  async #join(scope: Scope, id: string, body: UsagePlanKey): Promise<void> {
    const { table, saver } = this.#options;
    const planId = planIdOf(id);
    const { keyId } = body;
    if (table.find(scope, keyId, table.planSlot(scope, planId)) >= 0) {
      this.#link(scope, id, body);
      return;
    }
    try {
      if (saver.hasLeft && !(await saver.save())) throw new Error("the calls of keys that left can't be saved");
      const saved = (await this.#readUsage(scope, planId, [keyId])).get(keyId) ?? noDays;
      this.#link(scope, id, body, this.#usedBefore(scope, planId, saved));
    } catch (error) {
      this.#shutOut(scope, planId, keyId, String(error));
    }
  }

  /** Returns what is saved of a key's calls that still counts. */
  #usedBefore(scope: Scope, planId: string, saved: SavedDays): UsedBefore {
    const today = this.#today();
    const days = [today - 1, today].map((day) => ({ start: day, count: saved.get(day) ?? 0 }));
    const period = this.#periods.get(this.#options.table.planSlot(scope, planId));
    if (period === undefined) return { days };
    const start = periodStartOf(period, today);
    let count = 0;
    for (const [day, calls] of saved) if (day >= start) count += calls;
    return { days, period: { start, count } };
  }

  #putKey(scope: Scope, id: string, { value, enabled }: ApiKey): void {
    this.#options.table.put(scope, { id, value, isEnabled: enabled === true });
  }

  /** Returns whether the key is new in the plan. */
  #link(
    scope: Scope,
    id: string,
    { keyId, createdDate, extension }: UsagePlanKey,
    before?: UsedBefore,
  ): boolean | undefined {
    const { table, buckets } = this.#options;
    const planId = planIdOf(id);
    const share: QuotaShare = {
      firstDay: dayOf(createdDate * 1_000),
      extension: extension && { start: dayOf(Date.parse(extension.periodStart)), requests: extension.requests },
    };
    const bucket = buckets.bucket(`${scope.account}/${scope.region}/${planId}/${keyId}`);
    return table.link(scope, { keyId, plan: table.planSlot(scope, planId), share, bucket, ...(before && { before }) });
  }

  #unlink(scope: Scope, id: string): void {
    const { table, saver } = this.#options;
    const planId = planIdOf(id);
    const keyId = id.slice(planId.length + 1);
    const slot = table.planSlot(scope, planId);
    const membership = table.find(scope, keyId, slot);
    if (membership < 0) return;
    const owner = table.ownerOf(membership);
    table.unlink(scope, keyId, slot);
    // Nobody counts any more by now.
    saver.keep(membership, owner);
  }

  /** A key whose calls can't be counted is in no plan, since its quota would begin again. It comes back when it joins anew. */
  #shutOut(scope: Scope, planId: string, keyId: string, why: string): void {
    const { table, logger } = this.#options;
    table.unlink(scope, keyId, table.planSlot(scope, planId));
    logger.error("The calls of an API key can't be counted: it is refused.", { planId, keyId, why });
  }

  /** Counts the calls of all keys anew if the quota has another period. */
  async #followPlan(scope: Scope, planId: string, plan: UsagePlan | undefined): Promise<void> {
    const slot = this.#options.table.planSlot(scope, planId);
    const period = plan?.quota?.period;
    const before = this.#periods.get(slot);
    if (period === undefined || period === before) {
      this.#periods.set(slot, period);
      return;
    }
    // What is counted from now on is of the new period. If it can't be followed, the next attempt counts anew.
    this.#periods.set(slot, period);
    try {
      await this.#countPlanAnew(scope, planId);
    } catch (error) {
      this.#periods.set(slot, before);
      throw error;
    }
  }

  async #countPlanAnew(scope: Scope, planId: string): Promise<void> {
    await this.#options.saver.save();
    const cursor = new UsageCursor(this.#options.store, { scope, planId, today: this.#today() });
    for (let after: string | undefined = ""; after !== undefined && !this.#isClosed; ) {
      const range = { prefix: `${planId}/`, after, limit: batchMax };
      const page = await this.#readPage(scope, keyKinds.usagePlanKey, range);
      const keyIds = page.documents.map(({ id }) => id.slice(planId.length + 1));
      // Where the usage can't be read in pages, it is read key by key, and shuts out whose can't be read.
      const saved = await cursor.take(keyIds).catch(() => undefined);
      if (saved === undefined) await this.#countFrom(scope, planId, keyIds);
      else for (const keyId of keyIds) this.#recount(scope, { planId, keyId }, saved.get(keyId) ?? noDays);
      after = page.next;
      await turnOfOthers();
    }
  }

  /** Counts the calls of keys by what is saved of them. */
  async #countFrom(scope: Scope, planId: string, keyIds: readonly string[]): Promise<void> {
    let saved: ReadonlyMap<string, SavedDays>;
    try {
      saved = await this.#readUsage(scope, planId, keyIds);
    } catch (error) {
      if (keyIds.length === 1) this.#shutOut(scope, planId, keyIds[0]!, String(error));
      else for (const keyId of keyIds) await this.#countFrom(scope, planId, [keyId]);
      return;
    }
    for (const keyId of keyIds) this.#recount(scope, { planId, keyId }, saved.get(keyId) ?? noDays);
  }

  /** Returns the saved calls of each day of this month and the month before, of keys in the order of their ids. */
  async #readUsage(scope: Scope, planId: string, keyIds: readonly string[]): Promise<ReadonlyMap<string, SavedDays>> {
    const usage = new Map(keyIds.map((keyId) => [keyId, new Map<number, number>()]));
    const thisMonth = monthStartOf(this.#today());
    for (const month of [monthStartOf(thisMonth - 1), thisMonth]) {
      const prefix = `${monthOf(month)}/${planId}/`;
      await this.#options.store.read(scope, async (tx) => {
        for (const [keyId, days] of usage) {
          const document = await tx.get<UsageMonth>(keyKinds.usageMonth, prefix + keyId);
          if (document === undefined) continue;
          for (const [index, count] of daysIn(document.body).entries()) days.set(month + index, count);
        }
      });
    }
    return usage;
  }

  /** Counts the calls of a key in a plan by what is saved, and by what was counted since. */
  #recount(
    scope: Scope,
    { planId, keyId }: { readonly planId: string; readonly keyId: string },
    saved: SavedDays,
  ): void {
    const { table } = this.#options;
    const slot = table.planSlot(scope, planId);
    const membership = table.find(scope, keyId, slot);
    if (membership < 0) return;
    const today = this.#today();
    for (const day of [today - 1, today]) {
      const count = saved.get(day) ?? 0;
      if (count > 0) table.setDay(membership, { start: day, count });
    }
    const period = this.#periods.get(slot);
    if (period === undefined) return;
    const start = periodStartOf(period, today);
    table.setPeriod(membership, start, () => {
      let total = 0;
      for (const [day, count] of saved) if (day >= start) total += count;
      // Of the last days, more may be counted than saved.
      for (const { start: day, count } of table.daysOf(membership)) {
        if (day >= start) total += Math.max(0, count - (saved.get(day) ?? 0));
      }
      return total;
    });
  }

  #today(): number {
    return dayOf(this.#options.clock.now());
  }
}

const isKept = (kind: string): kind is Kind => (kinds as readonly string[]).includes(kind);

const noDays: SavedDays = new Map();

/** The id of a plan's key is `{usagePlanId}/{keyId}`. */
const planIdOf = (id: string): string => id.slice(0, id.indexOf("/"));

/** Adds up the days with these indexes, both included. */
function sum(days: readonly number[], from: number, to: number): number {
  let total = 0;
  for (let index = Math.max(0, from); index <= to; index++) total += days[index] ?? 0;
  return total;
}

interface PageRange {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

interface DocumentPage {
  readonly documents: readonly StoredDocument<unknown>[];
  /** The ids of those that can't be read. */
  readonly unreadable: readonly string[];
  /** The id after which the next page begins. */
  readonly next: string | undefined;
}
