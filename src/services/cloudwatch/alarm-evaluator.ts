import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { FairTurns } from "../../base/fair-turns.ts";
import type { DocumentAddress, Scope, Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { type AlarmDocument, alarmKind, periodOf, queriesOf, samplesNeeded } from "./alarm-document.ts";
import type { AlarmChange } from "./alarm-families.ts";
import { record, stateLine } from "./alarm-history.ts";
import type { CloudWatchService } from "./cloudwatch-service.ts";
import { type AlarmDecision, decideAlarm, furtherPeriods } from "./decide-alarm.ts";
import type { AlarmAnswer, AlarmQuestion } from "./read-alarm-points.ts";

export interface AlarmEvaluatorOptions {
  readonly store: Store;
  readonly metrics: Pick<CloudWatchService, "call">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs the actions of a new state, without waiting for them. */
  readonly act: (change: AlarmChange) => void;
}

/** An alarm, and the minute that it was evaluated in last, with its settings of then. */
interface WatchedAlarm {
  readonly scope: Scope;
  alarm: AlarmDocument;
  minute: number;
}

const keyOf = ({ scope: { account, region }, id }: Omit<DocumentAddress, "kind">): string =>
  JSON.stringify([account, region, id]);

/**
 * Evaluates all alarms when a minute has begun, and new ones at once. States are in the store; which alarms there are is
 * kept in memory, so that a server without alarms reads nothing.
 */
export class AlarmEvaluator {
  readonly #options: AlarmEvaluatorOptions;
  readonly #alarms = new Map<string, WatchedAlarm>();
  /** The alarms that changed since they were read, by their keys; undefined before all have been read. */
  #changed: Map<string, DocumentAddress> | undefined = undefined;
  #endWatch: () => void = () => undefined;
  #refreshing: Promise<void> | undefined = undefined;
  /** The evaluations of accounts and regions. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #turns = new FairTurns(bounds.alarmAccountsAtOnce.value);

  constructor(options: AlarmEvaluatorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#endWatch = this.#options.store.subscribe((changes) => {
      for (const { scope, kind, id } of changes) {
        if (kind === alarmKind) this.#changed?.set(keyOf({ scope, id }), { scope, kind, id });
      }
    });
  }

  async close(): Promise<void> {
    this.#endWatch();
    await Promise.all([this.#refreshing, ...this.#underWay.values()]);
  }

  /**
   * Evaluates the alarms that are due, but for accounts and regions whose evaluation is under way: none waits for the slow alarms of
   * others. It is called every second or so, and never rejects.
   */
  async tick(): Promise<void> {
    this.#refreshing ??= this.#refresh()
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#refreshing;
    const minute = Math.floor(this.#options.clock.now() / 60_000);
    const due = Map.groupBy(
      [...this.#alarms.values()].filter((each) => each.minute !== minute),
      ({ scope }) => `${scope.account} ${scope.region}`,
    );
    for (const [key, alarms] of due) {
      if (this.#underWay.has(key)) continue;
      const work = this.#evaluate(alarms, minute)
        .catch((error: unknown) => this.#report(error))
        .finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, work);
    }
    await Promise.all([...due.keys()].map((key) => this.#underWay.get(key)));
  }

  #report(error: unknown): void {
    this.#options.logger.error("Alarms could not be evaluated.", { error: String(error) });
  }

  async #refresh(): Promise<void> {
    if (this.#changed === undefined) await this.#readAll();
    else if (this.#changed.size > 0) await this.#readChanged();
  }

  /** Evaluates the alarms of an account and region, some at a time, and each time in their turn. */
  async #evaluate(alarms: readonly WatchedAlarm[], minute: number): Promise<void> {
    for (let from = 0; from < alarms.length; from += bounds.alarmsReadAtOnce.value) {
      const some = alarms.slice(from, from + bounds.alarmsReadAtOnce.value);
      await this.#turns.run("", () => this.#evaluateSome(some, minute));
    }
  }

  /** Reads which alarms there are. */
  async #readAll(): Promise<void> {
    // What changes while they are read is read again.
    this.#changed = new Map();
    try {
      const stored = await this.#options.store.all<AlarmDocument>(alarmKind, { leavesOutDamaged: true });
      for (const { scope, id, body } of stored) this.#take({ scope, id }, body);
    } catch (error) {
      this.#changed = undefined;
      throw error;
    }
  }

  /** Reads the alarms that changed. Others may be very many. */
  async #readChanged(): Promise<void> {
    const changed = [...this.#changed!.values()];
    this.#changed = new Map();
    for (const address of changed) {
      const { scope, id } = address;
      try {
        const stored = await this.#options.store.read(scope, (tx) => tx.get<AlarmDocument>(alarmKind, id));
        if (stored === undefined) this.#alarms.delete(keyOf(address));
        else this.#take(address, stored.body);
      } catch {
        // Whether the store is busy or the document damaged, the next tick reads it again.
        this.#alarms.delete(keyOf(address));
        this.#changed!.set(keyOf(address), address);
      }
    }
  }

  /** Takes in an alarm. One whose settings changed is due. */
  #take({ scope, id }: Omit<DocumentAddress, "kind">, alarm: AlarmDocument): void {
    const key = keyOf({ scope, id });
    const known = this.#alarms.get(key);
    if (known?.alarm.settingsAt === alarm.settingsAt) known.alarm = alarm;
    else this.#alarms.set(key, { scope, alarm, minute: Number.NaN });
  }

  async #evaluateSome(watched: readonly WatchedAlarm[], endMinute: number): Promise<void> {
    const { metrics, clock, logger } = this.#options;
    const [first] = watched;
    if (first === undefined) return;
    const questions = watched.map(({ alarm: { settings } }): AlarmQuestion => {
      const periods = settings.EvaluationPeriods + furtherPeriods;
      const question = { ...queriesOf(settings), period: periodOf(settings), periods, endMinute };
      return { ...question, samplesNeeded: samplesNeeded(settings) };
    });
    const { answers } = (await metrics.call({
      operation: "ReadAlarmPoints",
      input: { questions },
      ...first.scope,
    })) as { readonly answers: readonly AlarmAnswer[] };
    for (const [index, each] of watched.entries()) {
      const answer = answers[index];
      each.minute = endMinute;
      if (answer === undefined) continue;
      if (answer.kind === "failed") {
        logger.warn("An alarm can't be evaluated.", { alarm: each.alarm.arn, reason: answer.why });
        continue;
      }
      // AWS: such an alarm keeps its state.
      if (answer.fewSamples?.some((age) => age < each.alarm.settings.EvaluationPeriods)) continue;
      const period = periodOf(each.alarm.settings);
      const values = answer.values.map((value) => value ?? undefined);
      const points = { values, newest: endMinute * 60 - period, period };
      const decision = decideAlarm(each.alarm.settings, points, each.alarm.state.value, clock.now());
      if (decision !== undefined && decision.state !== each.alarm.state.value) await this.#apply(each, decision);
    }
  }

  /** Stores a new state, unless the alarm was changed meanwhile, and starts its actions. */
  async #apply({ scope, alarm }: WatchedAlarm, { state: value, reason, reasonData }: AlarmDecision): Promise<void> {
    const { store, clock, act } = this.#options;
    const change = await store.write(scope, async (tx) => {
      const before = (await tx.get<AlarmDocument>(alarmKind, alarm.name))?.body;
      if (before === undefined || before.settingsAt !== alarm.settingsAt || before.state.value !== alarm.state.value) {
        return undefined;
      }
      const at = clock.now();
      const state = {
        value,
        reason: reason.slice(0, bounds.alarmReasonCharsMax.value),
        reasonData,
        updatedAt: at,
        transitionedAt: at,
      };
      const after: AlarmDocument = { ...before, state };
      await tx.put<AlarmDocument>(alarmKind, alarm.name, after);
      await record(tx, alarm.name, at, stateLine(before.state, state));
      return { ...scope, before, after };
    });
    if (change !== undefined) act(change);
  }
}
