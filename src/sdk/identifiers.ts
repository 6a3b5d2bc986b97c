import { bounds } from "../base/bounds.ts";

/** Names in the forms of programming languages, from names that their authors chose freely. */

/** `pet-id` → `pet`, `id`. Accents go, and what is no ASCII then becomes its code point: `日` → `u65e5`. */
function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  return Array.from(plain.matchAll(/[A-Za-z0-9]+|(?![\0-\x7f\p{C}\p{Z}\p{P}])./gu), ([word]) =>
    word < "\u0080" ? word : `u${word.codePointAt(0)!.toString(16)}`,
  );
}

/** They become files, too. */
const lengthMax = bounds.sdkNameCharsMax.value;

const upperFirst = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** `pet-id` → `PetId`; letters inside of words stay as they are. Never empty, and begins with a letter. */
export function pascalCase(text: string): string {
  const name = wordsOf(text).map(upperFirst).join("").slice(0, lengthMax);
  return /^[A-Za-z]/.test(name) ? name : `N${name}`;
}

/** `PetId` → `petId`. */
export function camelCase(text: string): string {
  const name = pascalCase(text);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** `GetABOp` → `get_ab_op`, as AWS's Ruby SDKs do it. */
export const snakeCase = (text: string): string =>
  pascalCase(text)
    .replaceAll(/([A-Z0-9]+)([A-Z][a-z])/g, "$1_$2")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** Words of Python and Ruby that look like names of classes. */
export const noClassNames: readonly string[] = ["None", "True", "False", "BEGIN", "END"];

/** Gives names out, each once: `pet`, then `pet2`. A reserved one gets an underscore. */
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
