/** How literals end in the sources that are written for iOS. */
const literals = {
  swift: /"(?:[^"\\]|\\["\\]|\\u\{[0-9a-f]{1,8}\})*"/g,
  objectivec: /@?"(?:[^"\\?]|\\["\\?]|\\[0-7]{3}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*"/g,
};

/**
 * Returns why a text can't be Swift or Objective-C as our generators write it, or undefined: literals end in their line
 * and have no interpolation, comments are `///` lines, and brackets are closed in order. There is no compiler to ask.
 */
export function problemOfIosText(language: keyof typeof literals, text: string): string | undefined {
  const open: string[] = [];
  const closes: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  for (const [index, line] of text.split("\n").entries()) {
    const where = `line ${index + 1}: ${line}`;
    const isComment = /^\s*\/\/\//.test(line);
    if (/[^\t -~]/.test(line) && !isComment) return `a character beyond ASCII in ${where}`;
    if (/[\r\v\f\u0000\u0085\u2028\u2029]/.test(line)) return `a line's end in ${where}`;
    if (language === "objectivec" && line.endsWith("\\")) return `a line that goes on in ${where}`;
    if (isComment) continue;
    const code = line.replaceAll(literals[language], "''").replace(/ \/\/ .*$/, "");
    if (/["\\]|\/\*|\/\//.test(code)) return `a literal or comment that does not end in ${where}`;
    for (const [char] of code.matchAll(/[()[\]{}]/g)) {
      if (closes[char] === undefined) open.push(char);
      else if (open.pop() !== closes[char]) return `${char} closes nothing in ${where}`;
    }
  }
  return open.length === 0 ? undefined : `${open.join("")} is not closed`;
}
