/** An element of an answer in AWS's query protocol: its text, or the elements in it. */
export interface AnswerElement {
  readonly name: string;
  readonly text: string;
  readonly elements: readonly AnswerElement[];
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

const decode = (text: string): string =>
  text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g, (all, hex: string, decimal: string, name: string) => {
    if (name !== undefined) return entities[name] ?? all;
    const code = Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });

/** Reads an answer of Portico's own, which has neither comments nor sections. AWS: query protocol. */
export function readQueryAnswer(xml: string): AnswerElement {
  interface OpenElement {
    name: string;
    text: string;
    elements: AnswerElement[];
  }
  const open: OpenElement[] = [{ name: "", text: "", elements: [] }];
  for (const [, text, close, name, empty] of xml.matchAll(/([^<]*)<([/?]?)([\w:.-]+)[^>]*?(\/?)>/g)) {
    const current = open.at(-1)!;
    current.text += decode(text!);
    if (close === "?") continue;
    if (close === "/") {
      if (open.length > 1) open.pop();
      continue;
    }
    const element: OpenElement = { name: name!, text: "", elements: [] };
    current.elements.push(element);
    if (empty !== "/") open.push(element);
  }
  return open[0]!;
}

/** Returns the first element below at a path. */
export function findElement(element: AnswerElement | undefined, ...path: readonly string[]): AnswerElement | undefined {
  return path.reduce<AnswerElement | undefined>(
    (found, name) => found?.elements.find((one) => one.name === name),
    element,
  );
}

/** Returns the text at a path; empty if there is none. */
export const textAt = (element: AnswerElement, ...path: readonly string[]): string =>
  findElement(element, ...path)?.text ?? "";

/** Returns the members of the list at a path. */
export const membersAt = (element: AnswerElement, ...path: readonly string[]): readonly AnswerElement[] =>
  (findElement(element, ...path)?.elements ?? []).filter(({ name }) => name === "member");
