/** How much is kept for a client that may come back. */
export interface ResumeLimits {
  readonly messages: number;
  readonly bytes: number;
  /** From a message, or from the end of a connection. */
  readonly seconds: number;
}

export const resumeLimitsDefault: ResumeLimits = { messages: 100, bytes: 262_144, seconds: 120 };

/** The bytes that are kept for all clients of a stage in a gateway thread. */
export interface KeptBytes {
  bytes: number;
}

interface KeptMessage {
  readonly data: Buffer;
  readonly atMs: number;
}

/** What a message takes besides its bytes. */
const overhead = 128;

/**
 * The latest messages of one client, in order and within bounds. Each has a number, from 0 on, whether it is still kept or not.
 */
export class KeptMessages {
  readonly #limits: ResumeLimits;
  readonly #common: KeptBytes;
  readonly #commonMax: number;
  readonly #messages: KeptMessage[] = [];
  #bytes = 0;
  /** The number of the oldest one that is kept, and of the next one that comes. */
  first = 0;
  next = 0;

  constructor(limits: ResumeLimits, common: { readonly of: KeptBytes; readonly max: number }) {
    this.#limits = limits;
    this.#common = common.of;
    this.#commonMax = common.max;
  }

  /** Goes on from where another thread's stopped, with the messages that it had. */
  continueFrom(first: number, messages: readonly KeptMessage[]): void {
    this.first = first;
    this.next = first;
    for (const { data, atMs } of messages) this.add(data, atMs);
  }

  /** Returns whether one more message has room without an older one's end. */
  hasRoomFor(bytes: number): boolean {
    return (
      this.#messages.length < this.#limits.messages &&
      this.#bytes + bytes + overhead <= this.#limits.bytes &&
      this.#common.bytes + bytes + overhead <= this.#commonMax
    );
  }

  /** Keeps a message in place of the oldest ones that have no room beside it. One that has none at all is counted only. */
  add(data: Buffer, atMs: number): void {
    this.next++;
    const hasRoom = (): boolean => this.hasRoomFor(data.length);
    while (this.#messages.length > 0 && !hasRoom()) this.#drop();
    if (!hasRoom()) {
      this.first = this.next;
      return;
    }
    this.#messages.push({ data, atMs });
    this.#count(data.length + overhead);
  }

  /** Returns a message that is kept. */
  at(number: number): Buffer | undefined {
    return this.#messages[number - this.first]?.data;
  }

  /** All that is kept, from the oldest one on. */
  get all(): readonly KeptMessage[] {
    return this.#messages;
  }

  /** Drops what is too old. */
  expire(nowMs: number): void {
    const { seconds } = this.#limits;
    while (this.#messages.length > 0 && nowMs - this.#messages[0]!.atMs >= seconds * 1_000) this.#drop();
  }

  clear(): void {
    while (this.#messages.length > 0) this.#drop();
  }

  #drop(): void {
    const oldest = this.#messages.shift();
    if (oldest === undefined) return;
    this.first++;
    this.#count(-oldest.data.length - overhead);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#common.bytes += bytes;
  }
}
