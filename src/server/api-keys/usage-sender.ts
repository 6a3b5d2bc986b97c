import { bounds } from "../../base/bounds.ts";
import { PendingAnswers } from "../../base/pending-answers.ts";
import type { UsageSaving } from "../../gateway/key-access.ts";
import type { FromThread } from "../messages.ts";

/** Has a gateway thread's counts of calls saved by control. One request is under way at a time, whoever waits. */
export class UsageSender implements UsageSaving {
  readonly #post: (message: FromThread) => void;
  readonly #answers = new PendingAnswers<boolean>({ max: 2 });
  #current: Promise<boolean> | undefined;
  #next: Promise<boolean> | undefined;

  constructor(post: (message: FromThread) => void) {
    this.#post = post;
  }

  hurry(): void {
    if (this.#current === undefined && this.#next === undefined) void this.save();
  }

  /** What is under way may have been begun before the caller's count: its own request follows. */
  save(): Promise<boolean> {
    this.#next ??= this.#ask(this.#current);
    return this.#next;
  }

  async #ask(before: Promise<boolean> | undefined): Promise<boolean> {
    await before;
    this.#current = this.#next;
    this.#next = undefined;
    const outcome = await this.#answers.ask({
      peer: this,
      send: (id) => this.#post({ kind: "save-usage", id }),
      withinMs: bounds.usageSaveMsMax.value,
    });
    if (this.#next === undefined) this.#current = undefined;
    return outcome.kind === "answer" && outcome.answer;
  }

  /** Takes control's answer. */
  settle(id: number, isSaved: boolean): void {
    this.#answers.settle(id, isSaved);
  }
}
