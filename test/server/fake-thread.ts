// A gateway thread for tests of the pool: it does nothing but keep the protocol of src/server/messages.ts, and what it
// is told by plans whose key is an order (`die/0`: to thread 0).
import { parentPort, workerData } from "node:worker_threads";
import type { FromThread, ThreadStart, ToThread } from "../../src/server/messages.ts";

const start = workerData as ThreadStart;
const post = (message: FromThread): void => parentPort?.postMessage(message);
let isListening = false;
let isDeaf = false;
const applied: string[] = [];

parentPort?.on("message", (message: ToThread) => {
  switch (message.kind) {
    case "plan":
      if (message.key === `die/${start.threadIndex}`) process.exit(7);
      if (message.key === `throw/${start.threadIndex}`) throw new Error("the thread was told to");
      if (message.key === `deaf/${start.threadIndex}`) isDeaf = true;
      if (message.key === `refuse/${start.threadIndex}`) {
        const { kind, key, revision } = message;
        post({ kind: "refused", publication: { kind, key, revision }, reason: "the thread was told to" });
      }
      if (message.key.startsWith("api/")) applied.push(message.key);
      if (message.key === "tell") {
        const fields = { applied, port: start.port, isPortShared: start.isPortShared };
        post({ kind: "log", level: "info", message: "told", fields });
      }
      break;
    case "revision":
      if (!isDeaf) post({ kind: "applied", revision: message.revision });
      if (!isListening) {
        isListening = true;
        if (start.host === "refused") post({ kind: "failed", message: "listen EADDRINUSE: address already in use" });
        else post({ kind: "listening", port: start.port === 0 ? 40_000 + start.threadIndex : start.port });
      }
      break;
    case "collect-metrics":
      if (!isDeaf) post({ kind: "metrics-collected", id: message.id });
      break;
    case "stop":
      // A thread that hangs is one that does not answer this.
      if (!isDeaf) post({ kind: "stopped" });
      break;
  }
});
