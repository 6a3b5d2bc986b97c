import { bounds } from "../../base/bounds.ts";
import { arithmetic, isNumber, toInteger } from "../java/java-number.ts";
import { textOf } from "../java/text-of.ts";
import { nothing, TemplateBlock, TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { type Meter, TemplateFailure } from "../meter.ts";
import { comparisons, integerComparisons } from "./comparison.ts";
import { type Loop, loopProperties, makeLoop } from "./loop.ts";
import { callMethod, getIndex, getProperty, itemsOf, setIndex, setProperty } from "./members.ts";
import { parseTemplate, placeOf } from "./parse-template.ts";
import {
  type Argument,
  defineDepthMax,
  type Evaluate,
  makeBlock,
  type Run,
  Slots,
  State,
  stopAll,
  stopNearest,
  type TemplateScope,
  type Test,
} from "./rendering.ts";
import type {
  Block,
  Expression,
  Macro,
  MacroCall,
  ParsedTemplate,
  Reference,
  ReferencePart,
  Statement,
} from "./template-node.ts";
import type { TemplatePolicy } from "./template-policy.ts";

/** The outcome of a rendering. The message of a failure is for the execution log, never for the caller. */
export type RenderResult =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failure"; readonly line: number; readonly column: number; readonly message: string };

/** A template as closures. It may be rendered any number of times, and no rendering sees anything of another. */
export interface CompiledTemplate {
  render(scope: TemplateScope): RenderResult;
  /** Renders with less than the steps that all templates have; undefined: they were not enough. */
  renderWithin(stepsMax: number, scope: TemplateScope): RenderResult | undefined;
}

export function compileTemplate(template: ParsedTemplate, policy: TemplatePolicy): CompiledTemplate {
  const names = new Slots();
  const compiler = new Compiler(template.macros, names, policy);
  const run = compiler.block(template.body);
  return {
    render(scope) {
      return finish(template.text, new State(names, scope), run);
    },
    renderWithin(stepsMax, scope) {
      const state = new State(names, scope, stepsMax);
      const result = finish(template.text, state, run);
      return result.kind === "failure" && state.stepsLeft < 0 ? undefined : result;
    },
  };
}

function finish(text: string, state: State, run: Run): RenderResult {
  try {
    run(state);
    state.checkOutput();
  } catch (error) {
    if (error === stopAll || error === stopNearest) return { kind: "text", text: state.out };
    if (error instanceof TemplateFailure) {
      return { kind: "failure", ...placeOf(text, error.offset ?? state.at), message: error.message };
    }
    // The depth of calls is bounded. This catches the rest, since the stack that is left depends on the caller.
    if (error instanceof RangeError && error.message.includes("call stack")) {
      return { kind: "failure", ...placeOf(text, state.at), message: "The template is nested too deep" };
    }
    throw error;
  }
  return { kind: "text", text: state.out };
}

/** A condition of an `#if`, with the steps that it takes, and what it guards. */
interface Branch {
  readonly test: Test;
  readonly weight: number;
  readonly run: Run;
}

interface CompiledMacro {
  readonly name: string;
  readonly parameters: readonly number[];
  run: Run;
}

class Compiler {
  readonly #macros: ReadonlyMap<string, Macro>;
  readonly #compiled = new Map<string, CompiledMacro>();
  readonly #slots: Slots;
  readonly #policy: TemplatePolicy;

  constructor(macros: ReadonlyMap<string, Macro>, slots: Slots, policy: TemplatePolicy) {
    this.#macros = macros;
    this.#slots = slots;
    this.#policy = policy;
  }

  block(block: Block): Run {
    const runs = this.#runs(block);
    const [first, second, third] = runs;
    if (first === undefined) return () => undefined;
    if (second === undefined) return first;
    if (runs.length === 2) {
      return (state) => {
        first(state);
        second(state);
      };
    }
    if (runs.length === 3) {
      return (state) => {
        first(state);
        second(state);
        third!(state);
      };
    }
    return (state) => {
      for (let index = 0; index < runs.length; index++) runs[index]!(state);
    };
  }

  /** References are printed together with the text around them: half the statements of most templates. */
  #runs(block: Block): readonly Run[] {
    const runs: Run[] = [];
    let members: PrintedReference[] = [];
    const flush = (): void => {
      if (members.length > 0) runs.push(this.#printMembers(members));
      members = [];
    };
    for (let index = 0; index < block.length; index++) {
      const statement = block[index]!;
      const next = block[index + 1];
      const choice = this.#choiceOfTexts(statement, next?.kind === "text" ? next.text : "");
      if (choice !== undefined) {
        flush();
        runs.push(choice);
        if (next?.kind === "text") index++;
        continue;
      }
      const isBefore = statement.kind === "text" && next?.kind === "reference" && isSimple(next.reference);
      const printed = isBefore ? next : statement;
      if (printed.kind !== "reference" || !isSimple(printed.reference)) {
        flush();
        runs.push(this.#statement(statement));
        continue;
      }
      if (isBefore) index++;
      const behind = block[index + 1];
      const after = behind?.kind === "text" ? compact(behind.text) : "";
      if (after !== "") index++;
      const { reference } = printed;
      const before = isBefore ? compact(statement.text) : "";
      if (isMemberOfVariable(reference)) members.push({ reference, before, after });
      else {
        flush();
        runs.push(this.#print({ reference, before, after }));
      }
    }
    flush();
    return runs;
  }

  #statement(statement: Statement): Run {
    switch (statement.kind) {
      case "text": {
        const text = compact(statement.text);
        return (state) => {
          state.out += text;
        };
      }
      case "reference":
        return this.#print({ reference: statement.reference, before: "", after: "" });
      case "set":
        return this.#set(statement);
      case "if":
        return this.#if(
          statement.branches.map(({ condition, body }) => ({
            test: this.#test(condition),
            weight: weightOf(condition),
            run: this.block(body),
          })),
          statement.otherwise === undefined ? undefined : this.block(statement.otherwise),
        );
      case "foreach":
        return this.#foreach(statement);
      case "macro-call":
        return this.#macroCall(statement);
      case "define":
        return this.#define(this.#slots.slot(statement.variable), this.block(statement.body));
      case "evaluate":
        return this.#evaluate(this.#value(statement.template), statement.offset);
      case "stop":
        return () => {
          throw stopAll;
        };
      case "break":
        return () => {
          throw stopNearest;
        };
      case "include":
        return () => {
          throw new TemplateFailure(`#${statement.directive} is not available`, statement.offset);
        };
    }
  }

  // References

  #variable(name: string): Evaluate {
    this.#slots.read.add(name);
    const slot = this.#slots.slot(name);
    return (state) => (state.frame === null ? state.variables[slot]! : state.get(slot));
  }

  #part(part: ReferencePart): (state: State, of: TemplateValue) => TemplateValue {
    const { offset } = part;
    switch (part.kind) {
      case "property": {
        const { name } = part;
        return (state, of) => {
          state.at = offset;
          return getProperty(of, name);
        };
      }
      case "index": {
        const argument = this.#value(part.argument);
        return (state, of) => {
          const index = argument(state);
          state.at = offset;
          return getIndex(of, index, state);
        };
      }
      case "method": {
        const { name } = part;
        const args = part.args.map((argument) => this.#value(argument));
        return (state, of) => {
          const values: TemplateValue[] = [];
          for (let index = 0; index < args.length; index++) values.push(args[index]!(state));
          state.at = offset;
          state.step(1);
          return callMethod(of, name, values, state) ?? null;
        };
      }
    }
  }

  #referenceValue(reference: Reference): Evaluate {
    const variable = this.#variable(reference.variable);
    const parts = reference.parts.map((part) => this.#part(part));
    const [first] = parts;
    if (first === undefined) return variable;
    const loopProperty = this.#loopProperty(reference);
    if (loopProperty !== undefined) return loopProperty;
    if (parts.length === 1 && reference.parts[0]?.kind === "property") {
      return this.#memberOfVariable(reference.variable, reference.parts[0].name, reference.parts[0].offset);
    }
    if (parts.length === 1) {
      return (state) => {
        const of = variable(state);
        return of === null ? null : first(state, of);
      };
    }
    return (state) => {
      let value = variable(state);
      for (let index = 0; index < parts.length; index++) {
        if (value === null) return null;
        value = parts[index]!(state, value);
      }
      return value;
    };
  }

  /** Evaluates a reference in an expression: one that leads from a value to null is `nothing`, where the policy has that. */
  #valueOrNothing(reference: Reference): Evaluate {
    const value = this.#referenceValue(reference);
    if (this.#policy.missingPrints === "source" || reference.parts.length === 0) return value;
    const variable = this.#variable(reference.variable);
    return (state) => value(state) ?? (variable(state) === null ? null : nothing);
  }

  /** `$item.name`, the most common reference: all in one closure, which halves its cost. */
  #memberOfVariable(variable: string, name: string, offset: number): Evaluate {
    const slot = this.#slots.slot(variable);
    return (state) => {
      const of = state.frame === null ? state.variables[slot]! : state.get(slot);
      if (of instanceof TemplateMap) return of.member(name) ?? null;
      if (of === null) return null;
      state.at = offset;
      return getProperty(of, name);
    };
  }

  /** `$foreach.index` and its like, without the detour over a host object. */
  #loopProperty(reference: Reference): Evaluate | undefined {
    const property = loopPropertyOf(reference);
    if (property === undefined) return undefined;
    const { name } = reference.parts[0] as { name: string };
    const slot = this.#slots.slot(reference.variable);
    return (state) => {
      const { loop } = state;
      const of = state.frame === null ? state.variables[slot]! : state.get(slot);
      if (loop !== null && of === loop.host) return property(loop);
      return of === null ? null : getProperty(of, name);
    };
  }

  #print({ reference, before, after }: PrintedReference): Run {
    const value = this.#referenceValue(reference);
    const missing = this.#missing(reference);
    const { offset } = reference;
    const weight = weightOfReference(reference);
    if (reference.escapes > 0) return this.#printEscaped(reference, value, missing);
    // A block prints straight to the output, so that its text before a #stop stays. So does the text before the block
    // and, in a macro, the text before a parameter, which may be a text with #stop in it.
    const printSlowly = (state: State): void => {
      state.out += before;
      const found = value(state);
      if (!(found instanceof TemplateBlock && found.print())) state.out += textOf(found, state) ?? missing(state);
      state.checkOutput();
      state.out += after;
    };
    return (state) => {
      state.step(weight);
      state.at = offset;
      if (state.frame !== null) return printSlowly(state);
      const found = value(state);
      if (typeof found === "string") {
        state.out += before + found + after;
        if (found.length > 1_000) state.checkOutput();
      } else if (typeof found === "number") state.out += before + found + after;
      else if (found instanceof TemplateBlock) printSlowly(state);
      else {
        const text = textOf(found, state) ?? missing(state);
        state.out += before + text + after;
        if (text.length > 1_000) state.checkOutput();
      }
    };
  }

  /**
   * Prints `$item.id … $item.name … $foreach.count` together. Most templates print such runs, and this costs half of
   * printing them one by one.
   */
  #printMembers(printed: readonly PrintedReference[]): Run {
    const { before } = printed[0]!;
    const members = printed.map(({ reference, after }) => {
      this.#slots.read.add(reference.variable);
      const { name } = reference.parts[0] as { name: string };
      return { slot: this.#slots.slot(reference.variable), name, loopProperty: loopPropertyOf(reference), after };
    });
    // Only the text after each stands between them.
    const runs = printed.map((each) => this.#print({ ...each, before: "" }));
    const count = members.length;
    return (state) => {
      let out = state.out + before;
      if (state.frame !== null) {
        state.out = out;
        for (const run of runs) run(state);
        return;
      }
      state.step(count);
      const { variables } = state;
      for (let index = 0; index < count; index++) {
        const { slot, name, loopProperty, after } = members[index]!;
        const of = variables[slot]!;
        let found: TemplateValue | undefined;
        if (of instanceof TemplateMap) found = of.member(name);
        else if (loopProperty !== undefined && state.loop !== null && of === state.loop.host) {
          found = loopProperty(state.loop);
        }
        if (typeof found === "number") out = out + found + after;
        else if (typeof found === "string" && found.length <= 1_000) out = out + found + after;
        else {
          state.out = out;
          runs[index]!(state);
          out = state.out;
        }
      }
      state.out = out;
    };
  }

  /** Returns what a reference prints if it leads to nothing. */
  #missing(reference: Reference): (state: State) => string {
    const { source, isQuiet } = reference;
    const variable = this.#variable(reference.variable);
    const slot = this.#slots.slot(reference.variable);
    const isPlain = source === `$${reference.variable}`;
    const printsNothing = this.#policy.missingPrints === "nothing" && reference.parts.length > 0;
    return (state) => {
      if (isQuiet) return "";
      if (isPlain) {
        // A macro's parameter prints what it was called with.
        for (let frame = state.frame; frame !== null; frame = frame.caller) {
          const argument = frame.args.get(slot);
          if (argument !== undefined) return argument.source;
        }
      }
      return printsNothing && variable(state) !== null ? "" : source;
    };
  }

  #printEscaped(reference: Reference, value: Evaluate, missing: (state: State) => string): Run {
    const { source, escapes } = reference;
    const prefix = "\\".repeat(Math.floor(escapes / 2));
    const weight = weightOfReference(reference);
    return (state) => {
      state.step(weight);
      const found = value(state);
      if (escapes % 2 === 1) {
        state.out += prefix + (found === null ? "\\" : "") + source;
        return;
      }
      const text = textOf(found, state);
      state.out += text === null ? prefix + prefix + missing(state) : prefix + text;
      state.checkOutput();
    };
  }

  // Directives

  #set({ target, value: expression, offset }: Extract<Statement, { kind: "set" }>): Run {
    const value = this.#value(expression);
    const weight = weightOfReference(target) + weightOf(expression) - 1;
    const slot = this.#slots.slot(target.variable);
    const last = target.parts.at(-1);
    // AWS quirk: Velocity 1.7 takes the name from the reference's first token, so that ${a} and $!a set nothing.
    if (last === undefined && target.source !== `$${target.variable}`) {
      return (state) => {
        state.step(weight);
        value(state);
      };
    }
    if (last === undefined) {
      return (state) => {
        state.step(weight);
        state.at = offset;
        const found = value(state);
        // Velocity 1.7 leaves the variable as it was.
        if (found === null) return;
        if (state.frame === null) state.variables[slot] = found;
        else state.set(slot, found);
      };
    }
    const owner = this.#referenceValue({ ...target, parts: target.parts.slice(0, -1) });
    const index = last.kind === "index" ? this.#value(last.argument) : undefined;
    return (state) => {
      state.step(weight);
      state.at = offset;
      const found = value(state);
      if (found === null) return;
      const of = owner(state);
      if (of === null) return;
      if (index !== undefined) {
        const at = index(state);
        state.at = offset;
        setIndex(of, at, found, state);
      } else if (last.kind === "property") setProperty(of, last.name, found, state);
    };
  }

  #if(branches: readonly Branch[], otherwise: Run | undefined): Run {
    const [first] = branches;
    if (branches.length === 1) {
      const { test, weight, run } = first!;
      return (state) => {
        state.step(weight);
        if (test(state)) run(state);
        else otherwise?.(state);
      };
    }
    return (state) => {
      for (const { test, weight, run } of branches) {
        state.step(weight);
        if (test(state)) return run(state);
      }
      otherwise?.(state);
    };
  }

  /** An `#if` that chooses between texts also prints the text behind it, so that each pair is joined only once. */
  #choiceOfTexts(statement: Statement, after: string): Run | undefined {
    if (statement.kind !== "if" || statement.branches.length > 1) return undefined;
    const [{ condition, body }] = statement.branches as [(typeof statement.branches)[0]];
    const chosen = textOnly(body);
    const otherwise = textOnly(statement.otherwise ?? []);
    if (chosen === undefined || otherwise === undefined) return undefined;
    const test = this.#test(condition);
    const weight = weightOf(condition);
    const whenTrue = compact(chosen + after);
    const whenFalse = compact(otherwise + after);
    return (state) => {
      state.step(weight);
      const text = test(state) ? whenTrue : whenFalse;
      if (text !== "") state.out += text;
    };
  }

  #foreach(statement: Extract<Statement, { kind: "foreach" }>): Run {
    const slot = this.#slots.slot(statement.variable);
    const loopSlot = this.#slots.slot("foreach");
    const countSlot = this.#slots.slot("velocityCount");
    const hasNextSlot = this.#slots.slot("velocityHasNext");
    const roundsMax = this.#policy.loopRoundsMax;
    const { offset } = statement;
    const items = this.#loopItems(statement.items, roundsMax);
    const weight = weightOf(statement.items);
    const body = this.block(statement.body);
    const { read } = this.#slots;
    // Evaluated when the template runs, because the whole template has been read by then.
    const isLegacyRead = (): boolean =>
      this.#policy.hasEvaluate || read.has("velocityCount") || read.has("velocityHasNext");

    const rounds = (state: State, { list, map }: LoopItems, loop: Loop): void => {
      const { length } = list;
      const mapSize = map?.size;
      const setsLegacy = isLegacyRead();
      // The list's length is checked in each round, as Java's iterator does: changing a list during its loop is an
      // error.
      for (let index = 0; index !== list.length && index < roundsMax; index++) {
        if (list.length !== length || map?.size !== mapSize) throw changedUnderWay(offset);
        state.step(1);
        state.checkOutput();
        loop.index = index;
        if (setsLegacy) {
          state.variables[countSlot] = index + 1;
          state.variables[hasNextSlot] = index + 1 < length;
        }
        if (state.frame === null) state.variables[slot] = list[index]!;
        else state.set(slot, list[index]!);
        body(state);
      }
    };
    return (state) => {
      state.step(weight);
      state.at = offset;
      const looped = items(state);
      if (looped === undefined) return;
      const { variables } = state;
      const before = [state.get(slot), variables[loopSlot]!, variables[countSlot]!, variables[hasNextSlot]!] as const;
      const loop = makeLoop(looped.list.length, state.loop);
      state.loop = loop;
      variables[loopSlot] = loop.host;
      try {
        rounds(state, looped, loop);
      } catch (error) {
        if (error !== stopNearest) throw error;
      }
      state.loop = loop.parent;
      state.set(slot, before[0]);
      variables[loopSlot] = before[1];
      variables[countSlot] = before[2];
      variables[hasNextSlot] = before[3];
    };
  }

  /** A range in a loop is only made as long as the loop may run. */
  #loopItems(expression: Expression, roundsMax: number): (state: State) => LoopItems | undefined {
    if (expression.kind === "range") {
      const from = this.#value(expression.from);
      const to = this.#value(expression.to);
      return (state) => {
        const list = rangeItems(from(state), to(state), state, roundsMax + 1);
        return list === undefined ? undefined : { list, map: undefined };
      };
    }
    const value = this.#value(expression);
    return (state) => {
      const found = value(state);
      const list = found === null ? undefined : itemsOf(found, state);
      if (list === undefined) return undefined;
      const map = found instanceof TemplateMap ? found : found instanceof TemplateList ? found.map : undefined;
      return { list, map };
    };
  }

  #define(slot: number, run: Run): Run {
    return (state) => {
      state.step(1);
      const { frame } = state;
      state.set(slot, makeBlock(state, frame, run, defineDepthMax));
    };
  }

  #evaluate(template: Evaluate, offset: number): Run {
    const policy = this.#policy;
    if (!policy.hasEvaluate) {
      return () => {
        throw new TemplateFailure("#evaluate is not available", offset);
      };
    }
    const outer = this.#macros;
    return (state) => {
      state.step(1);
      state.at = offset;
      const text = textOf(template(state), state);
      if (text === null) return;
      state.step(text.length);
      const parsed = parseTemplate(text);
      if (parsed.kind === "problem") {
        throw new TemplateFailure(`#evaluate, line ${parsed.line}, column ${parsed.column}: ${parsed.message}`, offset);
      }
      if (++state.macroDepth > bounds.templateMacroDepthMax.value) throw tooDeep("#evaluate", offset);
      state.slots = state.slots.copy();
      const run = new Compiler(new Map([...parsed.macros, ...outer]), state.slots, policy).block(parsed.body);
      for (let slot = state.variables.length; slot < state.slots.names.length; slot++) {
        state.variables.push(state.scope.get(state.slots.names[slot]!) ?? null);
      }
      try {
        run(state);
      } catch (error) {
        if (error instanceof TemplateFailure) error.offset = offset;
        if (error !== stopNearest) throw error;
      } finally {
        state.macroDepth--;
      }
    };
  }

  #macroCall(call: MacroCall): Run {
    const macro = this.#macro(call.name);
    if (macro === undefined) {
      const { source } = call;
      return (state) => {
        state.out += source;
      };
    }
    const { offset } = call;
    const args = new Map<number, Argument>();
    for (const [index, argument] of call.args.entries()) {
      const parameter = macro.parameters[index];
      if (parameter !== undefined) {
        const { source } = argument;
        args.set(parameter, { evaluate: this.#value(argument), source, weight: weightOf(argument) });
      }
    }
    const body = call.body === undefined ? undefined : this.block(call.body);
    const bodySlot = this.#slots.slot("bodyContent");
    return (state) => {
      state.step(4);
      state.at = offset;
      state.checkOutput();
      if (state.macroDepth >= bounds.templateMacroDepthMax.value) throw tooDeep(`#${call.name}`, offset);
      const caller = state.frame;
      const outerBody = body === undefined ? null : state.get(bodySlot);
      if (body !== undefined) state.set(bodySlot, makeBlock(state, caller, body, bounds.templateMacroDepthMax.value));
      state.macroDepth++;
      state.frame = { caller, args, locals: undefined };
      try {
        macro.run(state);
      } catch (error) {
        if (error !== stopNearest) throw error;
      } finally {
        state.frame = caller;
        state.macroDepth--;
        if (body !== undefined) state.set(bodySlot, outerBody);
      }
    };
  }

  /** Compiles a macro when it is first called. A macro that calls itself finds itself. */
  #macro(name: string): CompiledMacro | undefined {
    const compiled = this.#compiled.get(name);
    if (compiled !== undefined) return compiled;
    const macro = this.#macros.get(name);
    if (macro === undefined) return undefined;
    const parameters = macro.parameters.map((parameter) => this.#slots.slot(parameter));
    const made: CompiledMacro = { name, parameters, run: () => undefined };
    this.#compiled.set(name, made);
    made.run = this.block(macro.body);
    return made;
  }

  // Expressions

  #value(expression: Expression): Evaluate {
    switch (expression.kind) {
      case "literal": {
        const { value } = expression;
        return () => value;
      }
      case "reference":
        return this.#valueOrNothing(expression.reference);
      case "interpolated": {
        const run = this.block(expression.body);
        return (state) => state.capture(run);
      }
      case "list": {
        const items = expression.items.map((item) => this.#value(item));
        return (state) => {
          state.step(items.length);
          return new TemplateList(
            items.map((item) => item(state)),
            "list",
          );
        };
      }
      case "map": {
        const entries = expression.entries.map(([key, value]) => [this.#value(key), this.#value(value)] as const);
        return (state) => {
          state.step(entries.length);
          const map = new TemplateMap();
          for (const [key, value] of entries) map.set(key(state), value(state));
          return map;
        };
      }
      case "range": {
        const from = this.#value(expression.from);
        const to = this.#value(expression.to);
        return (state) => {
          const items = rangeItems(from(state), to(state), state, bounds.templateCollectionSizeMax.value + 1);
          if (items === undefined) return null;
          state.grown(items.length, items.length);
          return new TemplateList(items, "list");
        };
      }
      case "arithmetic":
        return this.#arithmetic(expression);
      default:
        return this.#test(expression);
    }
  }

  #arithmetic(expression: Extract<Expression, { kind: "arithmetic" }>): Evaluate {
    const first = this.#value(expression.first);
    const rest = expression.rest.map(({ operator, operand, leftSource }) => ({
      operator,
      operand: this.#value(operand),
      leftSource,
      rightSource: operand.source,
    }));
    return (state) => {
      let left = first(state);
      for (const { operator, operand, leftSource, rightSource } of rest) {
        const right = operand(state);
        if (typeof left === "number" && typeof right === "number") left = arithmetic[operator](left, right);
        else if (operator === "+" && (typeof left === "string" || typeof right === "string")) {
          const text: string = (textOf(left, state) ?? leftSource) + (textOf(right, state) ?? rightSource);
          state.made(text.length);
          left = text;
        } else left = isNumber(left) && isNumber(right) ? arithmetic[operator](left, right) : null;
      }
      return left;
    };
  }

  /** Evaluates a condition: a literal is never true by itself, a reference is true unless it is null or false. */
  #test(expression: Expression): Test {
    switch (expression.kind) {
      case "literal": {
        const isTrue = expression.value === true;
        return () => isTrue;
      }
      case "reference": {
        const value = this.#referenceValue(expression.reference);
        return (state) => {
          const found = value(state);
          return found !== null && found !== false && found !== nothing;
        };
      }
      case "not": {
        const test = this.#test(expression.operand);
        return (state) => !test(state);
      }
      case "and": {
        const tests = expression.operands.map((operand) => this.#test(operand));
        return (state) => tests.every((test) => test(state));
      }
      case "or": {
        const tests = expression.operands.map((operand) => this.#test(operand));
        return (state) => tests.some((test) => test(state));
      }
      case "comparison":
        return this.#comparison(expression);
      case "interpolated":
      case "list":
      case "map":
      case "range":
      case "arithmetic":
        return () => false;
    }
  }

  #comparison(expression: Extract<Expression, { kind: "comparison" }>): Test {
    const first = this.#value(expression.first);
    const [only] = expression.rest;
    const bound = only?.operand.kind === "literal" ? only.operand.value : undefined;
    if (expression.rest.length === 1 && typeof bound === "number") {
      const compareAny = comparisons[only!.operator];
      const compareIntegers = integerComparisons[only!.operator];
      const compare = (left: TemplateValue, state: State): boolean =>
        typeof left === "number" ? compareIntegers(left, bound) : compareAny(left, bound, state);
      const { first: reference } = expression;
      if (reference.kind !== "reference" || !isMemberOfVariable(reference.reference)) {
        return (state) => compare(first(state), state);
      }
      const slot = this.#slots.slot(reference.reference.variable);
      const { name } = reference.reference.parts[0] as { name: string };
      return (state) => {
        const of = state.variables[slot]!;
        const isMap = state.frame === null && of instanceof TemplateMap;
        return compare(isMap ? (of.member(name) ?? null) : first(state), state);
      };
    }
    const rest = expression.rest.map(({ operator, operand }) => [comparisons[operator], this.#value(operand)] as const);
    const [[compare, second]] = rest as [(typeof rest)[0]];
    if (rest.length === 1) return (state) => compare(first(state), second(state), state);
    return (state) => {
      let left = first(state);
      for (const [compareNext, operand] of rest) left = compareNext(left, operand(state), state);
      return left === true;
    };
  }
}

/**
 * Returns the steps that evaluating an expression counts as: one for each part of it, whether it comes to that or not. What
 * is printed in a text within counts by itself, and so does what a method or an index does.
 */
function weightOf(expression: Expression): number {
  switch (expression.kind) {
    case "literal":
      return 1;
    case "interpolated":
      return 1 + expression.body.length;
    case "reference":
      return weightOfReference(expression.reference);
    case "list":
      return 1 + sum(expression.items.map(weightOf));
    case "map":
      return 1 + sum(expression.entries.map(([key, value]) => weightOf(key) + weightOf(value)));
    case "range":
      return weightOf(expression.from) + weightOf(expression.to);
    case "not":
      return 1 + weightOf(expression.operand);
    case "and":
    case "or":
      return sum(expression.operands.map(weightOf));
    case "arithmetic":
    case "comparison":
      // The operands of an operator that stands alone take no time of their own.
      return weightOf(expression.first) + sum(expression.rest.map(({ operand }) => weightOf(operand))) - 1;
  }
}

const weightOfReference = ({ parts }: Reference): number => Math.max(1, sum(parts.map(weightOfPart)));

function weightOfPart(part: ReferencePart): number {
  switch (part.kind) {
    case "property":
      return 1;
    case "method":
      return 1 + sum(part.args.map(weightOf));
    case "index":
      return 1 + weightOf(part.argument);
  }
}

const sum = (weights: readonly number[]): number => weights.reduce((total, weight) => total + weight, 0);

/** A reference to print, with the text before and behind it. */
interface PrintedReference {
  readonly reference: Reference;
  readonly before: string;
  readonly after: string;
}

const isMemberOfVariable = ({ parts }: Reference): boolean => parts.length === 1 && parts[0]?.kind === "property";

/** Returns how `$foreach.count` and its like read the loop. */
function loopPropertyOf({ variable, parts }: Reference): ((loop: Loop) => TemplateValue) | undefined {
  const [part] = parts;
  if (variable !== "foreach" || parts.length !== 1 || part?.kind !== "property") return undefined;
  return Object.hasOwn(loopProperties, part.name) ? loopProperties[part.name] : undefined;
}

/** Returns the text of a block that has nothing to evaluate. */
const textOnly = (block: Block): string | undefined =>
  block.every((statement) => statement.kind === "text")
    ? block.map((statement) => (statement.kind === "text" ? statement.text : "")).join("")
    : undefined;

/** Makes a text that is not a view of the template or of its pieces: printing such views costs a third more. */
function compact(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** Returns whether evaluating the reference can't end the template with #stop, so that the text before it may wait. */
function isSimple(reference: Reference): boolean {
  if (reference.escapes > 0) return false;
  return reference.parts.every((part) => {
    const args = part.kind === "method" ? part.args : part.kind === "index" ? [part.argument] : [];
    return args.every(
      (argument) => argument.kind === "literal" || (argument.kind === "reference" && isSimple(argument.reference)),
    );
  });
}

interface LoopItems {
  readonly list: readonly TemplateValue[];
  readonly map: TemplateMap | undefined;
}

function changedUnderWay(offset: number): TemplateFailure {
  return new TemplateFailure("A list or map was changed while #foreach went over it", offset);
}

/** Returns the numbers of a range, up or down; undefined if an end is not a number. */
function rangeItems(
  first: TemplateValue,
  last: TemplateValue,
  meter: Meter,
  sizeMax: number,
): TemplateValue[] | undefined {
  if (!isNumber(first) || !isNumber(last)) return undefined;
  const from = toInteger(first);
  const to = toInteger(last);
  const size = Math.min(Math.abs(to - from) + 1, sizeMax, bounds.templateCollectionSizeMax.value + 1);
  meter.step(size);
  const sign = from <= to ? 1 : -1;
  return Array.from({ length: size }, (_, index) => from + sign * index);
}

function tooDeep(what: string, offset: number): TemplateFailure {
  const message = `${what}: calls are nested more than ${bounds.templateMacroDepthMax.value} deep`;
  return new TemplateFailure(message, offset);
}
