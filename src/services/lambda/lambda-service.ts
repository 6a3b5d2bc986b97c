import type { Clock } from "../../base/clock.ts";
import { describeMissing, type EventClient, type FunctionFacts } from "../../functions/function-client.ts";
import type { FunctionManager } from "../../functions/manager.ts";
import type { PackageStore } from "../../functions/packages.ts";
import type { Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { acceptEvent } from "./accept-event.ts";
import { CodeLinks } from "./code-links.ts";
import { EventQueue } from "./event-queue.ts";
import { functionFollowers, takeUpFunctions } from "./follow-functions.ts";
import { makeLambdaOperations } from "./operations.ts";

interface LambdaServiceOptions {
  readonly store: Store;
  readonly manager: FunctionManager;
  readonly packages: PackageStore;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The waits before an asynchronous invocation's second and third run, in milliseconds. */
  readonly eventRetryMs?: readonly number[];
}

/** The embedded store has one server, so that at its start every lease is one of its earlier lives'. */
const eventOwner = "the server";

/**
 * The `lambda` service, with its work beside the operations: it keeps the function manager equal to the store, and runs
 * asynchronous invocations.
 */
export class LambdaService {
  /** Accepts asynchronous invocations from the gateway. */
  readonly acceptEvent: EventClient["accept"];
  readonly operations: Operations;
  readonly #options: LambdaServiceOptions;
  readonly #codeLinks: CodeLinks;
  readonly #events: EventQueue;
  readonly #functions: ReturnType<FunctionManager["client"]>;
  #work: Promise<void> = Promise.resolve();
  #endWatch: (() => void) | undefined = undefined;

  constructor(options: LambdaServiceOptions) {
    this.#options = options;
    const { store, manager, packages, logger, clock, eventRetryMs } = options;
    this.#functions = manager.client();
    this.#codeLinks = new CodeLinks(clock);
    this.#events = new EventQueue({
      store,
      functions: this.#functions,
      logger,
      clock,
      owner: eventOwner,
      ...(eventRetryMs ? { retryMs: eventRetryMs } : {}),
    });
    this.acceptEvent = (event) => acceptEvent(event, this.#events, logger);
    this.operations = makeLambdaOperations({
      store,
      manager,
      packages,
      functions: this.#functions,
      events: this.#events,
      codeLinks: this.#codeLinks,
    });
  }

  /** Returns the package that a `Code.Location` leads to. */
  async readCode(path: string): Promise<Buffer | undefined> {
    const hash = this.#codeLinks.read(path);
    return hash === undefined ? undefined : this.#options.packages.read(hash);
  }

  /** Returns why a function, version or alias can't be invoked by its ARN: it is not there. */
  problemOf(functionArn: string): string | undefined {
    return this.#functions.describe(functionArn) ? undefined : describeMissing(functionArn, this.#functions);
  }

  /** Returns what is known of a function, version or alias. */
  describe(functionArn: string): FunctionFacts | undefined {
    return this.#functions.describe(functionArn);
  }

  /** Takes up the store's functions and events. Resolves when every function can be invoked from every thread. */
  async start(): Promise<void> {
    const { store } = this.#options;
    // Operations apply their own changes before they answer. This is for a reset, and for writes by others.
    this.#endWatch = store.subscribe((changes) => {
      for (const change of changes) {
        const follow = functionFollowers.get(change.kind);
        if (follow) this.#enqueue(() => follow(change, this.#options));
      }
    });
    await takeUpFunctions(this.#options);
    await this.#events.start();
  }

  /** Resolves when the changes that the store has announced so far are in effect. */
  caughtUp(): Promise<void> {
    return this.#work;
  }

  async close(): Promise<void> {
    this.#endWatch?.();
    await this.#events.close();
    await this.#work;
    await this.#functions.close();
  }

  #enqueue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.logger.error(`A function's change could not be taken up: ${error}`);
    });
  }
}
