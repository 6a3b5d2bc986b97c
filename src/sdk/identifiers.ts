import { bounds } from "../base/bounds.ts";

/** Names in the forms of programming languages, from names that their authors chose freely. */

/**
 * Splits a name into words: `pet-id` → `pet`, `id`. Accents are removed, and other characters beyond ASCII become their
 * code points: `日` → `u65e5`.
 */
function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  return Array.from(plain.matchAll(/[A-Za-z0-9]+|(?![\0-\x7f\p{C}\p{Z}\p{P}])./gu), ([word]) =>
    word < "\u0080" ? word : `u${word.codePointAt(0)!.toString(16)}`,
  );
}

/** Names also become file names. */
const lengthMax = bounds.sdkNameCharsMax.value;

const upperFirst = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/**
 * Returns `PetId` for `pet-id`. Letters inside of words stay as they are. The result is not empty and begins with a
 * letter.
 */
export function pascalCase(text: string): string {
  const name = wordsOf(text).map(upperFirst).join("").slice(0, lengthMax);
  return /^[A-Za-z]/.test(name) ? name : `N${name}`;
}

/** Returns `petId` for `PetId`. */
export function camelCase(text: string): string {
  const name = pascalCase(text);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Returns `get_ab_op` for `GetABOp`, as AWS's Ruby SDKs do. */
export const snakeCase = (text: string): string =>
  pascalCase(text)
    .replaceAll(/([A-Z0-9]+)([A-Z][a-z])/g, "$1_$2")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** Words of Python and Ruby that look like names of classes. */
export const noClassNames: readonly string[] = ["None", "True", "False", "BEGIN", "END"];

/** Gives each name out once: `pet`, then `pet2`. A reserved name gets an underscore. */
export class Names {
  readonly #reserved: ReadonlySet<string>;
  readonly #taken = new Set<string>();

  constructor(reserved: Iterable<string> = []) {
    this.#reserved = new Set(reserved);
  }

  /** Names that differ in case only count as one: they may become files. */
  take(wanted: string): string {
    const free = this.#reserved.has(wanted) ? `${wanted}_` : wanted;
    let name = free;
    for (let number = 2; this.#taken.has(name.toLowerCase()); number++) name = `${free}${number}`;
    this.#taken.add(name.toLowerCase());
    return name;
  }
}
