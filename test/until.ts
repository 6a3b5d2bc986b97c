/** Waits for a condition, which is looked at again and again; fails, naming it, when it does not come true. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  options: { what?: string; ms?: number } = {},
): Promise<void> {
  const { what = condition.toString(), ms = 10_000 } = options;
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`After ${ms} ms this is still not so: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Says whether `ms` milliseconds from now are still to come: for random tests, which go on for a while. */
export function within(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() < end;
}
