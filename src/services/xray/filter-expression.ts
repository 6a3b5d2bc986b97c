import { bounds } from "../../base/bounds.ts";
import {
  factsOfWork,
  type StoredSegment,
  subsegments,
  type TraceFacts,
  typeOf,
  type WholeTrace,
} from "./whole-trace.ts";

/** Says whether a trace passes. */
export type TraceFilter = (trace: WholeTrace, facts: TraceFacts) => boolean;

/** An expression that can't be read. */
export class FilterProblem extends Error {}

/** Of the trace as a whole, or of one of its segments. */
type Test = (facts: TraceFacts, trace: WholeTrace) => boolean;

const flags: Readonly<Record<string, (facts: TraceFacts) => boolean>> = {
  ok: ({ isFault, isError, isThrottle }) => !isFault && !isError && !isThrottle,
  error: ({ isError }) => isError,
  throttle: ({ isThrottle }) => isThrottle,
  fault: ({ isFault }) => isFault,
  partial: ({ isPartial }) => isPartial,
};

const values: Readonly<Record<string, (facts: TraceFacts) => readonly unknown[]>> = {
  responsetime: ({ responseTime }) => [responseTime],
  duration: ({ duration }) => [duration],
  "http.status": ({ status }) => present(status),
  "http.url": ({ url }) => present(url),
  "http.method": ({ method }) => present(method),
  "http.useragent": ({ userAgent }) => present(userAgent),
  "http.clientip": ({ clientAddress }) => present(clientAddress),
  user: ({ users }) => users,
  "resource.arn": ({ resourceArns }) => resourceArns,
};

const present = (value: unknown): readonly unknown[] => (value === undefined ? [] : [value]);

const operators: Readonly<Record<string, (value: unknown, wanted: string | number | boolean) => boolean>> = {
  "=": (value, wanted) => value === wanted,
  "!=": (value, wanted) => value !== wanted,
  "<": (value, wanted) => typeof value === "number" && value < Number(wanted),
  "<=": (value, wanted) => typeof value === "number" && value <= Number(wanted),
  ">": (value, wanted) => typeof value === "number" && value > Number(wanted),
  ">=": (value, wanted) => typeof value === "number" && value >= Number(wanted),
  CONTAINS: (value, wanted) => typeof value === "string" && value.includes(String(wanted)),
  BEGINSWITH: (value, wanted) => typeof value === "string" && value.startsWith(String(wanted)),
  ENDSWITH: (value, wanted) => typeof value === "string" && value.endsWith(String(wanted)),
};

const token = /\s+|"((?:[^"\\]|\\.)*)"|!=|<=|>=|[=<>!(){},[\]]|-?\d+(?:\.\d+)?(?![\w.])|[A-Za-z_][\w.:-]*/y;

/** Compiles a filter expression. AWS: X-Ray Developer Guide, "Use filter expressions". Throws a {@link FilterProblem}. */
export function compileFilter(text: string): TraceFilter {
  if (text.length > bounds.traceFilterCharsMax.value) throw new FilterProblem("the expression is too long");
  const parser = new Parser(scan(text));
  const test = parser.whole();
  return (trace, facts) => test(facts, trace);
}

/** The steps that one call's filter may take, over all of its traces. */
class Steps {
  #left = bounds.traceFilterStepsMax.value;

