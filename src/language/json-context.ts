/** The surroundings of a place in a JSON text. */
export interface JsonContext {
  readonly container: "Object" | "Array" | "root";
  /** Where the container begins. */
  readonly start: number;
  /** The place is after a comma, a field's name or its colon, so something must follow. */
  readonly isBetween: boolean;
  /** Jackson's name of the last token, `null` if there is none. */
  readonly token: string;
}

const names: Readonly<Record<string, string>> = {
  "{": "START_OBJECT",
  "}": "END_OBJECT",
  "[": "START_ARRAY",
  "]": "END_ARRAY",
  t: "VALUE_TRUE",
  f: "VALUE_FALSE",
  n: "VALUE_NULL",
};

/**
 * Returns the context of a place up to which a text is well formed. It is computed when an error needs it, not kept
 * while parsing.
 */
export function contextAt(text: string, end: number): JsonContext {
  const open: { readonly container: "Object" | "Array"; readonly start: number }[] = [];
  let token = "null";
  let isBetween = false;
  for (let at = text.charCodeAt(0) === 0xfeff ? 1 : 0; at < end; at++) {
    const character = text[at]!;
    if (" \t\r\n".includes(character)) continue;
    if (character === ",") isBetween = true;
    else if (character === ":") isBetween = true;
    else if (character === '"') {
      isBetween = open.at(-1)?.container === "Object" && token !== "FIELD_NAME";
      token = isBetween ? "FIELD_NAME" : "VALUE_STRING";
      at = endOfString(text, at);
    } else {
      if (character === "{" || character === "[") {
        open.push({ container: character === "{" ? "Object" : "Array", start: at });
      } else if (character === "}" || character === "]") open.pop();
      isBetween = false;
      const from = at;
      while (!/[\s,:{}[\]]/.test(character) && at + 1 < end && !/[\s,:{}[\]]/.test(text[at + 1]!)) at++;
      token = names[character] ?? (/[.eE]/.test(text.slice(from, at + 1)) ? "VALUE_NUMBER_FLOAT" : "VALUE_NUMBER_INT");
    }
  }
  return { ...(open.at(-1) ?? { container: "root", start: 0 }), isBetween, token };
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
}
