import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { canaryStageOf, percentOfCanary, withoutCanary, withPromotedCanary } from "../../definition/canary-stage.ts";
import { restKinds, type Stage } from "../../definition/rest-api.ts";
import type { CloudWatchService } from "../../services/cloudwatch/cloudwatch-service.ts";
import type { AlarmAnswer, AlarmQuestion } from "../../services/cloudwatch/read-alarm-points.ts";
import type { Scope, Store, Transaction } from "../../store/store.ts";
import { addCounts, type CanaryTally, noCounts, subtractCounts } from "../../telemetry/canary-counts.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { type CanaryGuard, canaryGuardKind, type GuardEvent, type GuardSettings } from "./canary-guard.ts";
import type { CountsOfStages } from "./counts-of-stages.ts";
import { type Judgement, judgeCanary, type MetricMinutes } from "./judge-canary.ts";

export interface CanaryGuardsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly counts: Pick<CountsOfStages, "read">;
  readonly metrics: Pick<CloudWatchService, "call">;
  readonly logger: Logger;
}

/** A stage whose canary is, or is to be, guarded. */
export interface GuardedStage {
  readonly scope: Scope;
  /** `{apiId}/{stageName}` */
  readonly key: string;
}

/** A guard at work. */
interface RunningGuard extends GuardedStage {
  guard: CanaryGuard;
  /** What the threads had counted when it was last added to the guard's own counts. */
  seen: CanaryTally;
  savedMs: number;
  /** The values of the user's metric, and the minute in which they were read. */
  minutes: MetricMinutes | undefined;
  minute: number;
  waitsFor: string;
}

const nothing: CanaryTally = { stable: noCounts, canary: noCounts };

/**
 * Raises the shares of guarded canaries step by step, and promotes them or rolls them back. A guard acts as its user
 * would, on the stage that the user sees; whoever changes that canary otherwise takes it over, and the guard ends.
 * Everything that it needs after a restart is in the store.
 */
export class CanaryGuards {
  readonly #options: CanaryGuardsOptions;
  readonly #running = new Map<string, RunningGuard>();
  /**
   * What the threads had counted when a guard began, until it runs. For a guard of before the server's start they had
   * counted nothing.
   */
  readonly #beginnings = new Map<string, CanaryTally>();
  #hasNews = true;
  #endWatch: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #work: Promise<void> | undefined = undefined;

