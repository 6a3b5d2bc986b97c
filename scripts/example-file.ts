// An example's example.yaml: its title, the requests and WebSocket messages to try, and the answers that they must get.
// README, script and test stand on this one file.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";

export const examplesFolder = join(import.meta.dirname, "../examples");

export interface Example {
  readonly title: string;
  /** What it takes besides Node.js: programs, and packages of examples/package.json. */
  readonly needs: readonly string[];
  readonly requests: readonly ExampleStep[];
  /** What `up` must have printed by the end: functions' and backends' lines. */
  readonly prints: readonly string[];
}

export type ExampleStep = ExampleRequest | ExampleConnect | ExampleMessage | ExampleDisconnect;

export interface ExampleRequest {
  readonly kind: "request";
  readonly what: string | undefined;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** It is made again until the answer is as expected: something happens behind the API in the meantime. */
  readonly isEventual: boolean;
  readonly expect: ExpectedAnswer;
}

/** Opens a WebSocket, which has a name for the steps after it. */
export interface ExampleConnect {
  readonly kind: "connect";
  readonly what: string | undefined;
  readonly client: string;
  /** The query, with its question mark, or nothing. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The status is 101 if the WebSocket is to be open then. */
  readonly expect: ExpectedAnswer;
}

/** Sends a message, or waits for one, or both. */
export interface ExampleMessage {
  readonly kind: "message";
  readonly what: string | undefined;
  readonly client: string;
  readonly message: string | undefined;
  /** It is sent again until the answer is as expected: something happens behind the API in the meantime. */
  readonly isEventual: boolean;
  /** Of the next message that this client gets; undefined if none is waited for. */
  readonly expect: ExpectedBody | undefined;
}

export interface ExampleDisconnect {
  readonly kind: "disconnect";
  readonly what: string | undefined;
  readonly client: string;
}

interface ExpectedAnswer extends ExpectedBody {
  readonly status: number;
  /** Of a header that is null none must come. */
  readonly headers: Readonly<Record<string, string | null>>;
}

interface ExpectedBody {
  /** Text: exactly this; anything else: JSON that is equal. */
  readonly body?: unknown;
  /** Text: it must be in there; anything else: JSON that has these members. */
  readonly bodyHas?: unknown;
  readonly bodyBytes?: Uint8Array;
}

