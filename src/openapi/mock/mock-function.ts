import type { MockAnswer } from "./mock-integration.ts";

/** A function's files by their names, for the operations of an HTTP API that are mocked: these APIs have no MOCK. */
export type MockFunctionFiles = Readonly<Record<string, string>>;

/** What the function answers, by route key. The first answer of a route, and of its examples, is the default one. */
type MockRoutes = Readonly<Record<string, readonly RouteAnswer[]>>;

interface RouteAnswer {
  readonly statusCode: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly {
    readonly mediaType: string;
    /** `isEcho`: members of the JSON that are named like a variable of the path get the request's value. */
    readonly examples: readonly { readonly name?: string; readonly text: string; readonly isEcho: boolean }[];
  }[];
}

/** What the function reads of an event of format 2.0. */
interface MockEvent {
  readonly routeKey: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly queryStringParameters?: Readonly<Record<string, string>>;
  readonly pathParameters?: Readonly<Record<string, string>>;
}

/** Returns the files of the function that answers for these routes. Equal answers make equal files. */
export function mockFunctionFiles(routes: ReadonlyMap<string, readonly MockAnswer[]>): MockFunctionFiles {
  const answers: MockRoutes = Object.fromEntries(
    [...routes].map(([key, all]) => [
      key,
      all.map(({ statusCode, headers, bodies }) => ({
        statusCode,
        headers,
        bodies: bodies.map(({ mediaType, examples }) => ({
          mediaType,
          examples: examples.map(({ name, text, template }) => ({
            ...(name !== undefined && { name }),
            text,
            isEcho: template !== undefined,
          })),
        })),
      })),
    ]),
  );
  return {
    "index.mjs": `import { readFileSync } from "node:fs";

const routes = JSON.parse(readFileSync(new URL("answers.json", import.meta.url), "utf8"));
const answer = ${answerMock.toString()};

export const handler = async (event) => answer(routes, event);
`,
    "answers.json": JSON.stringify(answers),
  };
}

/** Answers an event. Its text is the function's code, so it uses nothing from outside. */
export function answerMock(routes: MockRoutes, event: MockEvent): object {
  const { routeKey, headers, queryStringParameters: query = {}, pathParameters = {} } = event;
  const preferred = `${query["Prefer"] ?? query["prefer"] ?? ""},${headers["prefer"] ?? ""}`;
  // RFC 7240; the last one counts.
  const wish = (name: string): string | undefined =>
    [...preferred.matchAll(/(?:^|[,; ])(code|example)="?([^",;]*)/g)].findLast(([, key]) => key === name)?.[2]?.trim();
  const answers = routes[routeKey] ?? [];
  const [code, example] = [wish("code"), wish("example")];
  const hasExample = ({ bodies }: RouteAnswer): boolean =>
    bodies.some(({ examples }) => examples.some(({ name }) => name === example));
  const chosen =
    answers.find(({ statusCode }) => statusCode === code) ??
    (example === undefined || example === "" ? undefined : answers.find(hasExample)) ??
    answers[0];
  if (chosen === undefined) return { statusCode: 500 };
  const accepted = (headers["accept"] ?? "").split(",").map((type) => type.replace(/;.*$/s, "").trim().toLowerCase());
  const body =
    accepted
      .map((type) => chosen.bodies.find(({ mediaType }) => mediaType.toLowerCase() === type))
      .find((found) => found !== undefined) ?? chosen.bodies[0];
  const statusCode = Number(chosen.statusCode);
  if (body === undefined) return { statusCode, headers: chosen.headers, body: "" };
  const said = body.examples.find(({ name }) => name !== undefined && name === example) ?? body.examples[0]!;
  let { text } = said;
  if (said.isEcho) {
    const made = JSON.parse(text) as Record<string, unknown>;
    for (const [name, value] of Object.entries(pathParameters)) {
      if (typeof made[name] === "string") made[name] = value;
      else if (typeof made[name] === "number" && /^(?:0|[1-9]\d{0,14})$/.test(value)) made[name] = Number(value);
    }
    text = JSON.stringify(made);
  }
  return { statusCode, headers: { ...chosen.headers, "content-type": body.mediaType }, body: text };
}
