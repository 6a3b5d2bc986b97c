import { bounds } from "../../base/bounds.ts";
import { TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import { printJson } from "../json-text.ts";

const lengthMax = bounds.quotedValueLengthMax.value;

/** Returns a text as messages quote it: cut if it is long. */
export function quoted(text: string): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax)}…`;
}

/** Returns a value's JSON as messages quote it. Only the quoted part is printed. */
export function quotedJson(value: TemplateValue): string {
  let left = lengthMax + 1;
  // Each remaining value prints at least one character.
  const cut = (whole: TemplateValue): TemplateValue => {
    left--;
    if (typeof whole === "string") return whole.slice(0, lengthMax + 1);
    if (whole instanceof TemplateList) {
      const items: TemplateValue[] = [];
      for (let index = 0; index < whole.items.length && left > 0; index++) items.push(cut(whole.items[index]!));
      return new TemplateList(items, whole.kind);
    }
    if (!(whole instanceof TemplateMap)) return whole;
    const map = new TemplateMap();
    for (const [name, member] of whole.entries()) {
      if (left <= 0) break;
      map.set(cut(name), cut(member));
    }
    return map;
  };
  return quoted(printJson(cut(value)));
}
