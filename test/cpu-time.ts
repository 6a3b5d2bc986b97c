/**
 * Starts counting the CPU time of this process, all its threads together; the function says how many milliseconds it has
 * used since. Unlike the clock's time it doesn't grow while other processes run, so a test may hold work to a bound by it.
 */
export function countCpuMs(): () => number {
  const begun = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1_000;
  };
}
