// Loaded into a server before all else (`--import`): appends to the file $CONTROL_TURNS each turn of the control thread's
// event loop that took long: when it ended (epoch, ms), and its processor time (ms), which a busy machine does not change.
import { appendFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const longMs = 5;
const usedMs = () => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};

let before = usedMs();
function turn() {
  const now = usedMs();
  if (now - before > longMs) appendFileSync(process.env["CONTROL_TURNS"], `${Date.now()} ${now - before}\n`);
  before = now;
  setImmediate(() => setTimeout(turn, 1).unref()).unref();
}
if (isMainThread) turn();