  constructor(options: CanaryGuardsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#endWatch = this.#options.store.subscribe((changes) => {
      if (changes.some(({ kind }) => kind === canaryGuardKind)) this.#hasNews = true;
    });
    this.#timer = setInterval(() => this.tick(), bounds.guardTickMs.value).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#endWatch();
    await this.#work;
    for (const running of this.#running.values()) await this.#save(running);
  }

  /** Judges all guarded canaries, unless that is under way. It is called every second or so. */
  tick(): void {
    this.#work ??= this.#judgeAll()
      .catch((error: unknown) => {
        this.#options.logger.error("Guarded canaries could not be judged.", { error: String(error) });
      })
      .finally(() => {
        this.#work = undefined;
      });
  }

  /** Guards a stage's canary. Returns why that is not possible, or undefined. */
  guard({ scope, key }: GuardedStage, settings: GuardSettings): Promise<string | undefined> {
    const { store, clock, counts } = this.#options;
    const nowMs = clock.now();
    this.#beginnings.set(key, counts.read(key) ?? nothing);
    return store.write(scope, async (tx) => {
      const stage = (await tx.get<Stage>(restKinds.stage, key))?.body;
      const side = stage && canaryStageOf(stage);
      if (stage === undefined) return "there is no such stage of a REST API";
      if (side === undefined) return "the stage has no canary that takes requests";
      if (side.deploymentId === stage.deploymentId) return "the canary has the stage's own deployment";
      const [percent = 0] = settings.steps;
      if (percentOfCanary(stage) !== percent)
        return `the canary has ${percentOfCanary(stage)} % of the requests, and the first step is ${percent} %`;
      await tx.put<CanaryGuard>(canaryGuardKind, key, {
        apiId: key.slice(0, key.indexOf("/")),
        stageName: stage.stageName,
        stableId: stage.deploymentId,
        canaryId: side.deploymentId,
        settings,
        state: "running",
        startedMs: nowMs,
        step: 0,
        stepStartedMs: nowMs,
        counts: nothing,
        looks: {},
        report: [{ atMs: nowMs, percent, outcome: "started", reasons: [] }],
      });
      return undefined;
    });
  }

  /** Ends a guard; the canary stays as it is. Returns why that is not possible, or undefined. */
  async release({ scope, key }: GuardedStage): Promise<string | undefined> {
    const { store, clock } = this.#options;
    return store.write(scope, async (tx) => {
      const guard = (await tx.get<CanaryGuard>(canaryGuardKind, key))?.body;
      if (guard?.state !== "running") return "no guard watches the stage's canary";
      await tx.put(canaryGuardKind, key, ended(guard, clock.now(), "Its user ended it."));
      return undefined;
    });
  }

  /** Returns the guard that a stage's canary has or had last, and what it waits for. */
  async find({ scope, key }: GuardedStage): Promise<(CanaryGuard & { readonly waitsFor?: string }) | undefined> {
    const stored = await this.#options.store.read(scope, (tx) => tx.get<CanaryGuard>(canaryGuardKind, key));
    if (stored === undefined) return undefined;
    const running = this.#running.get(key);
    if (stored.body.state !== "running" || running === undefined) return stored.body;
    return { ...stored.body, counts: running.guard.counts, waitsFor: running.waitsFor };
  }

  async #judgeAll(): Promise<void> {
    if (this.#hasNews) await this.#refresh();
    for (const running of this.#running.values()) {
      try {
        await this.#judge(running);
      } catch (error) {
        // One that can't be judged spoils no other, and is neither promoted nor rolled back.
        running.waitsFor = `The guard could not judge: ${String(error)}`;
        this.#options.logger.error("A guarded canary could not be judged.", {
          stage: running.key,
          error: String(error),
        });
      }
    }
  }

  /** Reads which guards are running. */
  async #refresh(): Promise<void> {
    this.#hasNews = false;
    const stored = await this.#options.store.all<CanaryGuard>(canaryGuardKind, { leavesOutDamaged: true });
    const found = new Set<string>();
    for (const { scope, id: key, body: guard } of stored) {
      if (guard.state !== "running") continue;
      found.add(key);
      const known = this.#running.get(key);
      if (known?.guard.startedMs === guard.startedMs) continue;
      const seen = this.#beginnings.get(key) ?? nothing;
      this.#beginnings.delete(key);
      this.#running.set(key, {
        ...{ scope, key, guard, seen, savedMs: this.#options.clock.now() },
        ...{ minutes: undefined, minute: Number.NaN, waitsFor: "" },
      });
    }
    for (const key of this.#running.keys()) if (!found.has(key)) this.#running.delete(key);
  }

  async #judge(running: RunningGuard): Promise<void> {
    const { store, clock, logger } = this.#options;
    const { scope, key } = running;
    const stage = (await store.read(scope, (tx) => tx.get<Stage>(restKinds.stage, key)))?.body;
    const takenOver = problemOf(stage, running.guard);
    const nowMs = clock.now();
    if (takenOver !== undefined) {
      await this.#change(running, (tx, guard) =>
        stage === undefined
          ? tx.delete(canaryGuardKind, key)
          : tx.put(canaryGuardKind, key, ended(guard, nowMs, takenOver)),
      );
      logger.info("A canary's guard ended.", { stage: key, reason: takenOver });
      return;
    }
    this.#count(running);
    await this.#readMetric(running, nowMs);
    const { guard, minutes } = running;
    const { settings, counts, looks } = guard;
    const judged = judgeCanary({ settings, counts, minutes, looks, stepMs: nowMs - guard.stepStartedMs });
    running.guard = { ...guard, looks: judged.looks };
    if (judged.verdict === "wait") {
      running.waitsFor = judged.reasons.join(" ");
      if (Math.abs(nowMs - running.savedMs) >= bounds.guardSaveMs.value) await this.#save(running);
    } else await this.#act(running, judged, nowMs);
  }

  /** Raises the canary's share, promotes it or rolls it back: stage and guard in one transaction. */
  async #act(running: RunningGuard, { verdict, reasons }: Judgement, nowMs: number): Promise<void> {
    const { key, guard } = running;
    const { steps } = guard.settings;
    const percent = steps[guard.step + 1];
    const outcome = verdict === "roll back" ? "rolled back" : percent === undefined ? "promoted" : "raised";
    const event: GuardEvent = { atMs: nowMs, percent: percent ?? steps[guard.step] ?? 0, outcome, reasons };
    const change = stageChanges[outcome];
    const after: CanaryGuard = {
      ...guard,
      report: [...guard.report, event],
      ...(outcome === "raised"
        ? { step: guard.step + 1, stepStartedMs: nowMs, counts: nothing, looks: withoutSizes(guard.looks) }
        : { state: outcome }),
    };
    let isDone = false;
    await this.#change(running, async (tx, _, stage) => {
      // Whoever changed it since has taken it over, which the next look finds.
      isDone = stage !== undefined && problemOf(stage, guard) === undefined;
      if (!isDone) return;
      await tx.put<Stage>(restKinds.stage, key, {
        ...change(stage!, percent ?? 0),
        lastUpdatedDate: Math.floor(nowMs / 1_000),
      });
      await tx.put<CanaryGuard>(canaryGuardKind, key, after);
    });
    if (!isDone) return;
    running.guard = after;
    running.seen = this.#options.counts.read(key) ?? nothing;
    running.minutes = undefined;
    running.minute = Number.NaN;
    this.#options.logger.info(`A guarded canary was ${outcome}.`, { stage: key, percent: event.percent, reasons });
  }

  /** Changes what is stored, if guard and canary are still those that were judged. Returns whether they were. */
  async #change(
    { scope, key, guard }: RunningGuard,
    work: (tx: Transaction, guard: CanaryGuard, stage: Stage | undefined) => Promise<void>,
  ): Promise<boolean> {
    return this.#options.store.write(scope, async (tx) => {
      const stored = (await tx.get<CanaryGuard>(canaryGuardKind, key))?.body;
      if (stored?.state !== "running" || stored.startedMs !== guard.startedMs) return false;
      await work(tx, guard, (await tx.get<Stage>(restKinds.stage, key))?.body);
      return true;
    });
  }

  /** Adds what the threads have counted since the last time. */
  #count(running: RunningGuard): void {
    const now = this.#options.counts.read(running.key);
    if (now === undefined) return;
    const { seen, guard } = running;
    const add = (side: keyof CanaryTally) => addCounts(guard.counts[side], subtractCounts(now[side], seen[side]));
    running.guard = { ...guard, counts: { stable: add("stable"), canary: add("canary") } };
    running.seen = now;
  }

  async #save(running: RunningGuard): Promise<void> {
    running.savedMs = this.#options.clock.now();
    await this.#change(running, (tx, guard) => tx.put(canaryGuardKind, running.key, guard));
  }

  /** Reads the values of the user's metric, once a minute. */
  async #readMetric(running: RunningGuard, nowMs: number): Promise<void> {
    const { settings, stepStartedMs } = running.guard;
    const minute = Math.floor(nowMs / 60_000);
    const { metric } = settings;
    if (metric === undefined || minute === running.minute) return;
    const first = Math.ceil(stepStartedMs / 60_000);
    const periods = Math.min(minute - first, bounds.guardMinutesMax.value);
    running.minute = minute;
    if (periods <= 0) return;
    const questionOf = (value: string): AlarmQuestion => {
      const dimensions = Object.entries({ ...metric.dimensions, [metric.side.name]: value });
      const Dimensions = dimensions.map(([Name, Value]) => ({ Name, Value }));
      const { namespace: Namespace, metricName: MetricName, statistic: Stat } = metric;
      const MetricStat = { Metric: { Namespace, MetricName, Dimensions }, Period: 60, Stat };
      return { queries: [{ Id: "m", MetricStat, ReturnData: true }], id: "m", period: 60, periods, endMinute: minute };
    };
    const { answers } = (await this.#options.metrics.call({
      operation: "ReadAlarmPoints",
      input: { questions: [questionOf(metric.side.stable), questionOf(metric.side.canary)] },
      ...running.scope,
    })) as { readonly answers: readonly AlarmAnswer[] };
    const [stable = [], canary = []] = answers.map((answer) => {
      if (answer.kind === "failed") throw new Error(answer.why);
      return answer.values.filter((value) => value !== null);
    });
    running.minutes = { stable, canary };
  }
}

