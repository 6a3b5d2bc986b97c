// Takes log lines or points of metrics, as the thread of their service does, and throws them away.
import { type MessagePort, workerData } from "node:worker_threads";

const port = workerData as MessagePort;
port.on("message", () => port.postMessage(null));
