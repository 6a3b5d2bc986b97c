import type { BackendPool } from "../../src/gateway/integrations/backend-pools.ts";
import type { ThreadContext } from "../../src/gateway/thread-context.ts";

/**
 * How a call goes wrong: it throws; or the promise that it returns is rejected, or brings nothing at all. The latter two are
 * for calls that return promises.
 */
export type FaultKind = "throws" | "rejects" | "brings nothing";

/** Lets one of the calls that an exchange makes of its thread go wrong: the first one, the second one, … */
export class Fault {
  readonly kind: FaultKind;
  readonly #at: number;
  readonly #isArmed: () => boolean;
  /** Calls that could have gone wrong so far. */
  calls = 0;
  /** What went wrong. */
  place: string | undefined = undefined;

  /** `at` counts from 1; calls count while `isArmed` says so. */
  constructor(kind: FaultKind, at: number, isArmed: () => boolean) {
    this.kind = kind;
    this.#at = at;
    this.#isArmed = isArmed;
  }

  /** Makes a call, or lets it go wrong. */
  run<Result>(place: string, call: () => Result): Result {
    if (!this.#isArmed()) return call();
    if (this.kind === "throws") {
      if (this.#isNow(place)) throw new Error(`${place} throws`);
      return call();
    }
    const result = call();
    if (!(result instanceof Promise) || !this.#isNow(place)) return result;
    return (this.kind === "rejects" ? Promise.reject(new Error(`${place} rejects`)) : Promise.resolve()) as Result;
  }

  #isNow(place: string): boolean {
    if (++this.calls !== this.#at) return false;
    this.place = place;
    return true;
  }

  /** An object whose methods can go wrong. */
  around<Target extends object>(name: string, target: Target): Target {
    return new Proxy(target, {
      get: (_, key): unknown => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        const method = value as (...parameters: unknown[]) => unknown;
        return (...parameters: unknown[]) => this.run(`${name}.${String(key)}`, () => method.apply(target, parameters));
      },
    });
  }
}

/** The thread with a fault in everything that steps use of it; logs and the logger work. */
export function faultyThread(thread: ThreadContext, fault: Fault): ThreadContext {
  const { functions, events, metrics, clock, permissions, identities, keys, throttles, userPoolKeys, pools, services } =
    thread;
  const realPools = new Map<BackendPool, BackendPool>();
  return {
    ...thread,
    functions: fault.around("functions", functions),
    events: fault.around("events", events),
    metrics: fault.around("metrics", metrics),
    clock: fault.around("clock", clock),
    permissions: fault.around("permissions", permissions),
    throttles: {
      ...throttles,
      methods: fault.around("buckets", throttles.methods),
      clients: fault.around("clients", throttles.clients),
    },
    keys: {
      finder: fault.around("finder", keys.finder),
      counter: fault.around("counter", keys.counter),
      plans: keys.plans,
      saving: keys.saving,
    },
    identities: fault.around("identities", identities),
    userPoolKeys: fault.around("userPoolKeys", userPoolKeys),
    knownCallers: fault.around("knownCallers", thread.knownCallers),
    signingKeys: fault.around("signingKeys", thread.signingKeys),
    get payloadBytesMax() {
      return fault.run("payloadBytesMax", () => thread.payloadBytesMax);
    },
    pools: {
      acquire(target: Parameters<typeof pools.acquire>[0]) {
        const real = pools.acquire(target);
        const faulty = fault.around("pool", real);
        realPools.set(faulty, real);
        return faulty;
      },
      release: (pool: BackendPool) => pools.release(realPools.get(pool)!),
    } as unknown as ThreadContext["pools"],
    services: {
      originOf: (service: Parameters<typeof services.originOf>[0]) => services.originOf(service),
      issuerOf: () => undefined,
      problemOf: () => undefined,
      acquireRole: (...parameters: Parameters<typeof services.acquireRole>) =>
        fault.around("role", services.acquireRole(...parameters)),
      releaseRole: () => undefined,
    } as unknown as ThreadContext["services"],
  };
}
