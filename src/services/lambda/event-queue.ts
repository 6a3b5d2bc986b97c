import type { FunctionClient, InvokeOutcome } from "../../functions/function-client.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { Scope, Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";

/** The kind of accepted asynchronous invocations; ids are `{time}-{requestId}`. */
export const eventKind = "lambda-event";

interface EventDocument {
  readonly functionArn: string;
  /** base64. */
  readonly payload: string;
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly clientContext: string | undefined;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
  readonly notBefore: number;
  /** Runs that ended in a function error. */
  readonly failures: number;
  /** Runs that Lambda itself refused (throttled). */
  readonly refusals: number;
}

export interface EventQueueOptions {
  readonly store: Store;
  readonly functions: FunctionClient;
  readonly logger: Logger;
  /** Waits before the second and third run. AWS: one minute, then two. */
  readonly retryMs?: readonly number[];
}

/** AWS: Lambda Developer Guide, "Error handling for asynchronous invocation". */
const ageMsMax = 6 * 3_600_000;
/** Ours: AWS names no bound; what is beyond it is throttled. */
const queuedMax = 10_000;
const runningMax = 64;

interface Queued {
  readonly scope: Scope;
  readonly id: string;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Asynchronous invocations: accepted ones are in the store until they have run, so that they survive the server.
 * A function error is retried twice, a throttle for six hours.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #retryMs: readonly number[];
  readonly #queued = new Map<string, Queued>();
  readonly #due: Queued[] = [];
  #running = 0;
  #isClosed = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#retryMs = options.retryMs ?? [60_000, 120_000];
  }

  /** Takes up what was accepted before the server last ended. */
  async start(): Promise<void> {
    for (const { scope, id, body } of await this.#options.store.all<EventDocument>(eventKind)) {
      this.#schedule(scope, id, body.notBefore);
    }
  }

  /** When it resolves, the event will run, whatever happens to the server. */
  async accept(
    scope: Scope,
    event: Pick<EventDocument, "functionArn" | "requestId" | "traceId" | "clientContext"> & {
      readonly payload: Buffer;
    },
  ): Promise<void> {
    if (this.#queued.size >= queuedMax) throw new ApiError("TooManyRequestsException", "Rate Exceeded.");
    const now = Date.now();
    const id = `${now.toString(36)}-${event.requestId}`;
    const document: EventDocument = {
      ...event,
      payload: event.payload.toString("base64"),
      acceptedAt: now,
      notBefore: now,
      failures: 0,
      refusals: 0,
    };
    await this.#options.store.write(scope, (tx) => tx.put(eventKind, id, document));
    this.#schedule(scope, id, now);
  }

  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#queued.values()) clearTimeout(timer);
  }

  #schedule(scope: Scope, id: string, notBefore: number): void {
    if (this.#isClosed) return;
    const queued: Queued = { scope, id, timer: undefined };
    const waitMs = Math.min(Math.max(0, notBefore - Date.now()), ageMsMax);
    queued.timer = setTimeout(() => {
      this.#due.push(queued);
      this.#runDue();
    }, waitMs);
    this.#queued.set(id, queued);
  }

  #runDue(): void {
    while (this.#running < runningMax && !this.#isClosed) {
      const queued = this.#due.shift();
      if (!queued) return;
      this.#running++;
      this.#run(queued)
        .catch((error: unknown) => {
          if (this.#isClosed) return;
          this.#options.logger.error(`An asynchronous invocation could not be recorded: ${error}`);
          this.#schedule(queued.scope, queued.id, Date.now() + 5_000);
        })
        .finally(() => {
          this.#running--;
          this.#runDue();
        });
    }
  }

  async #run({ scope, id }: Queued): Promise<void> {
    const { store, functions } = this.#options;
    const stored = await store.read(scope, (tx) => tx.get<EventDocument>(eventKind, id));
    this.#queued.delete(id);
    if (!stored) return;
    const event = stored.body;
    const outcome = await functions.invoke({
      functionArn: event.functionArn,
      payload: Buffer.from(event.payload, "base64"),
      requestId: event.requestId,
      ...(event.traceId === undefined ? {} : { traceId: event.traceId }),
      ...(event.clientContext === undefined ? {} : { clientContext: event.clientContext }),
    });
    if (this.#isClosed) return;
    const next = this.#afterwards(event, outcome);
    if (next) {
      await store.write(scope, (tx) => tx.put(eventKind, id, next));
      this.#schedule(scope, id, next.notBefore);
    } else {
      await store.write(scope, (tx) => tx.delete(eventKind, id));
    }
  }

  /** The event as it waits for its next run; undefined if there is none. */
  #afterwards(event: EventDocument, outcome: InvokeOutcome): EventDocument | undefined {
    if (outcome.kind === "ok") return undefined;
    const now = Date.now();
    const isAbandoned = now - event.acceptedAt > ageMsMax;
    if (outcome.kind === "function-error") {
      const waitMs = this.#retryMs[event.failures];
      if (waitMs !== undefined && !isAbandoned) {
        return { ...event, failures: event.failures + 1, notBefore: now + waitMs };
      }
      return this.#drop(event, outcome.errorMessage);
    }
    const isRetried = outcome.status === 429 || outcome.status >= 500;
    if (!isRetried || isAbandoned) return this.#drop(event, outcome.message);
    // AWS: throttles and system errors are retried with growing waits, from a second to five minutes.
    const waitMs = Math.min(1_000 * 2 ** event.refusals, 300_000);
    return { ...event, refusals: event.refusals + 1, notBefore: now + waitMs };
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
