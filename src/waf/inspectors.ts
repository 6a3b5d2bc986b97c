import { bounds } from "../base/bounds.ts";
import type { Evaluation, InspectedRequest, InspectedValue } from "./evaluation.ts";
import { readJsonElements } from "./json-elements.ts";
import { linkTransformations, lowerCase, stepsPerByte } from "./text-transformations.ts";
import type { Fallback, FieldToMatch, MapMatchScope, OversizeHandling, TextTransformation } from "./web-acl.ts";

/** Reads a part of a request, transformed. */
export type Inspect = (evaluation: Evaluation) => InspectedValue;

/** Reads a part of a request as it was received. */
type ReadPart = (request: InspectedRequest) => InspectedValue;

const headerSteps = (_: unknown, { headerNames }: InspectedRequest): number => headerNames.length * 16;
const querySteps = (_: unknown, { query }: InspectedRequest): number => query.length * 8;
const cookieSteps = (_: unknown, { headerNames, rawHeaders }: InspectedRequest): number =>
  headerNames.reduce((sum, name, index) => sum + (name === "cookie" ? rawHeaders[2 * index + 1]!.length * 8 : 1), 0);

/** The parts of a request that statements inspect, by the member of FieldToMatch that names them. */
type PartKind = keyof FieldToMatch;
type Part<Kind extends PartKind> = NonNullable<FieldToMatch[Kind]>;

interface PartType<Kind extends PartKind> {
  readonly readsBody?: true;
  /** Returns how many steps reading the part takes, where that is more than a few. */
  steps?(part: Part<Kind>, request: InspectedRequest, bodyBytesMax: number): number;
  /** `bodyBytesMax` is how much of the body is inspected. */
  link(part: Part<Kind>, bodyBytesMax: number): ReadPart;
}

const parts: { readonly [Kind in PartKind]-?: PartType<Kind> } = {
  SingleHeader: { link: ({ Name }) => readHeader(Name.toLowerCase()) },
  Headers: {
    steps: headerSteps,
    link: ({ MatchPattern, MatchScope, OversizeHandling }) => {
      const isChosen = chooser(MatchPattern.IncludedHeaders, MatchPattern.ExcludedHeaders, lowerCase);
      return (request) =>
        sized(headersOf(request), OversizeHandling, (headers) =>
          entriesOf(
            headers.filter(([name]) => isChosen(name)),
            MatchScope,
          ),
        );
    },
  },
  Cookies: {
    steps: cookieSteps,
    link: ({ MatchPattern, MatchScope, OversizeHandling }) => {
      const isChosen = chooser(MatchPattern.IncludedCookies, MatchPattern.ExcludedCookies, (name) => name);
      return (request) =>
        sized(cookiesOf(request), OversizeHandling, (cookies) =>
          entriesOf(
            cookies.filter(([name]) => isChosen(name)),
            MatchScope,
          ),
        );
    },
  },
  HeaderOrder: {
    steps: headerSteps,
    link:
      ({ OversizeHandling }) =>
      (request) =>
        sized(headersOf(request), OversizeHandling, (headers) => headers.map(([name]) => lowerCase(name)).join(":")),
  },
  SingleQueryArgument: {
    steps: querySteps,
    link: ({ Name }) => {
      const wanted = Name.toLowerCase();
      return ({ query }) =>
        argumentsOf(query)
          .filter(([name]) => name.toLowerCase() === wanted || decoded(name).toLowerCase() === wanted)
          .map(([, value]) => value);
    },
  },
  AllQueryArguments: {
    steps: querySteps,
    link:
      () =>
      ({ query }) =>
        argumentsOf(query).map(([, value]) => value),
  },
  UriPath: { link: () => (request) => request.path },
  QueryString: { link: () => (request) => request.query },
  Method: { link: () => (request) => request.method },
  Body: {
    readsBody: true,
    link:
      ({ OversizeHandling = "CONTINUE" }, bytesMax) =>
      ({ body }) => {
        if (body === undefined) return false;
        if (body.length > bytesMax && OversizeHandling !== "CONTINUE") return OversizeHandling === "MATCH";
        return body.toString("latin1", 0, Math.min(bytesMax, body.length));
      },
  },
  JsonBody: {
    readsBody: true,
    steps: ({ MatchPattern: { IncludedPaths = [] } }, { body }, bytesMax) =>
      Math.min(body?.length ?? 0, bytesMax) * (16 + IncludedPaths.length / 2),
    link: ({ MatchPattern, MatchScope, InvalidFallbackBehavior, OversizeHandling = "CONTINUE" }, bytesMax) => {
      const isWanted = scopeTest(MatchScope);
      return ({ body }) => {
        // Without a body there is nothing to parse, which is no failure.
        if (body === undefined || body.length === 0) return false;
        if (body.length > bytesMax && OversizeHandling !== "CONTINUE") return OversizeHandling === "MATCH";
        const text = body.toString("latin1", 0, Math.min(bytesMax, body.length));
        const { elements, isWhole } = readJsonElements(text, MatchPattern.IncludedPaths);
        if (!isWhole && InvalidFallbackBehavior !== undefined) {
          return InvalidFallbackBehavior === "EVALUATE_AS_STRING" ? text : InvalidFallbackBehavior === "MATCH";
        }
        return elements.filter(isWanted).map((element) => element.text);
      };
    },
  },
  // Portico does not know how a TLS connection began, and a server never sees a fragment.
  JA3Fingerprint: { link: ({ FallbackBehavior }) => fallback(FallbackBehavior) },
  JA4Fingerprint: { link: ({ FallbackBehavior }) => fallback(FallbackBehavior) },
  UriFragment: { link: ({ FallbackBehavior = "NO_MATCH" }) => fallback(FallbackBehavior) },
};

