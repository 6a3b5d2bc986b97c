import { bounds } from "../../base/bounds.ts";
import { type Meter, TemplateFailure } from "../meter.ts";

/**
 * The closed set of values that a template can hold. Java's kinds of number are told apart by representation:
 * a JavaScript number is an Integer (always within 32 bits), a bigint a BigInteger, the others have classes.
 * Nothing else of JavaScript is reachable: members are found in the tables of members.ts only.
 */
export type TemplateValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | JavaLong
  | JavaDouble
  | TemplateList
  | TemplateMap
  | TemplateEntry
  | TemplateIterator
  | TemplateBlock
  | HostObject;

/** Java's Long: a whole number of 64 bits. */
export class JavaLong {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

/** Java's Double. It also stands for a Float, and for a BigDecimal, which then keeps its own digits (json-value.ts). */
export class JavaDouble {
  readonly value: number;
  declare readonly digits?: string;
  constructor(value: number) {
    this.value = value;
  }
}

/**
 * What a list prints and allows: `list` is an ArrayList, `json` is Jayway's JSONArray (which prints JSON), `array` is a
 * Java array (which `split` returns), `view` is a Collection without positions (`keySet()`, `values()`).
 */
export type ListKind = "list" | "json" | "array" | "view";

export class TemplateList {
  readonly items: TemplateValue[];
  readonly kind: ListKind;
  /** The map that a view was made from. Java refuses to go on over the view once the map has changed. */
  readonly map: TemplateMap | undefined;
  constructor(items: TemplateValue[], kind: ListKind, map?: TemplateMap) {
    this.items = items;
    this.kind = kind;
    this.map = map;
  }
}

/** A LinkedHashMap: keys of any kind, in the order in which they came. */
export class TemplateMap {
  readonly #entries = new Map<TemplateValue, TemplateValue>();
  /** Keys that JavaScript would tell apart by identity, by their text. */
  #boxed: Map<string, TemplateValue> | undefined;

  get size(): number {
    return this.#entries.size;
  }

  get(key: TemplateValue): TemplateValue | undefined {
    return this.#entries.get(this.#same(key));
  }

  /** Returns the value of a name: the short way that every property takes. */
  member(name: string): TemplateValue | undefined {
    return this.#entries.get(name);
  }

  has(key: TemplateValue): boolean {
    return this.#entries.has(this.#same(key));
  }

  set(key: TemplateValue, value: TemplateValue): void {
    const same = this.#same(key);
    if (isBoxed(same) && !this.#entries.has(same)) {
      this.#boxed ??= new Map();
      this.#boxed.set(boxText(same), same);
    }
    this.#entries.set(same, value);
  }

  delete(key: TemplateValue): void {
    const same = this.#same(key);
    if (isBoxed(same)) this.#boxed?.delete(boxText(same));
    this.#entries.delete(same);
  }

  clear(): void {
    this.#entries.clear();
    this.#boxed = undefined;
  }

  keys(): IterableIterator<TemplateValue> {
    return this.#entries.keys();
  }

  values(): IterableIterator<TemplateValue> {
    return this.#entries.values();
  }

  entries(): IterableIterator<[TemplateValue, TemplateValue]> {
    return this.#entries.entries();
  }

