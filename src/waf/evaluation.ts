import { bounds } from "../base/bounds.ts";

/** A request as web ACLs see it. Texts are latin1: each character stands for a byte. */
export interface InspectedRequest {
  readonly method: string;
  /** The path as received, from the stage's name on. */
  readonly path: string;
  /** The query as received, without `?`. */
  readonly query: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  /** The same names in lower case, in turn with `rawHeaders` (index i names rawHeaders[2i]). */
  readonly headerNames: readonly string[];
  readonly sourceAddress: string;
  /** The whole body; undefined unless the web ACL reads bodies. */
  readonly body: Buffer | undefined;
}

/** Thrown where a request asks for more work than its web ACL may take. The request is then blocked. */
export class InspectionTooLong extends Error {}

/** What is inspected of one request: one text, several, or none; `true` says that the statement matches as it is. */
export type InspectedValue = string | readonly string[] | boolean;

/** The evaluation of a web ACL for one request. */
export class Evaluation {
  readonly request: InspectedRequest;
  readonly nowMs: number;
  /** The labels that rules have added so far, fully qualified. */
  readonly labels: string[] = [];
  /** The values of {@link Inspector}s, by their slots, so that equal inspections are made once for a request. */
  readonly values: (InspectedValue | undefined)[];
  #stepsLeft: number = bounds.wafStepsMax.value;

  constructor(request: InspectedRequest, nowMs: number, slots: number) {
    this.request = request;
    this.nowMs = nowMs;
    this.values = new Array<InspectedValue | undefined>(slots).fill(undefined);
  }

  /** Counts work of some nanoseconds each. Throws if it is too much. */
  spend(steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw new InspectionTooLong();
  }
}

/** Returns the last value of a header, by its lower-case name. */
export function headerOf({ headerNames, rawHeaders }: InspectedRequest, name: string): string | undefined {
  for (let index = headerNames.length - 1; index >= 0; index--) {
    if (headerNames[index] === name) return rawHeaders[2 * index + 1];
  }
  return undefined;
}
