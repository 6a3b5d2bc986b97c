/** States what must be true. A failure is our bug: the smallest unit (exchange, transaction, plan, thread) dies of it. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}
