/** The source of time, in milliseconds since 1970, so that tests can move it. */
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
