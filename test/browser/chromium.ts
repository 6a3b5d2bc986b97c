import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A call that a page makes; `init` is what it gives to `fetch`. */
export interface PageCall {
  readonly url: string;
  readonly init?: Readonly<Record<string, unknown>>;
}

/** What the page sees of it: an answer, or that there was none to see. */
export type Outcome = { readonly status: number; readonly body: string } | { readonly error: string };

/** A web site of its own origin, whose page makes calls in headless Chromium and tells what it saw. */
export interface Site {
  readonly origin: string;
  visit(calls: readonly PageCall[]): Promise<readonly Outcome[]>;
  close(): Promise<void>;
}

const visitMsMax = 60_000;

const page = `<!doctype html><script type="module">
  const calls = await (await fetch("/calls")).json();
  const outcomes = [];
  for (const { url, init } of calls)
    outcomes.push(await fetch(url, init).then(
      async (response) => ({ status: response.status, body: await response.text() }),
      (error) => ({ error: error.name }),
    ));
  await fetch("/outcomes", { method: "POST", body: JSON.stringify(outcomes) });
</script>`;

export async function startSite(): Promise<Site> {
  let calls: readonly PageCall[] = [];
  let tell: (outcomes: readonly Outcome[]) => void = () => undefined;
  const server = createServer(async (request: IncomingMessage, response) => {
    if (request.url === "/calls") response.setHeader("Content-Type", "application/json").end(JSON.stringify(calls));
    else if (request.url === "/outcomes") {
      const body = Buffer.concat(await request.toArray()).toString();
      response.end();
      tell(JSON.parse(body) as readonly Outcome[]);
    } else response.setHeader("Content-Type", "text/html").end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    async visit(wanted) {
      calls = wanted;
      const told = new Promise<readonly Outcome[]>((resolve) => {
        tell = resolve;
      });
      return openPage(origin, told);
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Opens a page in a Chromium of its own until what it tells has come. */
export async function openPage<Told>(url: string, told: Promise<Told>): Promise<Told> {
  const profile = mkdtempSync(join(tmpdir(), "portico-chromium-"));
  const child = spawn(
    "chromium",
    [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Without it headless Chromium ends when the page is loaded, whatever the page still waits for.
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
      url,
    ],
    // A group of its own: its processes end with it.
    { detached: true, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const killAll = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", killAll);
  const failed = Promise.withResolvers<never>();
  const timer = setTimeout(() => failed.reject(new Error(`The page told nothing:\n${output}`)), visitMsMax);
  child.once("error", failed.reject);
  void ended.then(() => failed.reject(new Error(`Chromium ended before the page told anything:\n${output}`)));
  try {
    return await Promise.race([told, failed.promise]);
  } finally {
    clearTimeout(timer);
    killAll();
    await ended;
    process.off("exit", killAll);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
