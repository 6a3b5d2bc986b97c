import { join, sep } from "node:path";
import { UserError } from "../base/user-error.ts";
import { untilSignal } from "../server/until-signal.ts";
import type { Invocation } from "./commands.ts";
import type { Output } from "./output.ts";
import { connect } from "./portico-calls.ts";
import { getStatus } from "./server-status.ts";
import { shortPath } from "./short-path.ts";
import { findOrStartServer, type ServerInUse } from "./up/find-server.ts";
import { followFunctions } from "./up/function-output.ts";
import { findProject, type Project, settingsFileName } from "./up/project.ts";
import { ProjectDeployer, type ProjectDeployment } from "./up/project-deployer.ts";
import { curlLines, printRoutes, stageUrls } from "./up/render-routes.ts";
import { type WatchedPaths, watchFiles } from "./up/watch-files.ts";

/** `portico up`: serves a project, and deploys it again on each save, until it is told to stop. */
export async function runUp({ args, options, serverFlags, output }: Invocation): Promise<number> {
  // It listens for signals from the beginning, so that one during the start leaves no backend or socket behind.
  const stopped = untilSignal();
  const project = findProject(args[0] ?? ".");
  const text = (name: string): string | undefined => (typeof options[name] === "string" ? options[name] : undefined);
  const isMock = options["mock"] === true;
  const server = await findOrStartServer({
    endpoint: text("endpoint"),
    flags: serverFlags,
    project,
    output,
    takesAnyDocument: isMock,
  });
  if (!server.isOurs) output.note(`Using the Portico that runs at ${server.shownEndpoint}.`);
  const print = (name: string, line: string): void => output.line(`${output.paint("dim", `${name} |`)} ${line}`);
  const deployer = new ProjectDeployer({
    project,
    name: text("name"),
    stage: text("stage"),
    protocol: options["http"] === true ? "HTTP" : undefined,
    isMock,
    connect: (account, region) => connect(server.endpoint, account, region),
    print,
  });
  const isOver = new AbortController();
  const isStaying = options["watch"] !== false || !server.isOurs;
  const session = new UpSession(project, server, deployer, output, { isMock, isStaying });
  try {
    const isUp = await session.start().catch((error) => {
      session.noteRefusal(describe(error));
      throw error;
    });
    // Without watching nothing will improve, and a running server goes on without us.
    if (options["watch"] === false && (!isUp || !server.isOurs)) return isUp ? 0 : 1;
    // Our own server's functions print here as it is.
    const onRefused = (message: string): void =>
      output.problem({ severity: "warning", message: `What functions print is not shown. ${message}` });
    const { signal } = isOver;
    if (!server.isOurs) void followFunctions({ functions: () => deployer.functions, print, onRefused, signal });
    await session.watch(stopped, options["watch"] !== false);
    return 0;
  } finally {
    isOver.abort();
    await deployer.close();
    await server.close();
  }
}

const routesShown = 60;

/** Decides what is printed, and when to deploy. */
class UpSession {
  readonly #project: Project;
  readonly #server: ServerInUse;
  readonly #deployer: ProjectDeployer;
  readonly #output: Output;
  readonly #isMock: boolean;
  /** False for a server that ends if the first deployment has mistakes. */
  readonly #isStaying: boolean;
  /** The routes as they were last printed. They are printed again when they change. */
  #printed = "";
  /** The problems of the last save. A problem that remains is not printed again. */
  #problems = "";

  constructor(
    project: Project,
    server: ServerInUse,
    deployer: ProjectDeployer,
    output: Output,
    { isMock, isStaying }: { readonly isMock: boolean; readonly isStaying: boolean },
  ) {
    this.#isMock = isMock;
    this.#isStaying = isStaying;
    this.#project = project;
    this.#server = server;
    this.#deployer = deployer;
    this.#output = output;
  }

  /** Makes the first deployment, and returns whether it had no errors. */
  async start(): Promise<boolean> {
    const deployed = await this.#deployer.deploy();
    await this.#report(deployed);
    await this.#deployer.prune();
    return !deployed.problems.some((problem) => problem.severity === "error");
  }

