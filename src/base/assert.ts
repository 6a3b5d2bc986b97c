/**
 * Throws unless a condition is true. A failure is our bug, and ends the smallest unit: an exchange, a transaction, a
 * plan, a thread.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}
