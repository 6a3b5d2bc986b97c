import type { EcmaPattern } from "../ecma-pattern.ts";
import { TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { sortedNames, type Type, typeOf, types } from "./instance.ts";
import type { Report } from "./report.ts";

/** Checks a keyword on a value of a type that the keyword applies to. */
export type Check = (value: TemplateValue, report: Report, isSorted: boolean) => void;

/** A compiled schema. Its parts are filled in after it is made, since references may lead back to it. */
export class SchemaNode {
  /** The schema that replaces this one, if it is a reference. */
  reference: SchemaNode | undefined;
  /** Schemas that this one applies to the same value. */
  readonly inPlace: SchemaNode[] = [];
  readonly properties = new Map<TemplateValue, SchemaNode>();
  readonly patternProperties: { readonly pattern: EcmaPattern; readonly node: SchemaNode }[] = [];
  additionalProperties: SchemaNode | undefined;
  /** One schema for all items, or one for each of the first items. */
  items: SchemaNode | readonly SchemaNode[] | undefined;
  additionalItems: SchemaNode | undefined;
  readonly #checks = Object.fromEntries(types.map((type) => [type, []])) as unknown as Record<Type, Check[]>;

  add(applicable: readonly Type[], check: Check): void {
    for (const type of applicable) this.#checks[type].push(check);
  }

  /** Returns every schema that this one uses. */
  all(): SchemaNode[] {
    const items = this.items === undefined ? [] : this.items instanceof SchemaNode ? [this.items] : this.items;
    const additional = [this.additionalProperties, this.additionalItems].filter((node) => node !== undefined);
    const patterns = this.patternProperties.map(({ node }) => node);
    return [...this.inPlace, ...this.properties.values(), ...patterns, ...items, ...additional];
  }

  validate(value: TemplateValue, report: Report, isSorted: boolean): void {
    report.enter();
    if (this.reference === undefined) this.#validate(value, report, isSorted);
    else this.reference.validate(value, report, isSorted);
    report.leave();
  }

  #validate(value: TemplateValue, report: Report, isSorted: boolean): void {
    for (const check of this.#checks[typeOf(value)]) check(value, report, isSorted);
    if (typeof value !== "object" || !report.isSuccess) return;
    // Members and items are validated only while nothing is wrong.
    if (value instanceof TemplateMap) this.#validateMembers(value, report, isSorted);
    else if (value instanceof TemplateList) this.#validateItems(value, report, isSorted);
  }

  #validateMembers(value: TemplateMap, report: Report, isSorted: boolean): void {
    if (this.properties.size + this.patternProperties.length === 0 && this.additionalProperties === undefined) return;
    report.step(2 * value.size);
    if (!isSorted) {
      for (const [name, member] of value.entries()) this.#validateMember(name, member, report, isSorted);
      return;
    }
    for (const name of sortedNames(value, report)) {
      this.#validateMember(name, value.get(name) ?? null, report, isSorted);
    }
  }

  #validateMember(name: TemplateValue, member: TemplateValue, report: Report, isSorted: boolean): void {
    const property = this.properties.get(name);
    property?.validate(member, report, isSorted);
    let isKnown = property !== undefined;
    for (const { pattern, node } of this.patternProperties) {
      if (!pattern.isFoundIn(String(name), report)) continue;
      node.validate(member, report, isSorted);
      isKnown = true;
    }
    if (!isKnown) this.additionalProperties?.validate(member, report, isSorted);
  }

  #validateItems({ items }: TemplateList, report: Report, isSorted: boolean): void {
    const one = this.items instanceof SchemaNode ? this.items : undefined;
    const each = one === undefined ? (this.items as readonly SchemaNode[] | undefined) : undefined;
    if (one === undefined && each === undefined && this.additionalItems === undefined) return;
    for (const [index, item] of items.entries()) {
      (one ?? each?.[index] ?? this.additionalItems)?.validate(item, report, isSorted);
    }
  }
}
