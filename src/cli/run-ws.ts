import { createInterface } from "node:readline";
import { type ClientOptions, WebSocket } from "ws";
import { type Credentials, RequestSigner } from "../access/request-signer.ts";
import { bounds } from "../base/bounds.ts";
import { UserError } from "../base/user-error.ts";
import { untilSignal } from "../server/until-signal.ts";
import type { Invocation } from "./commands.ts";
import { findCredentials } from "./credentials.ts";
import { findEndpoint } from "./endpoint.ts";
import type { Output } from "./output.ts";
import { readHeaders } from "./read-headers.ts";
import { getStatus, listApis, type StageStatus } from "./server-status.ts";

/** The codes of a close that nobody has to be told of as an error. RFC 6455 §7.4.1. */
const peacefulCodes: readonly number[] = [1000, 1001, 1005];

/** `portico ws URL|API`: opens a WebSocket, sends each line of the input as a message, and prints what comes. */
export async function runWs({ args, options, output }: Invocation): Promise<number> {
  const url = await findUrl(args[0] ?? "", options);
  const session = new Session({
    url,
    handshakeOf: (target) => readHandshake(target, options),
    print: makePrinter(output, options["json"] === true),
    isResuming: options["resume"] === true,
  });
  void untilSignal().then(() => session.close());
  await session.opened;
  if (options["listen"] === true) return session.ended;
  if (process.stdin.isTTY === true && output.isTerminal) return talk(session, output);
  return sendLines(session, Number(options["wait"] ?? 2) * 1_000);
}

// ---- Where to, and how ----

