import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { bounds } from "../base/bounds.ts";
import type { LogStreamAddress } from "../telemetry/log-sink.ts";
import { exitReason } from "./failure.ts";
import { type FunctionSpec, type Language, runtimes } from "./function-spec.ts";
import { MemoryLimit, readPrivateMb } from "./memory-limit.ts";

/** Why an environment did not come up. */
export type StartFailure =
  /** The code could not be loaded. `payload` is the answer that invocations get. */
  | { readonly kind: "answer"; readonly payload: string; readonly errorMessage: string }
  | { readonly kind: "exit"; readonly reason: string }
  | { readonly kind: "timeout"; readonly timeoutMs: number };

/** What a function signs its calls with: a session of its role. */
export interface FunctionEnvironmentCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Files of certificates (PEM) of authorities that functions trust, so that their calls reach Portico by TLS. */
export interface TrustedAuthorities {
  /** The server's own alone. Node.js trusts it besides those that it knows. */
  readonly alone: string;
  /** The server's own with those that are well known. Python's libraries trust one file in the place of any other. */
  readonly withAll: string;
}

export interface EnvironmentOptions {
  readonly id: number;
  readonly spec: FunctionSpec;
  readonly command: string;
  readonly taskRoot: string;
  readonly socketPath: string;
  readonly credentials: FunctionEnvironmentCredentials | undefined;
  /** Calls are verified: without `credentials` the function has none. */
  readonly hasCredentials: boolean;
  /** The variables that tell AWS SDKs in the function where to send their calls. */
  readonly sdkVariables: Readonly<Record<string, string>>;
  readonly authorities: TrustedAuthorities | undefined;
  /** The folders of the AWS SDK: {@link awsSdkFolders}. */
  readonly awsSdk: readonly string[];
  readonly initMs: number;
  /** Takes output that was printed outside of an invocation, or past our capture (by a child process, by a crash). */
  onOutput(text: string): void;
  onStarted(environment: Environment, failure: StartFailure | undefined): void;
  onEnded(environment: Environment): void;
  /** Its process keeps more memory than it has. */
  onOverMemory(environment: Environment): void;
}

const controlBytesMax = bounds.functionControlBytesMax.value;

/**
 * One execution environment: a process group, its Unix socket and its control channel. It runs one invocation at a time
 * for the holder of its lease. This class only starts, watches and ends it.
 * AWS: Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle".
 */
export class Environment {
  readonly id: number;
  readonly spec: FunctionSpec;
  readonly socketPath: string;
  /** Its own log stream. AWS: Lambda Developer Guide, "Viewing CloudWatch logs for Lambda functions". */
  readonly log: LogStreamAddress;
  readonly pid: number | undefined;
  /** The time from the start of the process until its handler was loaded, in milliseconds. */
  initMs = 0;
  /** Whether the first lessee was told `initMs`. */
  isInitReported = false;
  isReady = false;
  isEnded = false;
  idleSince = 0;
  /** Why it has to end, once that is decided: nobody gets it any more. */
  doomedFor: string | undefined = undefined;
  /** Why it ended, in AWS's words. */
  reason = "Runtime exited without providing a reason";
  #isFrozen = false;
  #isKilled = false;
  #reasonGiven: string | undefined = undefined;
  readonly #child: ChildProcess;
  readonly #options: EnvironmentOptions;
  readonly #startedAt = performance.now();
  readonly #memory: MemoryLimit;
  #initTimer: NodeJS.Timeout | undefined = undefined;

  constructor(options: EnvironmentOptions) {
    this.id = options.id;
    this.spec = options.spec;
    this.socketPath = options.socketPath;
    this.#options = options;
    const { account, region, logGroup, version } = options.spec;
    this.log = { account, region, group: logGroup, stream: makeLogStreamName(version) };
    this.#child = spawn(options.command, processArguments(options), {
      cwd: options.taskRoot,
      env: processEnvironment(options, this.log.stream),
      // The process leads a group of its own, so that everything that the function starts ends with it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    this.pid = this.#child.pid;
    this.#memory = new MemoryLimit({
      limitMb: options.spec.memoryMb,
      read: () => readPrivateMb(this.pid),
      // Python frees most of what it drops at once.
      collect: runtimes[options.spec.runtime] === "node" ? () => this.#tell("collect") : undefined,
      onOver: () => options.onOverMemory(this),
    });
    this.#child.on("error", (error) => this.#end(`Runtime exited with error: ${error.message}`));
    this.#child.on("exit", (code, signal) => {
      this.#killGroup();
      this.#end(this.#reasonGiven ?? exitReason(code, signal));
    });
    this.#readOutput(this.#child.stdout);
    this.#readOutput(this.#child.stderr);
    this.#readControl(this.#child.stdio[3] as Duplex | null);
    this.#initTimer = setTimeout(() => this.#fail({ kind: "timeout", timeoutMs: options.initMs }), options.initMs);
  }

  /** Whether its credentials end soon. */
  get isOld(): boolean {
    const { credentials } = this.#options;
    return credentials !== undefined && performance.now() - this.#startedAt > bounds.functionSessionUsedMs.value;
  }

  /** Ends the process and everything that it has started. `onEnded` follows. */
  kill(reason?: string): void {
    if (this.isEnded || this.#isKilled) return;
    this.#isKilled = true;
    this.#reasonGiven = reason ?? this.doomedFor;
    this.#killGroup();
  }

  /** Stops an idle environment, as AWS does: its timers wait for the next invocation. */
  freeze(): void {
    if (this.#isFrozen || this.isEnded) return;
    this.#isFrozen = this.#signal("SIGSTOP");
  }

  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    this.#signal("SIGCONT");
  }

  /** Looks at the memory that its process has now; `onOverMemory` follows if that is too much. */
  checkMemory(): void {
    this.#memory.check();
  }

  #tell(line: string): void {
    (this.#child.stdio[3] as Duplex | null)?.write(`${line}\n`);
  }

  #signal(signal: NodeJS.Signals): boolean {
    if (this.pid === undefined) return false;
    try {
      process.kill(-this.pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  #killGroup(): void {
    this.#signal("SIGKILL");
  }

  #readOutput(stream: Readable | null): void {
    stream?.on("data", (chunk: Buffer) => {
      this.#options.onOutput(chunk.toString().replaceAll(this.#options.taskRoot, "/var/task"));
    });
    stream?.on("error", () => {});
  }

  #readControl(channel: Duplex | null): void {
    let text = "";
    channel?.on("error", () => {});
    channel?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        this.#hear(text.slice(0, end));
        text = text.slice(end + 1);
      }
      if (text.length > controlBytesMax) this.kill();
    });
  }

  #hear(line: string): void {
    if (this.isEnded) return;
    if (this.isReady) {
      if (line === "collected") this.#memory.collected();
      return;
    }
    const message = parseControl(line);
    if (message === "ready") {
      this.isReady = true;
      this.initMs = performance.now() - this.#startedAt;
      clearTimeout(this.#initTimer);
      this.#initTimer = undefined;
      this.#options.onStarted(this, undefined);
    } else if (message) {
      this.#fail({ kind: "answer", ...message });
    }
  }

  #fail(failure: StartFailure): void {
    if (this.#initTimer === undefined) return;
    clearTimeout(this.#initTimer);
    this.#initTimer = undefined;
    this.#options.onStarted(this, failure);
    this.kill();
  }

  #end(reason: string): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.reason = reason;
    this.#fail({ kind: "exit", reason });
    rmSync(this.socketPath, { force: true });
    this.#options.onEnded(this);
  }
}

