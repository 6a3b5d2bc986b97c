// A server that npm started ends with npm: npm passes SIGTERM to a shell that does not pass it on, and passes nothing on if
// it is killed. Plain JavaScript, as all of bin/.
import { execFileSync } from "node:child_process";
import { fstatSync, readFileSync, readlinkSync, statSync } from "node:fs";

const lookMs = 250;
/** npm, its shell, and an older Node that runs this one. */
const generations = 4;

/** Sends this process SIGTERM when the npm that started it is gone. */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === "win32") return;
  const npm = findNpm();
  if (npm === undefined || isInBackground(npm)) return;
  const timer = setInterval(() => {
    if (isAlive(npm)) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, lookMs);
  timer.unref();
}

function findNpm() {
  let pid = process.ppid;
  for (let i = 0; i < generations && pid > 1; i++) {
    const found = look(pid);
    if (found === undefined) return undefined;
    // npm calls its process "npm run NAME", or "npm exec …" for npx.
    if (/^(?:\S*\/)?(?:node \S*)?np[mx](?:-cli\.js)?(?: |$)/.test(found.command)) return pid;
    pid = found.parent;
  }
  return undefined;
}

/** The parent and the command line of a process. */
function look(pid) {
  try {
    if (process.platform === "linux") {
      // The name in parentheses may have any characters.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return { parent, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ") };
    }
    const text = execFileSync("ps", ["-o", "ppid=,command=", "-p", String(pid)], { encoding: "utf8" });
    const [, parent, command] = /^\s*(\d+)\s+(.*)/.exec(text) ?? [];
    return parent === undefined ? undefined : { parent: Number(parent), command };
  } catch {
    return undefined;
  }
}

/** A shell gives what it starts with `&` no input: whoever writes `portico serve &` in a script wants it to outlive the script. */
function isInBackground(npm) {
  try {
    if (fstatSync(0).rdev !== statSync("/dev/null").rdev) return false;
    return process.platform !== "linux" || readlinkSync(`/proc/${npm}/fd/0`) !== "/dev/null";
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    // A dead process that its parent has not asked for yet still takes signals.
    if (process.platform === "linux" && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) return false;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