/** Returns the WebSocket's URL: the one that is given, or that of an API's stage. */
async function findUrl(target: string, options: Invocation["options"]): Promise<string> {
  if (/^(?:ws|http)s?:\/\//.test(target)) {
    if (URL.canParse(target)) return target.replace(/^http/, "ws").replace(/#.*$/s, "");
    throw new UserError({ what: `${target.slice(0, 200)} is not a URL.`, why: "", next: "", isUsage: true });
  }
  const endpoint = await findEndpoint(options);
  const all = (await getStatus(endpoint)).filter(({ protocol }) => protocol === "WEBSOCKET");
  const { stage: wanted } = options;
  const own = all.filter(({ apiId, apiName }) => apiId === target || apiName === target);
  const stages = own.filter(({ stageName }) => wanted === undefined || stageName === wanted);
  const [stage] = stages;
  if (stages.length === 1 && stage !== undefined) {
    return `${endpoint.replace(/^http/, "ws")}/_aws/execute-api/${stage.apiId}/${stage.stageName}`;
  }
  throw new UserError(own.length > 0 ? unclearStage(target, own) : unknownApi(target, all));
}

const unclearStage = (target: string, stages: readonly StageStatus[]) => ({
  what: `${target.slice(0, 200)} has ${stages.map(({ stageName }) => stageName).join(", ")}.`,
  why: "",
  next: "Say which stage with --stage.",
  isUsage: true,
});

const unknownApi = (target: string, all: readonly StageStatus[]) => ({
  what: `There is no WebSocket API ${target.slice(0, 200)} with a stage.`,
  why: all.length === 0 ? "" : listApis(all.map(({ apiId, apiName }) => ({ id: apiId, name: apiName }))),
  next: "Give a URL such as ws://localhost:4566/_aws/execute-api/API/STAGE, or the name or id of a deployed WebSocket API.",
});

interface Handshake {
  readonly protocols: readonly string[];
  readonly headers: readonly string[];
}

function readHandshake(url: string, options: Invocation["options"]): Handshake {
  const headers = [...readHeaders(options["header"])];
  if (options["sign"] === true) {
    const credentials = findCredentials();
    if (credentials === undefined) {
      throw new UserError({
        what: "There are no AWS credentials to sign with.",
        why: "",
        next: "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.",
      });
    }
    sign(url, headers, credentials, options["region"]);
  }
  return { protocols: (options["protocol"] ?? []) as readonly string[], headers };
}

/** Adds the signature of a `$connect` with AWS_IAM. AWS: API Gateway Developer Guide, "Control access to WebSocket APIs with IAM authorization". */
function sign(url: string, headers: string[], credentials: Credentials, region: unknown): void {
  const { host, pathname, search } = new URL(url);
  const signer = new RequestSigner({
    service: "execute-api",
    region: typeof region === "string" ? region : (process.env["AWS_REGION"] ?? "us-east-1"),
  });
  // tidy-allow: clock – a signature says when it was made.
  signer.sign(
    { method: "GET", target: `${pathname}${search}`, host, headers, body: undefined },
    credentials,
    Date.now(),
  );
}

// ---- The connection ----

type Event =
  | { readonly kind: "open"; readonly protocol: string }
  | { readonly kind: "message"; readonly message: string }
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  /** The client has come back, or has not. */
  | { readonly kind: "resume"; readonly isResumed: boolean; readonly missed?: number; readonly lost?: number }
  /** The server does not let clients come back. */
  | { readonly kind: "unresumable" };
type Print = (event: Event) => void;

interface SessionOptions {
  readonly url: string;
  /** Makes what a handshake says at this URL. */
  readonly handshakeOf: (url: string) => Handshake;
  readonly print: Print;
  /** Comes back to what it missed when the connection is lost, as far as the server keeps that. */
  readonly isResuming: boolean;
}

class Session {
  print: Print;
  /** Resolves when the connection is open; rejects with the server's answer if it refuses. */
  readonly opened: Promise<void>;
  /** The exit code, once the connection is closed for good. */
  readonly ended: Promise<number>;
  readonly #options: SessionOptions;
  readonly #openings = Promise.withResolvers<void>();
  readonly #endings = Promise.withResolvers<number>();
  #socket: WebSocket;
  #resumption: Resumption | undefined;
  #isOver = false;
  #isWarned = false;
  #reconnecting: NodeJS.Timeout | undefined = undefined;
  /** Resolves when a connection that was lost is open again, or is not going to be. */
  #reconnected: Promise<void> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.print = options.print;
    this.#options = options;
    this.#resumption = options.isResuming ? new Resumption() : undefined;
    this.opened = this.#openings.promise;
    this.ended = this.#endings.promise;
    this.#socket = this.#connect();
  }

  #connect(): WebSocket {
    const { url, handshakeOf } = this.#options;
    const target = this.#resumption?.urlOf(url) ?? url;
    const { protocols, headers } = handshakeOf(target);
    const fields: Record<string, string> = {};
    for (let index = 0; index < headers.length; index += 2) fields[headers[index]!] = headers[index + 1]!;
    const options: ClientOptions = {
      headers: fields,
      handshakeTimeout: bounds.cliHandshakeMsMax.value,
      perMessageDeflate: false,
    };
    const socket = new WebSocket(target, [...protocols], options);
    const { resolve, reject } = this.#openings;
    let wasOpen = false;
    socket.on("open", () => {
      wasOpen = true;
      this.print({ kind: "open", protocol: socket.protocol });
      resolve();
    });
    socket.on("message", (data) => this.#take(String(data)));
    socket.on("unexpected-response", (request, response) => {
      const chunks: Buffer[] = [];
      // Once the answer is complete it has no socket any more, and a server that keeps the connection would keep this
      // process.
      const { socket: connection } = response;
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("close", () => {
        request.destroy();
        connection.destroy();
        reject(refusal(url, response.statusCode ?? 0, Buffer.concat(chunks), response.headers["x-portico-hint"]));
      });
    });
    socket.on("error", ({ message }) =>
      reject(
        new UserError({
          what: `${url} can't be reached.`,
          why: message,
          next: "Is the server running, and the port right?",
        }),
      ),
    );
    socket.on("close", (code, reason) => {
      if (wasOpen) {
        this.#warn();
        this.print({ kind: "close", code, reason: String(reason) });
      }
      this.#closed(code, wasOpen);
    });
    return socket;
  }

  #take(message: string): void {
    const told = this.#resumption?.read(message);
    this.#warn();
    if (told === undefined) this.print({ kind: "message", message });
    else if (told !== "first") this.print({ kind: "resume", ...told });
  }

  /** Says once that there is no way back, when something else than the offer of one came first. */
  #warn(): void {
    if (this.#resumption?.isOffered !== false || this.#isWarned) return;
    this.#isWarned = true;
    this.print({ kind: "unresumable" });
  }

  /** Ends, or connects again after a moment. */
  #closed(code: number, wasOpen: boolean): void {
    if (wasOpen) this.#resumption?.begin();
    const delayMs = this.#isOver ? undefined : this.#resumption?.nextDelayMs(code);
    if (delayMs === undefined) {
      this.#isOver = true;
      this.#endings.resolve(peacefulCodes.includes(code) ? 0 : 1);
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#reconnected = promise;
    this.#reconnecting = setTimeout(() => {
      this.#reconnecting = undefined;
      this.#socket = this.#connect();
      this.#socket.once("open", resolve);
      this.#socket.once("close", resolve);
    }, delayMs);
  }

  /** Whether messages can be sent, now or when a connection that was lost is back. */
  get isOpen(): boolean {
    return !this.#isOver;
  }

  /** Resolves when the message is handed to the network, or can't be sent any more. */
  async send(message: string): Promise<void> {
    while (!this.#isOver && this.#socket.readyState !== WebSocket.OPEN) {
      await this.#reconnected;
      // What is closing tells of its close in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise<void>((resolve) => this.#socket.send(message, () => resolve()));
  }

  close(): void {
    this.#isOver = true;
    if (this.#reconnecting === undefined) this.#socket.close(1000);
    else {
      clearTimeout(this.#reconnecting);
      this.#endings.resolve(1);
    }
  }
}

/** What a client knows of its way back: its token, and how many messages it has received by it. */
class Resumption {
  #token: string | undefined = undefined;
  #received = 0;
  #tries = 0;
  /** The server tells how a connection goes on by its first message. A later one that looks so is another client's. */
  #isOpeningDue = false;
  /** The server has said how the client may come back. */
  isOffered = false;

  urlOf(url: string): string {
    this.#isOpeningDue = true;
    const target = new URL(url);
    target.searchParams.set("portico-resume", this.#token ?? "new");
    if (this.#token !== undefined) target.searchParams.set("portico-received", String(this.#received));
    return target.href;
  }

  /** Reads a message. Returns how the client goes on, if that is what it says; undefined for any other, which counts. */
  read(message: string): { isResumed: boolean; missed?: number; lost?: number } | "first" | undefined {
    const told = this.#isOpeningDue && message.startsWith('{"porticoResume":') ? readOpening(message) : undefined;
    this.#isOpeningDue = false;
    if (told === undefined) {
      this.#received++;
      return undefined;
    }
    this.isOffered = true;
    const isFirst = this.#token === undefined;
    const { token, isResumed, missed = 0, lost = 0 } = told;
    this.#token = token ?? undefined;
    this.#received = isResumed ? this.#received + lost : 0;
    if (isResumed) return { isResumed, missed, lost };
    return isFirst ? "first" : { isResumed };
  }

  /** A connection was open: the next ones are tried from the first delay on. */
  begin(): void {
    this.#tries = 0;
  }

  /** Returns how long to wait before the next connection; undefined if there is none to be. */
  nextDelayMs(code: number): number | undefined {
    const isTheirs = code !== 1000 && code !== resumedElsewhere;
    if (this.#token === undefined || !isTheirs || this.#tries >= bounds.cliReconnectsMax.value) return undefined;
    return 100 * 2 ** this.#tries++;
  }
}

/** The code of a connection whose client has come back by another one. */
const resumedElsewhere = 4000;

interface Opening {
  readonly token: string | null;
  readonly isResumed: boolean;
  readonly missed?: number;
  readonly lost?: number;
}

/** Reads what is an opening; undefined for anything else. */
function readOpening(message: string): Opening | undefined {
  try {
    const { porticoResume: told } = JSON.parse(message) as { readonly porticoResume: Partial<Opening> | null };
    return typeof told?.isResumed === "boolean"
      ? { ...told, token: told.token ?? null, isResumed: told.isResumed }
      : undefined;
  } catch {
    return undefined;
  }
}

function refusal(url: string, status: number, body: Buffer, hint: string | readonly string[] | undefined): UserError {
  const text = body.toString("utf8", 0, bounds.cliRefusalBytesMax.value).trim();
  return new UserError({
    what: `${url} refuses the connection: ${status}${text === "" ? "" : ` ${text}`}`,
    why: hint === undefined ? "" : String(hint),
    next: "",
  });
}

// ---- Lines in, lines out ----

function makePrinter(output: Output, isJson: boolean): Print {
  // tidy-allow: clock – a line says when its event came.
  if (isJson)
    return ({ kind, ...facts }) =>
      output.raw(`${JSON.stringify({ time: new Date().toISOString(), event: kind, ...facts })}\n`);
  return (event) => {
    if (event.kind === "message") output.line(output.isTerminal ? output.paint("cyan", event.message) : event.message);
    else if (event.kind === "open")
      output.note(`Connected${event.protocol === "" ? "" : `, with the protocol ${event.protocol}`}.`);
    else if (event.kind === "resume") output.note(describeReturn(event));
    else if (event.kind === "unresumable") {
      output.note("The server keeps nothing for clients that come back: it needs --beyond-aws websocket-resume.");
    } else output.note(`Closed: ${event.code}${event.reason === "" ? "" : ` ${event.reason}`}.`);
  };
}

const describeReturn = ({ isResumed, missed, lost }: Extract<Event, { kind: "resume" }>): string =>
  isResumed
    ? `Back, with ${missed} missed${lost === 0 ? "" : `; ${lost} more are lost`}.`
    : "Back, but nothing was kept: what was missed is lost.";

/** Sends what is piped in, and stays for a while for the answers to the last line. */
async function sendLines(session: Session, waitMs: number): Promise<number> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (!session.isOpen) return session.ended;
    if (line !== "") await session.send(line);
  }
  const timer = setTimeout(() => session.close(), waitMs);
  const code = await session.ended;
  clearTimeout(timer);
  return code;
}

/** Talks with a person: a prompt with the history of this session (arrow keys), until Ctrl-D, Ctrl-C or the connection's end. */
async function talk(session: Session, output: Output): Promise<number> {
  const prompt = createInterface({ input: process.stdin, output: process.stdout, prompt: output.paint("dim", "> ") });
  const { print } = session;
  session.print = (event) => {
    // What the person is typing comes again below the event.
    process.stdout.write("\r\x1b[K");
    print(event);
    if (event.kind !== "close") prompt.prompt(true);
  };
  prompt.on("line", (line) => {
    if (line !== "") void session.send(line);
    prompt.prompt();
  });
  prompt.on("close", () => session.close());
  prompt.prompt();
  const code = await session.ended;
  prompt.close();
  return code;
}