  /** Java compares Longs and Doubles by their values. */
  #same(key: TemplateValue): TemplateValue {
    return isBoxed(key) ? (this.#boxed?.get(boxText(key)) ?? key) : key;
  }
}

const isBoxed = (key: TemplateValue): key is JavaLong | JavaDouble =>
  key instanceof JavaLong || key instanceof JavaDouble;

const boxText = (key: JavaLong | JavaDouble): string =>
  key instanceof JavaLong ? `${key.value}` : Object.is(key.value, -0) ? "D-0" : `D${key.value}`;

/** A Map.Entry: `$entry.key`, `$entry.value`. */
export class TemplateEntry {
  readonly map: TemplateMap;
  readonly key: TemplateValue;
  constructor(map: TemplateMap, key: TemplateValue) {
    this.map = map;
    this.key = key;
  }
  get value(): TemplateValue {
    return this.map.get(this.key) ?? null;
  }
}

/** A java.util.Iterator over what a collection held when it was made. */
export class TemplateIterator {
  readonly items: readonly TemplateValue[];
  at = 0;
  constructor(items: readonly TemplateValue[]) {
    this.items = items;
  }
}

/** A piece of template that is rendered each time it is printed: `#define` and a macro's body make one. */
export class TemplateBlock {
  /** Returns its text; null if it would be printed within itself for the third time. */
  readonly render: () => string | null;
  /** Prints it to the template's output. Returns false where `render` returns null. */
  readonly print: () => boolean;
  constructor(render: () => string | null, print: () => boolean) {
    this.render = render;
    this.print = print;
  }
}

/** A method that a host object offers. It returns undefined if it does not take these arguments. */
export type HostMethod<Self> = (self: Self, args: readonly TemplateValue[], meter: Meter) => TemplateValue | undefined;

/** Everything that a kind of host object offers to templates. A template can reach nothing else of it. */
export interface HostType<Self> {
  /** The object's name in messages: `$util`. */
  readonly name: string;
  readonly methods: ReadonlyMap<string, HostMethod<Self>>;
  /** `$self.name` and `$self["name"]`; undefined and null are missing values. */
  readonly property?: (self: Self, name: string) => TemplateValue | undefined;
  /** `#set($self.name = value)` and `#set($self["name"] = value)`. */
  readonly assign?: (self: Self, name: string, value: TemplateValue) => void;
  /** Returns the items that `#foreach` goes over. */
  readonly items?: (self: Self) => readonly TemplateValue[];
  /** Returns the text that `$self` alone prints. */
  readonly text: (self: Self, meter: Meter) => string;
}

/** An object of the room that embeds the engine: `$input`, `$context`, `$util`. */
export class HostObject {
  readonly #self: unknown;
  readonly type: HostType<unknown>;
  private constructor(type: HostType<unknown>, self: unknown) {
    this.type = type;
    this.#self = self;
  }
  static of<Self>(type: HostType<Self>, self: Self): HostObject {
    return new HostObject(type as HostType<unknown>, self);
  }
  property(name: string): TemplateValue {
    return this.type.property?.(this.#self, name) ?? null;
  }
  assign(name: string, value: TemplateValue): void {
    this.type.assign?.(this.#self, name, value);
  }
  /** Calls a method; returns undefined if there is no such method. */
  call(name: string, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
    return this.type.methods.get(name)?.(this.#self, args, meter);
  }
  items(): readonly TemplateValue[] | undefined {
    return this.type.items?.(this.#self);
  }
  text(meter: Meter): string {
    return this.type.text(this.#self, meter);
  }
  /** Returns the object behind a value, for the host's functions that take one as an argument. */
  static selfOf<Self>(type: HostType<Self>, value: TemplateValue): Self | undefined {
    return value instanceof HostObject && value.type === type ? (value.#self as Self) : undefined;
  }
}

/**
 * What a path or member that leads to nothing is in API Gateway's templates, as recorded
 * (docs/internals/aws-facts/recorded.md, row 12): it prints as empty text, equals both null and "", and so do its members.
 */
export const nothing: HostObject = HostObject.of(
  { name: "nothing", methods: new Map(), property: (): HostObject => nothing, text: () => "" },
  null,
);

/** Counts work. */
type StepMeter = Pick<Meter, "step">;

/** Java's `equals`. */
export function isEqual(left: TemplateValue, right: TemplateValue, meter: StepMeter, depth = 0): boolean {
  if (typeof left === "string" && typeof right === "string") return isSameText(left, right, meter);
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (left instanceof JavaLong) return right instanceof JavaLong && left.value === right.value;
  if (left instanceof JavaDouble) return right instanceof JavaDouble && Object.is(left.value, right.value);
  if (depth > bounds.templateValueDepthMax.value) {
    throw new TemplateFailure(`A value is nested more than ${bounds.templateValueDepthMax.value} deep`);
  }
  meter.step(1);
  if (left instanceof TemplateList) return right instanceof TemplateList && hasEqualItems(left, right, meter, depth);
  if (left instanceof TemplateMap) return right instanceof TemplateMap && hasEqualEntries(left, right, meter, depth);
  if (left instanceof TemplateEntry) {
    return (
      right instanceof TemplateEntry &&
      isEqual(left.key, right.key, meter, depth + 1) &&
      isEqual(left.value, right.value, meter, depth + 1)
    );
  }
  return false;
}

/** Long texts of one length are compared character by character. */
export function isSameText(left: string, right: string, meter: StepMeter): boolean {
  if (left.length > 256 && left.length === right.length) meter.step(left.length >> 8);
  return left === right;
}

function hasEqualItems(left: TemplateList, right: TemplateList, meter: StepMeter, depth: number): boolean {
  if (left.items.length !== right.items.length || left.kind === "array" || right.kind === "array") return false;
  meter.step(left.items.length >> 1);
  return left.items.every((item, index) => isEqual(item, right.items[index]!, meter, depth + 1));
}

function hasEqualEntries(left: TemplateMap, right: TemplateMap, meter: StepMeter, depth: number): boolean {
  if (left.size !== right.size) return false;
  meter.step(left.size << 1);
  for (const [key, value] of left.entries()) {
    const other = right.get(key);
    if (other === undefined || !isEqual(value, other, meter, depth + 1)) return false;
  }
  return true;
}
