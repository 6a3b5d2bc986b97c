// Takes log lines as the thread of the logs does, and throws them away.
import { type MessagePort, workerData } from "node:worker_threads";

const port = workerData as MessagePort;
port.on("message", () => port.postMessage(null));
