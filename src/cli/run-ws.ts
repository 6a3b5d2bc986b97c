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
  const session = new Session(url, readHandshake(url, options), makePrinter(output, options["json"] === true));
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
  | { readonly kind: "close"; readonly code: number; readonly reason: string };
type Print = (event: Event) => void;

class Session {
  print: Print;
  /** Resolves when the connection is open; rejects with the server's answer if it refuses. */
  readonly opened: Promise<void>;
  /** The exit code, once the connection is closed. */
  readonly ended: Promise<number>;
  readonly #socket: WebSocket;

  constructor(url: string, { protocols, headers }: Handshake, print: Print) {
    this.print = print;
    const fields: Record<string, string> = {};
    for (let index = 0; index < headers.length; index += 2) fields[headers[index]!] = headers[index + 1]!;
    const options: ClientOptions = {
      headers: fields,
      handshakeTimeout: bounds.cliHandshakeMsMax.value,
      perMessageDeflate: false,
    };
    const socket = new WebSocket(url, [...protocols], options);
    this.#socket = socket;
    const opened = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<number>();
    this.opened = opened.promise;
    this.ended = ended.promise;
    let wasOpen = false;
    socket.on("open", () => {
      wasOpen = true;
      this.print({ kind: "open", protocol: socket.protocol });
      opened.resolve();
    });
    socket.on("message", (data) => this.print({ kind: "message", message: String(data) }));
    socket.on("unexpected-response", (request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("close", () => {
        request.destroy();
        opened.reject(
          refusal(url, response.statusCode ?? 0, Buffer.concat(chunks), response.headers["x-portico-hint"]),
        );
      });
    });
    socket.on("error", (error) => {
      const { message } = error;
      opened.reject(
        new UserError({
          what: `${url} can't be reached.`,
          why: message,
          next: "Is the server running, and the port right?",
        }),
      );
    });
    socket.on("close", (code, reason) => {
      if (wasOpen) this.print({ kind: "close", code, reason: String(reason) });
      ended.resolve(peacefulCodes.includes(code) ? 0 : 1);
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Resolves when the message is handed to the network, or can't be sent any more. */
  send(message: string): Promise<void> {
    return new Promise((resolve) => this.#socket.send(message, () => resolve()));
  }

  close(): void {
    this.#socket.close(1000);
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
    else output.note(`Closed: ${event.code}${event.reason === "" ? "" : ` ${event.reason}`}.`);
  };
}

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