/** What each outcome does to the stage. */
const stageChanges: Readonly<Record<"raised" | "promoted" | "rolled back", (stage: Stage, percent: number) => Stage>> =
  {
    raised: (stage, percentTraffic) => ({ ...stage, canarySettings: { ...stage.canarySettings, percentTraffic } }),
    promoted: withPromotedCanary,
    "rolled back": withoutCanary,
  };

/** Returns why a canary is no longer the one that is guarded. */
function problemOf(stage: Stage | undefined, guard: CanaryGuard): string | undefined {
  if (stage === undefined) return "The stage is gone.";
  if (stage.deploymentId !== guard.stableId) return "Somebody gave the stage another deployment.";
  if (stage.canarySettings === undefined) return "Somebody took the canary away.";
  if ((stage.canarySettings.deploymentId ?? stage.deploymentId) !== guard.canaryId)
    return "Somebody gave the canary another deployment.";
  const percent = guard.settings.steps[guard.step];
  return percentOfCanary(stage) === percent
    ? undefined
    : `Somebody gave the canary ${percentOfCanary(stage)} % of the requests instead of ${percent} %.`;
}

const ended = (guard: CanaryGuard, atMs: number, reason: string): CanaryGuard => ({
  ...guard,
  state: "ended",
  report: [
    ...guard.report,
    { atMs, percent: guard.settings.steps[guard.step] ?? 0, outcome: "ended", reasons: [reason] },
  ],
});

/** The next step begins with nothing, but what was looked at counts on. */
const withoutSizes = (looks: CanaryGuard["looks"]): CanaryGuard["looks"] =>
  Object.fromEntries(Object.entries(looks).map(([check, { taken }]) => [check, { taken, size: 0 }]));
