import { bounds } from "../../base/bounds.ts";
import type { Clock } from "../../base/clock.ts";
import { DueQueue } from "../../functions/due-queue.ts";
import type { FunctionClient, InvokeOutcome } from "../../functions/function-client.ts";
import { ApiError } from "../../protocol/errors.ts";
import type { Scope, Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";

/** The kind of accepted asynchronous invocations; ids are `{time}-{requestId}`. */
const eventKind = "lambda-event";

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

interface EventQueueOptions {
  readonly store: Store;
  readonly functions: FunctionClient;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Waits before the second and third run. AWS: one minute, then two. */
  readonly retryMs?: readonly number[];
}

/** AWS: Lambda Developer Guide, "Error handling for asynchronous invocation". */
const ageMsMax = bounds.lambdaEventAgeMsMax.value;
/** Ours: AWS names no bound; what is beyond it is throttled. */
const queuedMax = bounds.lambdaEventsQueuedMax.value;
const runningMax = bounds.lambdaEventsRunningMax.value;
/** When the store fails: how long until an event's run is tried once more. */
const recordAgainMs = 5_000;

/**
 * Asynchronous invocations: accepted ones are in the store until they have run, so that they survive the server.
 * A function error is retried twice, a throttle for six hours.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #retryMs: readonly number[];
  /** By scope and id, as one text. */
  readonly #queue = new DueQueue(runningMax, (key) => this.#runKey(key));
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
    if (this.#queue.size >= queuedMax) throw new ApiError("TooManyRequestsException", "Rate Exceeded.");
    const now = this.#options.clock.now();
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
    this.#queue.close();
  }

  #schedule({ account, region }: Scope, id: string, notBefore: number): void {
    const waitMs = Math.min(Math.max(0, notBefore - this.#options.clock.now()), ageMsMax);
    this.#queue.add(`${account} ${region} ${id}`, waitMs);
  }

  async #runKey(key: string): Promise<void> {
    const [account = "", region = "", id = ""] = key.split(" ");
    try {
      await this.#run({ account, region }, id);
    } catch (error) {
      if (this.#isClosed) return;
      this.#options.logger.error(`An asynchronous invocation could not be recorded: ${error}`);
      this.#queue.add(key, recordAgainMs);
    }
  }

  async #run(scope: Scope, id: string): Promise<void> {
    const { store, functions } = this.#options;
    const stored = await store.read(scope, (tx) => tx.get<EventDocument>(eventKind, id));
    if (!stored) return;
    const event = stored.body;
    const outcome = await functions.invoke({
      functionArn: event.functionArn,
      payload: Buffer.from(event.payload, "base64"),
      requestId: event.requestId,
      ...(event.traceId === undefined ? {} : { traceId: event.traceId }),
      ...(event.clientContext === undefined ? {} : { clientContext: event.clientContext }),
    });
    // What was cut off by our own end runs again after the next start.
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
    const now = this.#options.clock.now();
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