  /** Prints what may help if the server refuses the document. */
  noteRefusal(message: string): void {
    if (this.#isMock && !this.#server.isOurs && beyondLimits.test(message))
      this.#output.note(
        "Where none runs, `up --mock` starts a server that takes larger documents, and such as were not written for API Gateway: give another --port.",
      );
  }

  /** Deploys each save until a signal comes. */
  async watch(stopped: Promise<void>, isWatching: boolean): Promise<void> {
    const { paint } = this.#output;
    const what = isWatching ? `Watching ${shortPath(this.#project.folder)}: saving deploys. ` : "";
    this.#output.line(`\n${paint("dim", `${what}Ctrl-C stops.`)}`);
    if (!isWatching) return stopped;
    const warn = (message: string): void => this.#output.problem({ severity: "warning", message });
    let deploying: Promise<void> | undefined;
    let isStale = false;
    const watcher = watchFiles((files) => {
      for (const file of files) this.#changedFiles.add(file);
      isStale = true;
      deploying ??= (async () => {
        while (isStale) {
          isStale = false;
          await this.#redeploy();
          watcher.update(this.#watched());
        }
        deploying = undefined;
      })();
    }, warn);
    watcher.update(this.#watched());
    await stopped;
    watcher.close();
    await deploying;
  }

  readonly #changedFiles = new Set<string>();

  #watched(): WatchedPaths {
    const { folder, documentFile } = this.#project;
    const functions = join(folder, "functions");
    const processes = this.#deployer.processFolders.filter((one) => one !== folder);
    return {
      trees: [functions, ...processes],
      files: [documentFile, join(folder, settingsFileName), functions, ...processes, ...this.#deployer.referencedFiles],
    };
  }

  async #redeploy(): Promise<void> {
    const start = performance.now();
    const changedFiles = [...this.#changedFiles];
    this.#changedFiles.clear();
    try {
      const deployed = await this.#deployer.deploy((folder) =>
        changedFiles.some((file) => file.startsWith(`${folder}${sep}`) && folder !== this.#project.folder),
      );
      const ms = Math.round(performance.now() - start);
      const { changed } = deployed;
      if (changed.length > 0) this.#output.line(this.#timed("green", `deployed ${changed.join(", ")} in ${ms} ms`));
      await this.#report(deployed);
      if (deployed.changed.length > 0) void this.#deployer.prune().catch(() => undefined);
    } catch (error) {
      // The server may be restarting, or a process may have failed. The next save tries again.
      const { message, severity } = { message: describe(error), severity: "error" as const };
      this.#output.problem({ severity, message });
    }
  }

  #timed(style: "green" | "red", text: string): string {
    const { paint } = this.#output;
    return `${paint("dim", new Date().toTimeString().slice(0, 8))} ${paint(style, text)}`;
  }

  async #report({ problems, api, changed }: ProjectDeployment): Promise<void> {
    const text = JSON.stringify(problems);
    if (text !== this.#problems) for (const problem of problems) this.#output.problem(problem);
    const errors = problems.filter(({ severity }) => severity === "error").map(({ message }) => message);
    const hasErrors = errors.length > 0;
    this.noteRefusal(errors.join("\n"));
    for (const [pattern, note] of helpful) if (pattern.test(errors.join("\n"))) this.#output.note(note);
    if (hasErrors && text !== this.#problems && this.#printed !== "")
      this.#output.note("What was deployed before is served on.");
    if (!hasErrors && this.#problems.includes('"error"') && changed.length === 0)
      this.#output.line("All is well again.");
    this.#problems = text;
    // The URLs of a server that ends now would answer nobody.
    if (hasErrors && !this.#isStaying)
      this.#output.note("Nothing is served: without watching, a mistake ends the server.");
    else if (api && (changed.length > 0 || this.#printed === "")) await this.#printApi(api);
  }

  async #printApi({ document, target }: NonNullable<ProjectDeployment["api"]>): Promise<void> {
    const { endpoint } = this.#server;
    const stage = (await getStatus(endpoint)).find(
      (one) => one.apiId === target.apiId && one.stageName === target.stageName,
    );
    if (!stage) return;
    const closed = new Map(stage.closedRoutes.map(({ route, reason }) => [route, reason]));
    const { failingRoutes, unsentHeaders, sharedAnswers = [], keyedRoutes = [] } = stage;
    // A page that can't call the API is what nobody sees before it is tried in a browser.
    const preflights = stage.withoutEffect.filter((setting) => setting.startsWith("CorsConfiguration "));
    const printed = JSON.stringify([
      document.operations,
      target,
      [...closed],
      failingRoutes,
      unsentHeaders,
      sharedAnswers,
      keyedRoutes,
      preflights,
      stage.problem,
    ]);
    if (printed === this.#printed) return;
    this.#printed = printed;
    const urls = stageUrls(this.#server.shownEndpoint, document.region, target);
    const { line, paint } = this.#output;
    line(
      `\n${paint("bold", document.name)} (${target.apiId}), stage ${target.stageName}, at ${paint("cyan", urls.byPath)}`,
    );
    line(paint("dim", `also at ${urls.byHost}`));
    line(paint("dim", `to read and to try at ${urls.reference}`));
    if (stage.problem) line(paint("yellow", `The whole stage answers 501: ${stage.problem}`));
    line();
    printRoutes(this.#output, document.operations.slice(0, routesShown), urls.byPath, closed);
    for (const { route, reason, status = 500 } of failingRoutes) {
      line(paint("yellow", `${route} answers ${status}: ${reason}`));
    }
    for (const { route, reason } of [...unsentHeaders, ...sharedAnswers]) line(paint("yellow", `${route} ${reason}`));
    for (const setting of preflights) line(paint("yellow", `No effect has ${setting}.`));
    if (keyedRoutes.length > 0) {
      const which =
        keyedRoutes.length === document.operations.length ? "all routes" : keyedRoutes.slice(0, 5).join(", ");
      const rest = keyedRoutes.length > 5 && which !== "all routes" ? ` and ${keyedRoutes.length - 5} more` : "";
      line(paint("yellow", `An API key in a usage plan of the stage (X-API-Key) is needed by ${which}${rest}.`));
      line(paint("dim", `portico keys ${target.apiId} --make NAME makes one.`));
    }
    const more = document.operations.length - routesShown;
    if (more > 0) line(paint("dim", `… and ${more} more routes: portico routes ${target.apiId}`));
    const { mocked, operations } = document;
    if (mocked.size > 0)
      line(
        `\nMocked: ${mocked.size === operations.length ? "all" : `${mocked.size} of ${operations.length}`} routes, with the document's examples or values made by its schemas.\n` +
          paint("dim", "Other answers than the first: curl -H 'Prefer: code=404', or -H 'Prefer: example=NAME'."),
      );
    const curls = curlLines(document.operations, urls.byPath, closed, new Set(keyedRoutes));
    if (curls.length > 0) line(`\nTry:\n${curls.map((curl) => `  ${curl}`).join("\n")}`);
  }
}

/** Refusals of limits that a server started by `up --mock` does not have. */
const beyondLimits = /^Maximum number of|Request must be smaller|Model name must be|already has a variable/m;

/** Advice for errors, by their text. */
const helpful: readonly (readonly [RegExp, string])[] = [
  [
    /Model name must be alphanumeric|already has a variable path part/,
    "A server with `--profile relaxed` imports such documents, with warnings. AWS does not.",
  ],
  [
    /has no x-amazon-apigateway-integration/,
    "With --mock, operations without an integration answer with the document's examples.",
  ],
];

function describe(error: unknown): string {
  if (error instanceof UserError) return [error.what, error.why, error.next].filter((part) => part !== "").join(" ");
  return error instanceof Error ? error.message : String(error);
}
