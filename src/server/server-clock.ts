import type { Clock } from "../base/clock.ts";

/** The system's time, which tests may move (`POST /_portico/clock`, DESIGN.md §10.4). */
export class ServerClock implements Clock {
  #offsetMs = 0;

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  advance(ms: number): void {
    this.#offsetMs += ms;
  }
}
