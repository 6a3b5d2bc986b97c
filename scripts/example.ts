// Shows an example: `npm run example NAME` serves examples/NAME with `portico up` (or with `portico serve` and its
// setup.sh), makes the requests of its example.yaml and says whether the answers are as expected. Further arguments are
// flags of `portico up`; with --once it ends then. Without a NAME it lists them. An example that calls AWS services has a
// services.mjs, which starts them on this machine and says where they are, or by which flags Portico reaches them.
// An example has a server of its own, on a free port and with nothing kept: yours may run beside it.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import {
  type ExampleRequest,
  type ExampleStep,
  examplesFolder,
  findDifferences,
  listExamples,
  readExample,
} from "./example-file.ts";
import { installExamplePackages, isExamplePackage } from "./example-packages.ts";
import { ExampleWebSockets } from "./example-web-sockets.ts";

const portico = join(import.meta.dirname, "../bin/portico.js");
const eventuallyMs = 20_000;

function list(): void {
  console.log("npm run example NAME serves one of these, and makes its requests:\n");
  const width = Math.max(...listExamples().map((one) => one.length));
  for (const one of listExamples()) console.log(`  ${one.padEnd(width)}  ${readExample(one).title}`);
}

/** Answers the exit code. */
async function show(example: string, flags: readonly string[], isOnce: boolean): Promise<number> {
  const folder = join(examplesFolder, example);
  const { needs, requests, prints } = readExample(example);
  const { problem } = needs.some(isExamplePackage) ? installExamplePackages() : {};
  if (problem !== undefined) {
    console.error(`This example needs ${needs.join(", ")}, and ${problem}`);
    return 1;
  }
  const hasSetup = existsSync(join(folder, "setup.sh"));
  // A folder of its own: a portico.yaml where this is run is not the example's.
  const cwd = mkdtempSync(join(tmpdir(), "portico-example-"));
  const services = await startServices(folder);
  const endpoints = Object.entries(services.endpoints).map(([service, url]) => `--endpoints=${service}=${url}`);
  const program = new Program(
    [
      ...(hasSetup ? ["serve"] : ["up", folder]),
      "--memory",
      "--port=0",
      ...endpoints,
      ...(services.flags ?? []),
      ...flags,
    ],
    cwd,
  );
  const webSockets = new ExampleWebSockets(eventuallyMs);
  try {
    const base = hasSetup
      ? await setUp(folder, await program.until(/https?:\/\/\S+(?=\s)/), services.variables)
      : await program.baseUrl();
    let failed = base === undefined ? 1 : 0;
    if (base !== undefined) {
      for (const step of requests) if (!(await tryStep(base, step, { folder, webSockets }))) failed++;
      for (const text of prints) {
        const isPrinted = (await program.until(new RegExp(RegExp.escape(text)))) !== undefined;
        if (isPrinted) continue;
        console.log(`✖ this is never printed: ${text}`);
        failed++;
      }
      console.log(failed === 0 ? "\nAll answers are as expected." : `\n${failed} of these are not as expected.`);
      if (!isOnce)
        console.log(hasSetup ? afterSetUp : "The API goes on answering, and a saved file is deployed. Ctrl-C stops.");
    }
    if (!isOnce) return await program.ended;
    return failed === 0 ? 0 : 1;
  } finally {
    webSockets.close();
    await program.close();
    await services.close();
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** What setup.sh has made does not follow its files. */
const afterSetUp =
  "The API goes on answering. What you change in the files is there when you run the example again. Ctrl-C stops.";

/** Without the addresses of your own servers, which AWS's tools and Portico would read. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_ENDPOINT_URL")));

interface Services {
  /** URLs by the service's name. */
  readonly endpoints: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** What setup.sh is told of them, by environment variables. */
  readonly variables?: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

async function startServices(folder: string): Promise<Services> {
  const file = join(folder, "services.mjs");
  if (!existsSync(file)) return { endpoints: {}, close: () => Promise.resolve() };
  const { start } = (await import(pathToFileURL(file).href)) as { start(): Promise<Services> };
  return start();
}

/** Runs setup.sh against the server, with what AWS's tools need; the last word that it prints is the API's URL. */
async function setUp(
  folder: string,
  server: string | undefined,
  variables: Services["variables"] = {},
): Promise<string | undefined> {
  if (server === undefined) return undefined;
  const child = spawn("sh", ["-eu", "setup.sh"], {
    cwd: folder,
    env: {
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_PAGER: "",
      ...environment(),
      AWS_ENDPOINT_URL: server,
      PORTICO: `${process.execPath} ${portico}`,
      ...variables,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    process.stdout.write(text);
    output += text;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  const url = output.trim().split(/\s+/).at(-1);
  if (code === 0 && url !== undefined && /^(?:http|ws)s?:/.test(url)) return url.replace(/^ws/, "http");
  console.log(`✖ setup.sh ended with ${code}${code === 0 ? ", and its last word is no URL" : ""}.`);
  return undefined;
}

/** Says what it tries, what comes of it, and whether that is as expected. */
async function tryStep(
  base: string,
  step: ExampleStep,
  { folder, webSockets }: { readonly folder: string; readonly webSockets: ExampleWebSockets },
): Promise<boolean> {
  console.log(step.what ? `\n# ${step.what}` : "");
  if (step.kind === "request") return tryRequest(base, step, folder);
  const differences = await webSockets.run(base, step);
  for (const difference of differences) console.log(`✖ ${difference}`);
  return differences.length === 0;
}

async function tryRequest(base: string, request: ExampleRequest, folder: string): Promise<boolean> {
  console.log(`→ ${request.method} ${request.target}`);
  for (const [header, value] of Object.entries(request.headers)) console.log(`  ${header}: ${value}`);
  if (request.body !== undefined) console.log(shortened(Buffer.from(request.body)));
  const deadline = performance.now() + (request.isEventual ? eventuallyMs : 0);
  for (;;) {
    const response = await fetch(`${base}${request.target}`, {
      method: request.method,
      headers: request.headers,
      redirect: "manual",
      ...(request.body !== undefined && { body: request.body }),
    });
    const body = Buffer.from(await response.arrayBuffer());
    const differences = findDifferences(request.expect, { status: response.status, headers: response.headers, body });
    if (differences.length > 0 && performance.now() < deadline) {
      await delay(100);
      continue;
    }
    console.log(`← ${response.status}`);
    for (const header of Object.keys(request.expect.headers)) {
      const value = response.headers.get(header);
      if (value !== null) console.log(`  ${header}: ${value}`);
    }
    if (body.length > 0) console.log(shortened(body));
    for (const difference of differences) console.log(`✖ ${difference}`);
    const hint = response.headers.get("x-portico-hint");
    if (differences.length > 0 && hint !== null) console.log(`  (${hint}; in ${folder})`);
    return differences.length === 0;
  }
}

/** A body for people: text that is not too long, else its size. */
function shortened(body: Buffer): string {
  const text = body.toString();
  const isText = !/[\x00-\x08\x0e-\x1f\ufffd]/.test(text);
  return isText && text.length <= 4_000 ? text.trimEnd() : `(${body.length} bytes)`;
}

/** `portico …` in a process of its own; what it prints is printed here, too. */
class Program {
  readonly #child: ChildProcess;
  readonly ended: Promise<number>;
  #output = "";

  constructor(args: readonly string[], cwd: string) {
    // The channel ends it with this process, however that ends.
    this.#child = spawn(process.execPath, [portico, ...args], {
      cwd,
      env: environment(),
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        process.stdout.write(text);
        this.#output += text;
      });
    this.ended = new Promise((resolve) => this.#child.once("close", (code) => resolve(code ?? 1)));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => void this.#child.kill(signal));
  }

  /** Where `up` serves the API; undefined if it could not deploy it. */
  async baseUrl(): Promise<string | undefined> {
    await this.until(/Ctrl-C stops/);
    return /, stage \S+, at (https?:\S+)/.exec(this.#output)?.[1];
  }

  /** What it has printed or prints soon, as soon as it matches. */
  async until(pattern: RegExp): Promise<string | undefined> {
    for (const end = performance.now() + eventuallyMs; ; await delay(20)) {
      const found = pattern.exec(this.#output)?.[0];
      if (found !== undefined || performance.now() > end || this.#child.exitCode !== null) return found;
    }
  }

  async close(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended;
  }
}

const [name, ...rest] = process.argv.slice(2);
if (name === undefined) list();
else if (!listExamples().includes(name)) {
  console.error(`There is no example ${name}. There are: ${listExamples().join(", ")}`);
  process.exitCode = 1;
} else
  process.exitCode = await show(
    name,
    rest.filter((flag) => flag !== "--once"),
    rest.includes("--once"),
  );
