/**
 * Returns whether a value is heavier than `max`. Each value in it weighs 1, and each 32 characters of text or bytes one
 * more, which is about what walking, copying or printing it costs. It stops as soon as the answer is yes. The value is
 * plain data without circles.
 */
export function isHeavierThan(value: unknown, max: number): boolean {
  let weight = 0;
  const values: unknown[] = [value];
  while (values.length > 0) {
    const next = values.pop();
    weight += 1 + sizeOf(next) / 32;
    if (weight > max) return true;
    if (typeof next !== "object" || next === null || ArrayBuffer.isView(next)) continue;
    for (const child of Array.isArray(next) ? next : Object.values(next)) values.push(child);
  }
  return false;
}

const sizeOf = (value: unknown): number =>
  typeof value === "string" ? value.length : ArrayBuffer.isView(value) ? value.byteLength : 0;
