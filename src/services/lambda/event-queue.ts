import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { Alarm } from "../../functions/alarm.ts";
import type { FunctionClient, InvokeOutcome } from "../../functions/function-client.ts";
import { ApiError } from "../../protocol/errors.ts";
import { type Change, everywhere, type Store, type Transaction } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";

/**
 * The kind of accepted asynchronous invocations, which stay in the store until they have run. They belong to no
 * account's scope.
 */
const eventKind = "lambda-event";

interface EventDocument {
  readonly functionArn: string;
  /** The payload in base64. */
  readonly payload: string;
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly clientContext: string | undefined;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
}

/**
 * The kind of their next runs. An id begins with the time when the run is due, or its lease ends, so that the ones that
 * are due come first. It changes with that time, so the holder of a lease knows by it whether the lease is still
 * theirs. Runs have documents of their own because they change, and the events may be large.
 */
const runKind = "lambda-event-run";

interface RunDocument {
  /** The id of its event. */
  readonly event: string;
  /** The number of runs that ended in a function error. */
  readonly failures: number;
  /** The number of runs that Lambda itself refused (throttled). */
  readonly refusals: number;
  /** The server that runs it, until the time that its id begins with. */
  readonly leasedBy?: string;
}

/** The indexes of events: runs are found by the server that has leased them. */
export const eventIndexes = {
  [runKind]: { leasedBy: ({ leasedBy }: RunDocument) => (leasedBy === undefined ? [] : [leasedBy]) },
} as const;

interface EventQueueOptions {
  readonly store: Store;
  readonly functions: FunctionClient;
  readonly logger: Logger;
  readonly clock: Clock;
  /**
   * The name under which this server leases events. It is the same at every start, and no other server of the store has
   * it.
   */
  readonly owner: string;
  /** The waits before the second and third run, in milliseconds. AWS: one minute, then two. */
  readonly retryMs?: readonly number[];
}

/** A run that is under way in this server, or has ended but is not recorded yet. */
interface Run {
  /** The id of the leased document. */
  id: string;
  readonly document: RunDocument;
  readonly event: EventDocument;
  /** The run after this one, and when it is due; undefined if there is none. */
  next?: { readonly document: RunDocument; readonly due: number } | undefined;
}

/** A run that was leased, and the id that its document had before. */
interface LeasedRun {
  readonly before: string;
  readonly run: Run;
}

/** AWS: Lambda Developer Guide, "Error handling for asynchronous invocation". */
const ageMsMax = bounds.lambdaEventAgeMsMax.value;
/** AWS names no bound. More events are throttled. */
const queuedMax = bounds.lambdaEventsQueuedMax.value;
const runningMax = bounds.lambdaEventsRunningMax.value;
const leaseMs = bounds.lambdaEventLeaseMs.value;
/** How long to wait for the store when it has failed. */
const recordAgainMs = 5_000;

