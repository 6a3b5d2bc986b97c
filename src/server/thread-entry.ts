/** Returns the program of a thread, compiled or not. */
export const threadEntry = (
  name: "gateway-thread" | "gateway-jobs-thread" | "jobs-thread" | "logs-thread" | "traces-thread" | "metrics-thread",
): URL => new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