export const partKinds = Object.keys(parts) as readonly PartKind[];

/** Makes the inspectors of one web ACL. Statements that inspect the same share an inspector, and so its work. */
export class InspectorTable {
  readonly #bodyBytesMax: number;
  readonly #made = new Map<string, Inspect>();
  #readsBody = false;

  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax;
  }

  /** How many values an evaluation has to keep. */
  get slots(): number {
    return this.#made.size;
  }

  get readsBody(): boolean {
    return this.#readsBody;
  }

  inspect(field: FieldToMatch, transformations: readonly TextTransformation[]): Inspect {
    const kind = partKindOf(field);
    const ordered = [...transformations].sort((left, right) => left.Priority - right.Priority).map(({ Type }) => Type);
    const key = JSON.stringify([kind, field[kind], ordered]);
    const made = this.#made.get(key);
    if (made !== undefined) return made;
    const inspect = this.#link(kind, field, transformations, this.#made.size);
    this.#made.set(key, inspect);
    return inspect;
  }

  #link(kind: PartKind, field: FieldToMatch, transformations: readonly TextTransformation[], slot: number): Inspect {
    const type = parts[kind] as PartType<PartKind>;
    const read = type.link(field[kind] as Part<PartKind>, this.#bodyBytesMax);
    if (type.readsBody === true) this.#readsBody = true;
    const transform = linkTransformations(transformations);
    const perByte = stepsPerByte(transformations);
    const part = field[kind] as Part<PartKind>;
    return (evaluation) => {
      let value = evaluation.values[slot];
      if (value === undefined) {
        const { request } = evaluation;
        if (type.steps !== undefined) evaluation.spend(type.steps(part, request, this.#bodyBytesMax));
        value = transformed(read(request), transform, evaluation, perByte);
        evaluation.values[slot] = value;
      }
      return value;
    };
  }
}

/** Returns which part of the request is meant. The rules were checked to name exactly one. */
function partKindOf(field: FieldToMatch): PartKind {
  const kind = partKinds.find((one) => field[one] !== undefined);
  if (kind === undefined) throw new Error("a statement names no part of the request");
  return kind;
}

function transformed(
  value: InspectedValue,
  transform: ((text: string) => string) | undefined,
  evaluation: Evaluation,
  perByte: number,
): InspectedValue {
  if (transform === undefined || typeof value === "boolean") return value;
  if (typeof value === "string") {
    evaluation.spend(value.length * perByte);
    return transform(value);
  }
  return value.map((text) => {
    evaluation.spend(8 + text.length * perByte);
    return transform(text);
  });
}

/** Returns whether a test holds for one of the texts that were read. */
export function anyOf(value: InspectedValue, test: (text: string) => boolean): boolean {
  if (typeof value === "string") return test(value);
  return typeof value === "boolean" ? value : value.some(test);
}

const fallback =
  (behavior: Fallback): ReadPart =>
  () =>
    behavior === "MATCH";

const scopeTest = (scope: MapMatchScope): ((element: { readonly isKey: boolean }) => boolean) =>
  scope === "ALL" ? () => true : ({ isKey }) => isKey === (scope === "KEY");

type Entry = readonly [name: string, value: string];

function entriesOf(entries: readonly Entry[], scope: MapMatchScope): readonly string[] {
  if (scope === "KEY") return entries.map(([name]) => name);
  if (scope === "VALUE") return entries.map(([, value]) => value);
  return entries.flat();
}

function chooser(
  included: readonly string[] | undefined,
  excluded: readonly string[] | undefined,
  fold: (name: string) => string,
): (name: string) => boolean {
  const names = new Set((included ?? excluded ?? []).map(fold));
  if (included !== undefined) return (name) => names.has(fold(name));
  return excluded === undefined ? () => true : (name) => !names.has(fold(name));
}

function readHeader(name: string): ReadPart {
  return (request) => {
    const { headerNames, rawHeaders } = request;
    let found: string[] | undefined;
    for (let index = 0; index < headerNames.length; index++) {
      if (headerNames[index] !== name) continue;
      found ??= [];
      found.push(rawHeaders[2 * index + 1]!);
    }
    if (found === undefined) return false;
    return found.length === 1 ? found[0]! : found;
  };
}

const headersOf = ({ headerNames, rawHeaders }: InspectedRequest): Entry[] =>
  headerNames.map((_, index) => [rawHeaders[2 * index]!, rawHeaders[2 * index + 1]!]);

export function cookiesOf(request: InspectedRequest): Entry[] {
  const cookies: Entry[] = [];
  const { headerNames, rawHeaders } = request;
  for (let index = 0; index < headerNames.length; index++) {
    if (headerNames[index] !== "cookie") continue;
    for (const pair of rawHeaders[2 * index + 1]!.split(";")) {
      const equals = pair.indexOf("=");
      const name = (equals < 0 ? pair : pair.slice(0, equals)).trim();
      if (name !== "" || equals >= 0) cookies.push([name, equals < 0 ? "" : pair.slice(equals + 1).trim()]);
    }
  }
  return cookies;
}

/**
 * Applies the limits of what WAF inspects of headers and cookies.
 * AWS: AWS WAF Developer Guide, "Oversize web request components in AWS WAF": 200 of them, or 8 KB.
 */
function sized(
  entries: readonly Entry[],
  oversize: OversizeHandling,
  read: (entries: readonly Entry[]) => InspectedValue,
): InspectedValue {
  let bytes = 0;
  let count = 0;
  for (const [name, value] of entries) {
    bytes += name.length + value.length;
    if (bytes > bounds.wafHeaderBytesMax.value || count >= bounds.wafHeadersMax.value) break;
    count++;
  }
  if (count === entries.length) return read(entries);
  return oversize === "CONTINUE" ? read(entries.slice(0, count)) : oversize === "MATCH";
}

/**
 * Returns the arguments of a query as received. A semicolon separates arguments for API Gateway, but need not for a
 * backend, so a query with one is read both ways.
 */
export function argumentsOf(query: string): Entry[] {
  if (query === "") return [];
  const pairs = query.split("&");
  const all = query.includes(";") ? [...pairs, ...query.split(/[&;]/)] : pairs;
  return all.map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
  });
}

/** Returns a name with its percent-encoded bytes decoded, since whoever reads the argument decodes its name. */
export const decoded = (name: string): string =>
  name.includes("%") || name.includes("+")
    ? name.replace(/%([0-9a-fA-F]{2})|\+/g, (_, digits: string | undefined) =>
        digits === undefined ? " " : String.fromCharCode(Number.parseInt(digits, 16)),
      )
    : name;