/** Every folder below examples/. */
export const listExamples = (): readonly string[] =>
  readdirSync(examplesFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .map((entry) => entry.name)
    .sort();

type Fields = Readonly<Record<string, unknown>>;

/** Reads an example's file. A member that nothing reads is an error: it would be an expectation that nobody holds. */
export function readExample(name: string): Example {
  const folder = join(examplesFolder, name);
  const file = join(folder, "example.yaml");
  if (!existsSync(file)) throw new Error(`${file} is not there: CONTRIBUTING.md says what an example has`);
  const {
    title,
    needs = [],
    requests,
    prints = [],
  } = known(parse(readFileSync(file, "utf8")), ["title", "needs", "requests", "prints"], file);
  if (typeof title !== "string" || !Array.isArray(requests) || requests.length === 0 || !Array.isArray(prints))
    throw new Error(`${file} needs a title and requests`);
  if (!Array.isArray(needs)) throw new Error(`${file}: needs is a list`);
  return {
    title,
    needs: needs.map(String),
    prints: prints.map(String),
    requests: requests.map((one, index) => readStep(one, folder, `${file}, request ${index + 1}`)),
  };
}

function readStep(value: unknown, folder: string, where: string): ExampleStep {
  if (typeof value === "object" && value !== null) {
    if ("connect" in value) return readConnect(value, where);
    if ("as" in value) return readMessage(value, where);
    if ("disconnect" in value) {
      const { what, disconnect } = known(value, ["what", "disconnect"], where);
      return { kind: "disconnect", what: textOf(what), client: String(disconnect) };
    }
  }
  return readRequest(value, folder, where);
}

function readConnect(value: unknown, where: string): ExampleConnect {
  const fields = known(value, ["what", "connect", "query", "headers", "expect"], where);
  const expect = known(fields["expect"] ?? {}, ["status", "headers", "body", "bodyHas"], where);
  return {
    kind: "connect",
    what: textOf(fields["what"]),
    client: String(fields["connect"]),
    query: fields["query"] === undefined ? "" : `?${String(fields["query"])}`,
    headers: texts(fields["headers"]) as Record<string, string>,
    expect: {
      status: Number(expect["status"] ?? 101),
      headers: texts(expect["headers"]),
      ...readExpectedBody(expect["body"], expect["bodyHas"]),
    },
  };
}

function readMessage(value: unknown, where: string): ExampleMessage {
  const { what, as, message, eventually, expect } = known(
    value,
    ["what", "as", "message", "eventually", "expect"],
    where,
  );
  if (message === undefined && expect === undefined) throw new Error(`${where}: \`message\`, \`expect\` or both`);
  const expected = expect === undefined ? undefined : known(expect, ["message", "messageHas"], where);
  return {
    kind: "message",
    what: textOf(what),
    client: String(as),
    message: message === undefined || typeof message === "string" ? message : JSON.stringify(message),
    isEventual: eventually === true,
    expect: expected && readExpectedBody(expected["message"], expected["messageHas"]),
  };
}

const textOf = (value: unknown): string | undefined => (value === undefined ? undefined : String(value));

const readExpectedBody = (body: unknown, bodyHas: unknown): ExpectedBody => ({
  ...(body !== undefined && { body }),
  ...(bodyHas !== undefined && { bodyHas }),
});

function readRequest(value: unknown, folder: string, where: string): ExampleRequest {
  const fields = known(value, ["what", "send", "headers", "body", "bodyFile", "eventually", "expect"], where);
  const expect = known(fields["expect"] ?? {}, ["status", "headers", "body", "bodyHas", "bodyFile"], where);
  const [, method, target] = /^([A-Z]+) (\/\S*)$/.exec(String(fields["send"])) ?? [];
  if (!method || !target) throw new Error(`${where}: \`send\` is to be like GET /pets?limit=2`);
  const { what, body, bodyFile } = fields;
  const { bodyFile: bytesExpected } = expect;
  return {
    kind: "request",
    what: textOf(what),
    method,
    target,
    headers: texts(fields["headers"]) as Record<string, string>,
    body:
      bodyFile !== undefined
        ? Uint8Array.from(readFileSync(join(folder, String(bodyFile))))
        : body !== undefined
          ? Uint8Array.from(Buffer.from(typeof body === "string" ? body : JSON.stringify(body)))
          : undefined,
    isEventual: fields["eventually"] === true,
    expect: {
      status: Number(expect["status"] ?? 200),
      headers: texts(expect["headers"]),
      ...readExpectedBody(expect["body"], expect["bodyHas"]),
      ...(bytesExpected !== undefined && { bodyBytes: readFileSync(join(folder, String(bytesExpected))) }),
    },
  };
}

function known(value: unknown, names: readonly string[], where: string): Fields {
  if (typeof value !== "object" || value === null) throw new Error(`${where}: this must be a mapping`);
  const other = Object.keys(value).find((key) => !names.includes(key));
  if (other !== undefined) throw new Error(`${where}: \`${other}\` is not known. Known are: ${names.join(", ")}`);
  return value as Fields;
}

const texts = (value: unknown): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries((value ?? {}) as Fields).map(([name, one]) => [name, one === null ? null : String(one)]),
  );

/** In which points an answer is not as expected. */
export function findDifferences(
  expected: ExpectedAnswer,
  answer: { readonly status: number; readonly headers: Headers; readonly body: Buffer },
): readonly string[] {
  const differences: string[] = [];
  if (answer.status !== expected.status) differences.push(`the status was to be ${expected.status}`);
  for (const [name, value] of Object.entries(expected.headers))
    if (answer.headers.get(name) !== value)
      differences.push(value === null ? `no ${name} was to come` : `${name} was to be ${value}`);
  return [...differences, ...findBodyDifferences(expected, answer.body, "body")];
}

/** `what` is what is compared: the body of an answer, or a message. */
export function findBodyDifferences(
  { body, bodyHas, bodyBytes }: ExpectedBody,
  bytes: Buffer,
  what: "body" | "message",
): readonly string[] {
  const differences: string[] = [];
  const text = bytes.toString();
  if (body !== undefined && !(typeof body === "string" ? text === body : isDeepStrictEqual(json(text), body)))
    differences.push(`the ${what} was to be ${shown(body)}`);
  if (bodyHas !== undefined && !(typeof bodyHas === "string" ? text.includes(bodyHas) : has(json(text), bodyHas)))
    differences.push(`the ${what} was to have ${shown(bodyHas)}`);
  if (bodyBytes && !bytes.equals(bodyBytes)) differences.push(`the ${what} was to be ${bodyBytes.length} other bytes`);
  return differences;
}

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Objects may have more members; everything else is equal. */
function has(value: unknown, part: unknown): boolean {
  if (typeof part !== "object" || part === null) return Object.is(value, part);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(part))
    return Array.isArray(value) && value.length === part.length && part.every((one, index) => has(value[index], one));
  return Object.entries(part).every(([key, one]) => has((value as Fields)[key], one));
}
