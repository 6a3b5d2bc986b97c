import { execFile } from "node:child_process";

const found = new Map<string, Promise<string | undefined>>();

/**
 * Returns the path of the interpreter for a `python3.x` runtime: of that version if the machine has it, else its
 * `python3`; undefined if there is none. It searches once, and only when a Python function is used.
 */
export function findPython(runtime: string): Promise<string | undefined> {
  let path = found.get(runtime);
  if (!path) {
    path = ask(runtime).then((exact) => exact ?? ask("python3"));
    found.set(runtime, path);
    path.then((result) => result ?? found.delete(runtime));
  }
  return path;
}

function ask(command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const script = "import sys; assert sys.version_info >= (3, 9); print(sys.executable)";
    execFile(command, ["-c", script], { timeout: 10_000, cwd: "/" }, (error, output) => {
      resolve(error ? undefined : output.trim() || undefined);
    });
  });
}
