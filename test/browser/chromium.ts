import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../until.ts";

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
  const browser = startChromium(url);
  const failed = Promise.withResolvers<never>();
  // tidy-allow: time – a deadline
  const timer = setTimeout(() => failed.reject(new Error(`The page told nothing:\n${browser.output()}`)), visitMsMax);
  browser.failed.catch(failed.reject);
  try {
    return await Promise.race([told, failed.promise]);
  } finally {
    clearTimeout(timer);
    await browser.close();
  }
}

/** A page that a test acts on, as with the developer tools. */
export interface Tab {
  /** The value of an expression, or of the promise that it gives; rejects with what it throws. */
  evaluate<Value>(expression: string): Promise<Value>;
  /** Resolves with the expression's value as soon as that is something. */
  until<Value>(expression: string): Promise<Value>;
  close(): Promise<void>;
}

/** Opens a page in a Chromium of its own, and speaks the DevTools protocol with it. */
export async function openTab(url: string): Promise<Tab> {
  const browser = startChromium(url);
  try {
    const address = await Promise.race([browser.developerTools, browser.failed]);
    const targets = (await (await fetch(`http://${new URL(address).host}/json/list`)).json()) as {
      readonly type: string;
      readonly webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(targets.find(({ type }) => type === "page")?.webSocketDebuggerUrl ?? "");
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("Chromium's developer tools did not answer.")), {
        once: true,
      });
    });
    return makeTab(socket, browser);
  } catch (error) {
    await browser.close();
    throw error;
  }
}

interface EvaluationResult {
  readonly result: { readonly value?: unknown };
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } };
}

/** The page went away meanwhile. */
const notEvaluated: EvaluationResult = { result: {}, exceptionDetails: { text: "The page is not there any more." } };

function makeTab(socket: WebSocket, browser: Chromium): Tab {
  const waiting = new Map<number, (answer: EvaluationResult) => void>();
  let sent = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { readonly id: number; readonly result: EvaluationResult };
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  const evaluate = async <Value>(expression: string): Promise<Value> => {
    const id = ++sent;
    const answered = new Promise<EvaluationResult>((resolve) => waiting.set(id, resolve));
    const params = { expression, awaitPromise: true, returnByValue: true };
    socket.send(JSON.stringify({ id, method: "Runtime.evaluate", params }));
    const { result, exceptionDetails: thrown } = (await Promise.race([answered, browser.failed])) ?? notEvaluated;
    if (thrown !== undefined) throw new Error(thrown.exception?.description ?? thrown.text);
    return result.value as Value;
  };
  return {
    evaluate,
    async until<Value>(expression: string): Promise<Value> {
      let value: Value | undefined;
      const isThere = async (): Promise<boolean> => {
        // A page that is on its way to another one has no values.
        value = await evaluate<Value>(expression).catch(() => undefined);
        return Boolean(value);
      };
      await until(isThere, { what: `there is ${expression}`, ms: visitMsMax }).catch(async (error: Error) => {
        throw new Error(`${error.message} in:\n${await evaluate("document.body?.innerText")}`);
      });
      return value!;
    },
    async close() {
      socket.close();
      await browser.close();
    },
  };
}

interface Chromium {
  output(): string;
  /** Where its developer tools listen. */
  readonly developerTools: Promise<string>;
  /** Rejects when it ends by itself, or does not start. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

function startChromium(url: string): Chromium {
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
  const developerTools = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const address = /DevTools listening on (\S+)/.exec(output)?.[1];
      if (address !== undefined) developerTools.resolve(address);
    });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const killAll = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  process.once("exit", killAll);
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  child.once("error", failed.reject);
  void ended.then(() => failed.reject(new Error(`Chromium ended by itself:\n${output}`)));
  return {
    output: () => output,
    developerTools: developerTools.promise,
    failed: failed.promise,
    async close() {
      killAll();
      await ended;
      process.off("exit", killAll);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
