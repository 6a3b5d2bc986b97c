/**
 * Returns why a text can't be Swift as our generator writes it, or undefined: literals end in their line and have no
 * interpolation, comments are `///` lines, and brackets are closed in order. There is no Swift compiler to ask.
 */
export function problemOfSwift(text: string): string | undefined {
  const open: string[] = [];
  const closes: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  for (const [index, line] of text.split("\n").entries()) {
    const where = `line ${index + 1}: ${line}`;
    if (/[^\t -~]/.test(line) && !/^\s*\/\/\//.test(line)) return `a character beyond ASCII in ${where}`;
    if (/[\r\v\f\u0000\u0085\u2028\u2029]/.test(line)) return `a line's end in ${where}`;
    if (/^\s*\/\/\//.test(line)) continue;
    const code = line.replaceAll(/"(?:[^"\\]|\\["\\]|\\u\{[0-9a-f]{1,8}\})*"/g, "''").replace(/ \/\/ .*$/, "");
    if (/["\\]|\/\*|\/\//.test(code)) return `a literal or comment that does not end in ${where}`;
    for (const [char] of code.matchAll(/[()[\]{}]/g)) {
      if (closes[char] === undefined) open.push(char);
      else if (open.pop() !== closes[char]) return `${char} closes nothing in ${where}`;
    }
  }
  return open.length === 0 ? undefined : `${open.join("")} is not closed`;
}