/**
 * Asynchronous invocations: accepted ones are in the store until they have run, so that they survive the server, and
 * only those that run are in memory. A run begins with a lease; the lease of a server that died ends by itself, or is
 * given back when that server starts again. A function error is retried twice, a throttle for six hours.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #retryMs: readonly number[];
  readonly #alarm = new Alarm((due) => this.#wake(due));
  /** The runs under way, by their ids. */
  readonly #running = new Map<string, Run>();
  /** The runs that have ended and are not recorded yet. */
  readonly #ended: Run[] = [];
  /** The number of events in the store. */
  #queued = 0;
  /** Distinguishes ids of one time, in the order in which they were made. */
  #number = 0;
  /** Runs that are due until then are taken, whatever the clock says, because an alarm may be a moment early. */
  #dueUntil = 0;
  #hasNews = false;
  #work: Promise<void> | undefined;
  #endWatch: () => void = () => undefined;
  #isClosed = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#retryMs = options.retryMs ?? [60_000, 120_000];
  }

  /** Starts with the events that were accepted before the server last ended. */
  async start(): Promise<void> {
    const { store, clock } = this.#options;
    this.#endWatch = store.subscribe((changes) => this.#see(changes));
    this.#queued = await store.read(everywhere, (tx) => tx.count(runKind));
    await store.write(everywhere, (tx) => this.#giveBackOwn(tx));
    this.#wake(clock.now());
  }

  /** Accepts an event. When it resolves, the event will run, whatever happens to the server. */
  async accept(
    event: Pick<EventDocument, "functionArn" | "requestId" | "traceId" | "clientContext"> & {
      readonly payload: Buffer;
    },
  ): Promise<void> {
    if (this.#queued >= queuedMax) throw new ApiError("TooManyRequestsException", "Rate Exceeded.");
    const now = this.#options.clock.now();
    const payload = event.payload.toString("base64");
    const document: EventDocument = { ...event, payload, acceptedAt: now };
    const eventId = `${now.toString(36)}-${event.requestId}`;
    const runId = this.#idAt(now);
    await this.#options.store.write(everywhere, async (tx) => {
      await tx.put(eventKind, eventId, document);
      await tx.put<RunDocument>(runKind, runId, { event: eventId, failures: 0, refusals: 0 });
    });
  }

  /**
   * Takes no more events, and resolves when the runs that have ended are recorded. Runs under way are cut off, and run
   * again after the next start.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endWatch();
    this.#alarm.close();
    await this.#work;
  }

  #idAt(due: number): string {
    return `${String(Math.ceil(due)).padStart(dueDigits, "0")}-${String(this.#number++).padStart(10, "0")}`;
  }

  #see(changes: readonly Change[]): void {
    for (const { kind, id, deleted } of changes) {
      if (kind !== runKind) continue;
      this.#queued += deleted ? -1 : 1;
      if (!deleted) this.#wakeAt(dueOf(id));
    }
  }

  #wakeAt(due: number): void {
    const now = this.#options.clock.now();
    if (due <= now) this.#wake(now);
    else this.#alarm.set(due, Math.min(due - now, ageMsMax));
  }

  /** Takes the runs that are due until then. */
  #wake(dueUntil: number): void {
    this.#dueUntil = Math.max(this.#dueUntil, dueUntil);
    this.#hasNews = true;
    this.#work ??= this.#keepUp();
  }

  /** Takes turns until there is nothing new to do. */
  async #keepUp(): Promise<void> {
    while (this.#hasNews) {
      this.#hasNews = false;
      await this.#turn();
    }
    // This must happen at once, or something new in between would start nothing.
    this.#work = undefined;
  }

  /** Records the runs that have ended and takes those that are due, in one transaction. The promise never rejects. */
  async #turn(): Promise<void> {
    const { store, clock, logger } = this.#options;
    const ended = [...this.#ended];
    const room = this.#isClosed ? 0 : runningMax - this.#running.size;
    const dueUntil = Math.max(this.#dueUntil, clock.now());
    try {
      const { taken, nextDue } = await store.write(everywhere, async (tx) => {
        for (const run of ended) await this.#record(tx, run);
        return this.#take(tx, room, dueUntil);
      });
      this.#ended.splice(0, ended.length);
      if (!this.#isClosed) for (const one of taken) this.#begin(one);
      if (nextDue !== undefined) this.#wakeAt(nextDue);
    } catch (error) {
      if (this.#isClosed) return;
      logger.error(`Asynchronous invocations could not be recorded: ${error}`);
      this.#alarm.set(dueUntil, recordAgainMs);
    }
  }

  /**
   * Leases the runs that are due, in their order, as far as there is room. `nextDue` is the time at which there will be
   * more to take.
   */
  async #take(
    tx: Transaction,
    room: number,
    dueUntil: number,
  ): Promise<{ taken: readonly LeasedRun[]; nextDue?: number }> {
    if (room === 0) return { taken: [] };
    const found = await tx.list<RunDocument>(runKind, { limit: room + 1 });
    const due = found.filter(({ id }) => dueOf(id) <= dueUntil).slice(0, room);
    const taken: LeasedRun[] = [];
    for (const { id, body } of due) {
      const { leasedBy: _, ...document } = body;
      const event = (await tx.get<EventDocument>(eventKind, document.event))?.body;
      if (event === undefined) {
        await tx.delete(runKind, id);
        continue;
      }
      const leased: RunDocument = { ...document, leasedBy: this.#options.owner };
      taken.push({ before: id, run: { id: await this.#move(tx, id, leased, dueUntil + leaseMs), document, event } });
    }
    const next = found[due.length];
    return next === undefined || dueOf(next.id) <= dueUntil ? { taken } : { taken, nextDue: dueOf(next.id) };
  }

  /** Moves a run to an id of another time, and returns that id. */
  async #move(tx: Transaction, id: string, document: RunDocument, due: number): Promise<string> {
    const moved = this.#idAt(due);
    await tx.delete(runKind, id);
    await tx.put(runKind, moved, document);
    return moved;
  }

  async #record(tx: Transaction, { id, document, next }: Run): Promise<void> {
    // The lease may have run out and another server may have the run, or everything may have been deleted.
    if ((await tx.get(runKind, id)) === undefined) return;
    if (next !== undefined) return void (await this.#move(tx, id, next.document, next.due));
    await tx.delete(runKind, id);
    await tx.delete(eventKind, document.event);
  }

  /** Gives back the runs that this server had leased before its last start: at most as many as run at a time. */
  async #giveBackOwn(tx: Transaction): Promise<void> {
    const where = { index: "leasedBy", key: this.#options.owner };
    for (const { id, body } of await tx.list<RunDocument>(runKind, { where })) {
      const { leasedBy: _, ...document } = body;
      await this.#move(tx, id, document, this.#options.clock.now());
    }
  }

  #begin({ before, run }: LeasedRun): void {
    const running = this.#running.get(before);
    if (running === undefined) {
      this.#running.set(run.id, run);
      void this.#run(run);
      return;
    }
    // The run took longer than its lease, or the clock was moved, and it has a new lease.
    this.#running.delete(before);
    running.id = run.id;
    this.#running.set(run.id, running);
  }

  async #run(run: Run): Promise<void> {
    const { event } = run;
    const outcome = await this.#options.functions.invoke({
      functionArn: event.functionArn,
      payload: Buffer.from(event.payload, "base64"),
      requestId: event.requestId,
      ...(event.traceId === undefined ? {} : { traceId: event.traceId }),
      ...(event.clientContext === undefined ? {} : { clientContext: event.clientContext }),
    });
    this.#running.delete(run.id);
    // A run that was cut off because the server ends runs again after the next start.
    if (this.#isClosed) return;
    run.next = this.#afterwards(run, outcome);
    this.#ended.push(run);
    this.#wake(this.#options.clock.now());
  }

  #afterwards({ document, event }: Run, outcome: InvokeOutcome): Run["next"] {
    if (outcome.kind === "ok") return undefined;
    const now = this.#options.clock.now();
    const isAbandoned = now - event.acceptedAt > ageMsMax;
    if (outcome.kind === "function-error") {
      const waitMs = this.#retryMs[document.failures];
      if (waitMs !== undefined && !isAbandoned) {
        return { document: { ...document, failures: document.failures + 1 }, due: now + waitMs };
      }
      return this.#drop(event, outcome.errorMessage);
    }
    const isRetried = outcome.status === 429 || outcome.status >= 500;
    if (!isRetried || isAbandoned) return this.#drop(event, outcome.message);
    // AWS: throttles and system errors are retried with growing waits, from a second to five minutes.
    const waitMs = Math.min(1_000 * 2 ** document.refusals, 300_000);
    return { document: { ...document, refusals: document.refusals + 1 }, due: now + waitMs };
  }

  #drop(event: EventDocument, reason: string): undefined {
    const { functionArn, requestId } = event;
    this.#options.logger.warn(`An asynchronous invocation was given up: ${reason.slice(0, 1024)}`, {
      functionArn,
      requestId,
    });
    return undefined;
  }
}

/** Enough for milliseconds, so that ids are in the order of their times. */
const dueDigits = 15;

const dueOf = (id: string): number => Number(id.slice(0, dueDigits));
