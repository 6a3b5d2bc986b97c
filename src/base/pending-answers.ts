/** Why a question has no answer. */
export type NoAnswer =
  /** As many questions as there may be are open: this one was not asked. */
  | { readonly kind: "busy" }
  /** The answer did not come in time. */
  | { readonly kind: "late" }
  /** The peer ended before it answered. */
  | { readonly kind: "lost" };

/** A question's outcome. */
export type AnswerOutcome<Answer> = { readonly kind: "answer"; readonly answer: Answer } | NoAnswer;

/** How one question is put to a peer: a thread, or the far end of a port. */
export interface Question {
  /** Whom {@link PendingAnswers.bury} names when it ends. */
  readonly peer: object;
  /** Sends it; the peer's answer bears the number. */
  send(id: number): void;
  /** Tells the peer that nobody waits any more. */
  cancel?(id: number): void;
  /** Milliseconds until it counts as late; without it, only the answer and the peer's end are waited for. */
  readonly withinMs?: number | undefined;
  /** Milliseconds until the peer is asked to come to an end, by `cancel`; its answer is still waited for. */
  readonly patienceMs?: number | undefined;
}

interface OpenQuestion<Answer> {
  readonly peer: object;
  readonly settle: (outcome: AnswerOutcome<Answer>) => void;
}

/**
 * Questions to other threads that wait for their answers: each is settled once, by its answer, its time, or its peer's
 * end, and only so many are open at a time. It knows no channel: who uses it sends the messages.
 */
export class PendingAnswers<Answer> {
  readonly #max: number;
  readonly #waiting = new Map<number, OpenQuestion<Answer>>();
  #lastId = 0;

  constructor(options: { readonly max?: number } = {}) {
    this.#max = options.max ?? Number.POSITIVE_INFINITY;
  }

  /** Puts a question; never rejects. */
  ask(question: Question): Promise<AnswerOutcome<Answer>> {
    if (this.#waiting.size >= this.#max) return Promise.resolve({ kind: "busy" });
    const { peer, withinMs, patienceMs } = question;
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const late = (): void => {
        question.cancel?.(id);
        this.#end(id, { kind: "late" });
      };
      const timer = withinMs === undefined ? undefined : setTimeout(late, withinMs);
      const impatience = patienceMs === undefined ? undefined : setTimeout(() => question.cancel?.(id), patienceMs);
      const settle = (outcome: AnswerOutcome<Answer>): void => {
        clearTimeout(timer);
        clearTimeout(impatience);
        resolve(outcome);
      };
      this.#waiting.set(id, { peer, settle });
      question.send(id);
    });
  }

  /** The answer has come; one that nobody waits for any more is dropped. */
  settle(id: number, answer: Answer): void {
    this.#end(id, { kind: "answer", answer });
  }

  /** The peer has ended: it will answer nothing. */
  bury(peer: object): void {
    for (const [id, waiting] of this.#waiting) if (waiting.peer === peer) this.#end(id, { kind: "lost" });
  }

  #end(id: number, outcome: AnswerOutcome<Answer>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.settle(outcome);
  }
}