function parseControl(line: string): "ready" | { payload: string; errorMessage: string } | undefined {
  try {
    const message: unknown = JSON.parse(line);
    if (typeof message !== "object" || message === null) return undefined;
    if ("ready" in message) return "ready";
    if (!("error" in message) || typeof message.error !== "object" || message.error === null) return undefined;
    const errorMessage = "errorMessage" in message.error ? String(message.error.errorMessage) : "";
    return { payload: JSON.stringify(message.error), errorMessage };
  } catch {
    return undefined;
  }
}

/** Returns `2026/11/20/[$LATEST]` and 32 hexadecimal digits. */
function makeLogStreamName(version: string): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  return `${day}/[${version}]${randomBytes(16).toString("hex")}`;
}

const bootstrap = (name: string): string => fileURLToPath(new URL(`./bootstrap/${name}`, import.meta.url));

function processArguments({ spec, socketPath, awsSdk }: EnvironmentOptions): string[] {
  const sdkFolders = JSON.stringify(awsSdk);
  if (spec.runtime.startsWith("python")) return ["-u", bootstrap("python.py"), socketPath, sdkFolders];
  // The heap has the bounds of AWS's runtime: 90 % of the memory, and 5 % of it for each half of the young generation.
  return [
    `--max-old-space-size=${Math.floor(spec.memoryMb * 0.9)}`,
    `--max-semi-space-size=${Math.max(1, Math.floor(spec.memoryMb * 0.05))}`,
    "--disable-warning=ExperimentalWarning",
    bootstrap("node.mjs"),
    socketPath,
    sdkFolders,
  ];
}

/** AWS: Lambda Developer Guide, "Working with Lambda environment variables", Defined runtime environment variables. */
function processEnvironment(
  { spec, taskRoot, sdkVariables, command, credentials, hasCredentials, authorities }: EnvironmentOptions,
  logStream: string,
): Record<string, string> {
  return {
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    PATH: `${dirname(command)}:/usr/local/bin:/usr/bin:/bin:/opt/bin`,
    NODE_PATH: `${taskRoot}/node_modules`,
    ...sdkVariables,
    ...(authorities === undefined ? {} : trustVariables[runtimes[spec.runtime]!](authorities)),
    // Fixed, glibc's threshold no longer grows with what is freed: memory of buffers goes back to the system at once.
    MALLOC_MMAP_THRESHOLD_: "131072",
    ...spec.environment,
    _HANDLER: spec.handler,
    AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
    AWS_REGION: spec.region,
    AWS_DEFAULT_REGION: spec.region,
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: spec.version,
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: spec.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_LAMBDA_LOG_FORMAT: spec.isJsonLog ? "JSON" : "Text",
    ...(spec.isJsonLog && spec.logLevel !== undefined ? { AWS_LAMBDA_LOG_LEVEL: spec.logLevel } : {}),
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    ...credentialVariables(hasCredentials ? credentials : accountCredentials(spec)),
  };
}

/** The variables by which each language's TLS trusts more authorities. A function that sets one of them trusts its own. */
const trustVariables: Readonly<Record<Language, (authorities: TrustedAuthorities) => Record<string, string>>> = {
  node: ({ alone }) => ({ NODE_EXTRA_CA_CERTS: alone }),
  // botocore, and the library requests.
  python: ({ withAll }) => ({ AWS_CA_BUNDLE: withAll, REQUESTS_CA_BUNDLE: withAll }),
};

/** A 12-digit access key is its own account here: the function's calls to Portico stay in its account. */
const accountCredentials = ({ account }: FunctionSpec): FunctionEnvironmentCredentials => ({
  accessKeyId: account,
  secretAccessKey: "portico",
  sessionToken: "portico",
});

const credentialVariables = (credentials: FunctionEnvironmentCredentials | undefined): Record<string, string> =>
  credentials === undefined
    ? {}
    : {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        ...(credentials.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: credentials.sessionToken }),
      };
