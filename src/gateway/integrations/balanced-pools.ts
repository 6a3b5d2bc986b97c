import type { OutboundRequest } from "../../http/http1-client/outbound.ts";
import type { BackendPool, BackendRoute } from "./backend-pools.ts";

/**
 * The pools of a VPC link's addresses, taken in turn. An address that could not be connected to is left out for a
 * while, and its request goes to the next one, since nothing had been sent.
 */
export class BalancedPools implements BackendRoute {
  readonly host: string;
  readonly #pools: readonly BackendPool[];
  #next = 0;

  constructor(pools: readonly BackendPool[]) {
    this.#pools = pools;
    this.host = pools[0]!.host;
  }

  send(request: OutboundRequest): boolean {
    return (this.#chooseReachable() ?? this.#choose()).send(request);
  }

  resend(request: OutboundRequest): boolean {
    return (this.#chooseReachable() ?? this.#choose()).resend(request);
  }

  sendElsewhere(request: OutboundRequest): boolean {
    return this.#chooseReachable()?.send(request) === true;
  }

  cancel(request: OutboundRequest, isLate = false): void {
    for (const pool of this.#pools) pool.cancel(request, isLate);
  }

  #choose(): BackendPool {
    const pool = this.#pools[this.#next]!;
    this.#next = (this.#next + 1) % this.#pools.length;
    return pool;
  }

  #chooseReachable(): BackendPool | undefined {
    for (let tried = 0; tried < this.#pools.length; tried++) {
      const pool = this.#choose();
      if (pool.isReachable) return pool;
    }
    return undefined;
  }
}
