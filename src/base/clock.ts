/** Where the time comes from, so that tests can move it. Milliseconds since 1970. */
export interface Clock {
  now(): number;
}

/** A clock that stands still until it is moved, for tests and `POST /_portico/clock`. */
export class ManualClock implements Clock {
  #ms: number;
  constructor(ms: number) {
    this.#ms = ms;
  }
  now(): number {
    return this.#ms;
  }
  advance(ms: number): void {
    this.#ms += ms;
  }
}
