/** A thread of the server, and how long it has worked since it started. The rest of the time it waited for something to do. */
export interface ThreadTime {
  readonly name: string;
  readonly busyMs: number;
}

const busy = "portico_thread_busy_seconds_total";
/** The names that Prometheus's own client libraries give these. */
const cpu = "process_cpu_seconds_total";
const memory = "process_resident_memory_bytes";

/** Renders what the process takes, and each of its threads that answer requests, in Prometheus's text format. */
export function renderProcessMetrics(threads: readonly ThreadTime[]): string {
  const { user, system } = process.cpuUsage();
  const lines = [
    `# HELP ${busy} Time that a thread has worked since it started: 1 a second is all that it can.`,
    `# TYPE ${busy} counter`,
    ...threads.map(({ name, busyMs }) => `${busy}{thread="${name}"} ${busyMs / 1_000}`),
    `# HELP ${cpu} Processor time of the whole server.`,
    `# TYPE ${cpu} counter`,
    `${cpu} ${(user + system) / 1_000_000}`,
    `# HELP ${memory} Memory of the whole server, without its functions' processes.`,
    `# TYPE ${memory} gauge`,
    `${memory} ${process.memoryUsage.rss()}`,
  ];
  return `${lines.join("\n")}\n`;
}
