import { type ChildProcess, spawn } from "node:child_process";

/**
 * Ends the functions' processes and removes their sockets when the server is gone, even after `kill -9`. It is a shell
 * that holds the far end of a pipe and acts when the pipe closes. A process that is stuck in a loop can't notice that
 * by itself, and grandchildren would not.
 *
 * While the server lives, it has Linux run the functions as batches (sched(7), SCHED_BATCH): one that is woken waits until
 * the thread that woke it has used its time, instead of interrupting it. A gateway thread on a full machine then hands out
 * what has come to several functions, and is not switched away at each (bench/functions). An idle processor takes a function
 * at once, as before. Where there is no chrt, nothing changes.
 */
export class Guardian {
  readonly #shell: ChildProcess;

  constructor(socketFolder: string) {
    this.#shell = spawn("/bin/sh", ["-c", script, "portico-guardian", socketFolder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
    });
    this.#shell.on("error", () => {});
    this.#shell.stdin?.on("error", () => {});
    this.#shell.unref();
  }

  /** Watches a process that leads a process group of the same number, which ends with the server. */
  watch(pid: number): void {
    this.#shell.stdin?.write(`+ ${pid}\n`);
  }

  forget(pid: number): void {
    this.#shell.stdin?.write(`- ${pid}\n`);
  }

  /** Kills everything that is still watched. */
  close(): void {
    this.#shell.stdin?.end();
  }
}

const script = `
trap '' HUP INT TERM
pids=''
while read -r sign pid; do
  case $sign in
    +) pids="$pids $pid"; chrt -b -p 0 "$pid" </dev/null ;;
    -) rest=''; for each in $pids; do [ "$each" = "$pid" ] || rest="$rest $each"; done; pids=$rest ;;
  esac
done
for each in $pids; do kill -s KILL -- "-$each" 2>/dev/null; done
rm -rf -- "$1"
`;
