/** Why a question has no answer. */
export type NoAnswer =
  /** The allowed number of questions is open, so this one was not asked. */
  | { readonly kind: "busy" }
  /** The answer did not come in time. */
  | { readonly kind: "late" }
  /** The peer ended before it answered. */
  | { readonly kind: "lost" };

/** A question's outcome. */
export type AnswerOutcome<Answer> = { readonly kind: "answer"; readonly answer: Answer } | NoAnswer;

/** A question to a peer: a thread, or the other end of a port. */
export interface Question {
  /** The peer. {@link PendingAnswers.bury} names it when it ends. */
  readonly peer: object;
  /** Sends the question. The peer's answer has the same number. */
  send(id: number): void;
  /** Tells the peer that nobody waits any more. */
  cancel?(id: number): void;
  /** Milliseconds until the answer is late. Without it the question waits for the answer or the peer's end. */
  readonly withinMs?: number | undefined;
  /** Milliseconds until `cancel` asks the peer to finish. The question still waits for its answer. */
  readonly patienceMs?: number | undefined;
}

interface OpenQuestion<Answer> {
  readonly peer: object;
  readonly settle: (outcome: AnswerOutcome<Answer>) => void;
}

/**
 * Questions to other threads that wait for their answers. Each is settled once, by its answer, its time, or its peer's
 * end, and the number of open questions is limited. It knows no channel: its user sends the messages.
 */
export class PendingAnswers<Answer> {
  readonly #max: number;
  readonly #waiting = new Map<number, OpenQuestion<Answer>>();
  #lastId = 0;

  constructor(options: { readonly max?: number } = {}) {
    this.#max = options.max ?? Number.POSITIVE_INFINITY;
  }

  /** Asks a question, and resolves with its outcome. It never rejects. */
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

  /** Settles a question with its answer. An answer that nobody waits for any more is dropped. */
  settle(id: number, answer: Answer): void {
    this.#end(id, { kind: "answer", answer });
  }

  /** Settles all questions to a peer that has ended. */
  bury(peer: object): void {
    for (const [id, waiting] of this.#waiting) if (waiting.peer === peer) this.#end(id, { kind: "lost" });
  }

  #end(id: number, outcome: AnswerOutcome<Answer>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.settle(outcome);
  }
}