  /** Throws a {@link FilterProblem} if there are no more. */
  take(count: number): void {
    this.#left -= count;
    if (this.#left < 0) throw new FilterProblem("it takes too long on these traces: ask for less, or for less time");
  }
}

/** Every 64 characters that are searched count as much as one condition. */
const charsPerStep = 64;

const stepsFor = (value: unknown): number => 1 + (typeof value === "string" ? value.length / charsPerStep : 0);

/** The facts of segments, which several conditions ask about. */
const knownFacts = new WeakMap<StoredSegment, TraceFacts>();

function factsOf(stored: StoredSegment): TraceFacts {
  const facts = knownFacts.get(stored) ?? factsOfWork(stored.segment);
  knownFacts.set(stored, facts);
  return facts;
}

/** The segments of traces by their ids, and by those of their subsegments. */
const knownOwners = new WeakMap<WholeTrace, ReadonlyMap<string, readonly StoredSegment[]>>();

function ownersOf(trace: WholeTrace): ReadonlyMap<string, readonly StoredSegment[]> {
  const known = knownOwners.get(trace);
  if (known !== undefined) return known;
  const owners = new Map<string, StoredSegment[]>();
  for (const stored of trace.segments) {
    for (const id of new Set([stored.segment.id, ...[...subsegments(stored.segment)].map((part) => part.id)])) {
      const own = owners.get(id);
      if (own === undefined) owners.set(id, [stored]);
      else own.push(stored);
    }
  }
  knownOwners.set(trace, owners);
  return owners;
}

/** Makes a test that is made once for each trace. In other tests of segments it would be made for each of them. */
function oncePerTrace(test: (trace: WholeTrace) => boolean): Test {
  let last: { readonly trace: WholeTrace; readonly passes: boolean } | undefined;
  return (_, trace) => {
    if (last?.trace !== trace) last = { trace, passes: test(trace) };
    return last.passes;
  };
}

interface Token {
  /** What was written; of a text its value. */
  readonly text: string;
  readonly isText: boolean;
}

function scan(text: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null) throw new FilterProblem(`unexpected "${text.slice(at, at + 10)}"`);
    const [whole, quoted] = match;
    if (quoted !== undefined) tokens.push({ text: quoted.replace(/\\(.)/g, "$1"), isText: true });
    else if (whole.trim() !== "") tokens.push({ text: whole, isText: false });
  }
  return tokens;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #steps = new Steps();
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Test {
    const test = this.#or();
    if (this.#at < this.#tokens.length) this.#fail();
    return test;
  }

  #or(): Test {
    const tests = [this.#and()];
    while (this.#take("OR")) tests.push(this.#and());
    return tests.length === 1 ? tests[0]! : (facts, trace) => tests.some((test) => test(facts, trace));
  }

  /** AWS: "ok !partial duration <3": what stands beside each other must all hold. */
  #and(): Test {
    const tests = [this.#unary()];
    while (this.#take("AND") || this.#begins()) tests.push(this.#unary());
    return tests.length === 1 ? tests[0]! : (facts, trace) => tests.every((test) => test(facts, trace));
  }

  #begins(): boolean {
    const next = this.#tokens[this.#at];
    if (next === undefined || next.isText) return false;
    return next.text === "!" || next.text === "(" || (/^[A-Za-z_]/.test(next.text) && next.text.toUpperCase() !== "OR");
  }

  #unary(): Test {
    if (++this.#depth > bounds.traceFilterDepthMax.value) throw new FilterProblem("the expression is nested too deep");
    try {
      if (this.#take("!") || this.#take("NOT")) {
        const test = this.#unary();
        return (facts, trace) => !test(facts, trace);
      }
      if (this.#take("(")) {
        const test = this.#or();
        this.#expect(")");
        return test;
      }
      const steps = this.#steps;
      const test = this.#term();
      return (facts, trace) => {
        steps.take(1);
        return test(facts, trace);
      };
    } finally {
      this.#depth--;
    }
  }

  #term(): Test {
    const keyword = this.#word();
    const lower = keyword.toLowerCase();
    if (lower === "service") return this.#service();
    if (lower === "edge") return this.#edge();
    if (lower.startsWith("annotation.")) return this.#annotation(keyword.slice("annotation.".length));
    if (lower === "annotation" && this.#take("[")) {
      const key = this.#next().text;
      this.#expect("]");
      return this.#annotation(key);
    }
    const flag = Object.hasOwn(flags, lower) ? flags[lower] : undefined;
    if (flag !== undefined) {
      const operator = this.#take("=") ? "=" : this.#take("!=") ? "!=" : undefined;
      if (operator === undefined) return flag;
      const wanted = this.#value() === (operator === "=");
      return (facts) => flag(facts) === wanted;
    }
    const read = Object.hasOwn(values, lower) ? values[lower] : undefined;
    if (read === undefined) throw new FilterProblem(`there is no keyword "${keyword}"`);
    return this.#comparison(read);
  }

  #annotation(key: string): Test {
    const read = ({ annotations }: TraceFacts): readonly unknown[] => annotations.get(key) ?? [];
    const next = this.#tokens[this.#at];
    if (next !== undefined && !next.isText && Object.hasOwn(operators, next.text.toUpperCase()))
      return this.#comparison(read);
    return (facts) => read(facts).some((value) => value === true);
  }

  #comparison(read: (facts: TraceFacts) => readonly unknown[]): Test {
    const written = this.#next().text.toUpperCase();
    const holds = Object.hasOwn(operators, written) ? operators[written] : undefined;
    if (holds === undefined) throw new FilterProblem(`"${written}" is no operator`);
    const wanted = this.#value();
    const steps = this.#steps;
    const isHeld = (value: unknown): boolean => {
      steps.take(stepsFor(value));
      return holds(value, wanted);
    };
    // What is not there differs from everything.
    if (written === "!=") return (facts) => read(facts).every(isHeld);
    return (facts) => read(facts).some(isHeld);
  }

  #service(): Test {
    this.#expect("(");
    const isNode = this.#node();
    this.#expect(")");
    const inner = this.#inner();
    const steps = this.#steps;
    return oncePerTrace((trace) =>
      trace.segments.some((stored) => {
        steps.take(1);
        return isNode(stored) && inner(factsOf(stored), trace);
      }),
    );
  }

  #edge(): Test {
    this.#expect("(");
    const isSource = this.#node();
    this.#expect(",");
    const isTarget = this.#node();
    this.#expect(")");
    const inner = this.#inner();
    const steps = this.#steps;
    const isSourceOf = (source: StoredSegment): boolean => {
      steps.take(1);
      return isSource(source);
    };
    return oncePerTrace((trace) =>
      trace.segments.some((target) => {
        steps.take(1);
        const { parent_id: parent = "" } = target.segment;
        return (
          isTarget(target) && ownersOf(trace).get(parent)?.some(isSourceOf) === true && inner(factsOf(target), trace)
        );
      }),
    );
  }

  /** Reads nothing (any node), a name, or `id(name: "…", type: "…")`. */
  #node(): (stored: StoredSegment) => boolean {
    const next = this.#tokens[this.#at];
    if (next?.isText === true) {
      const name = this.#next().text;
      return ({ segment }) => segment.name === name;
    }
    if (next?.text.toLowerCase() !== "id") return () => true;
    this.#next();
    this.#expect("(");
    const wanted: Record<string, string> = {};
    do {
      const key = this.#word().replace(/:$/, "").toLowerCase();
      if (key !== "name" && key !== "type" && key !== "account.id") throw new FilterProblem(`id() has no "${key}"`);
      wanted[key] = this.#next().text;
    } while (this.#take(","));
    this.#expect(")");
    const { name, type } = wanted;
    return ({ segment }) =>
      (name === undefined || segment.name === name) && (type === undefined || typeOf(segment) === type);
  }

  #inner(): Test {
    if (!this.#take("{")) return () => true;
    const test = this.#or();
    this.#expect("}");
    return test;
  }

  #value(): string | number | boolean {
    const { text, isText } = this.#next();
    if (isText) return text;
    if (/^-?\d/.test(text)) return Number(text);
    if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
    throw new FilterProblem(`"${text}" is no value; texts are in quotation marks`);
  }

  #word(): string {
    const { text, isText } = this.#next();
    if (isText || !/^[A-Za-z_]/.test(text)) throw new FilterProblem(`unexpected "${text}"`);
    return text;
  }

  #take(text: string): boolean {
    const next = this.#tokens[this.#at];
    if (next === undefined || next.isText || next.text.toUpperCase() !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#fail();
  }

  #next(): Token {
    const next = this.#tokens[this.#at++];
    if (next === undefined) throw new FilterProblem("the expression ends too soon");
    return next;
  }

  #fail(): never {
    const next = this.#tokens[this.#at];
    throw new FilterProblem(next === undefined ? "the expression ends too soon" : `unexpected "${next.text}"`);
  }
}
