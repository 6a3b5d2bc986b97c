/**
 * Thrown for a mistake of the person who starts or configures Portico: what happened, why, and what to do next. The
 * command line prints it without a stack and exits with 1, or with 2 if the command line itself is wrong (`isUsage`).
 */
export class UserError extends Error {
  readonly what: string;
  readonly why: string;
  readonly next: string;
  readonly isUsage: boolean;
  constructor(parts: {
    readonly what: string;
    readonly why: string;
    readonly next: string;
    readonly isUsage?: boolean;
    readonly cause?: unknown;
  }) {
    super([parts.what, parts.why, parts.next].filter((part) => part !== "").join(" "), { cause: parts.cause });
    this.name = "UserError";
    this.what = parts.what;
    this.why = parts.why;
    this.next = parts.next;
    this.isUsage = parts.isUsage ?? false;
  }
}
