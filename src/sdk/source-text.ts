/**
 * Literals and comments of the languages that SDKs are written in. Every text that a caller chose (names, descriptions,
 * paths) goes through one of these, so none can end its literal or comment.
 */

/**
 * Returns a literal of JavaScript and TypeScript. U+2028 and U+2029 are escaped, because they ended lines before
 * ES2019.
 */
export const jsString = (text: string): string =>
  JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

/** Returns a member's name in a type, quoted if necessary; `new()` would be a constructor. */
export const jsProperty = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) && name !== "new" ? name : jsString(name);

/**
 * Returns a comment of JavaScript, TypeScript and Java, with `indent` before each line. In Java `\u` also counts in
 * comments.
 */
export function blockComment(text: string, indent = ""): string {
  const lines = linesOf(text).map((line) => line.replaceAll("*/", "*&#47;").replaceAll("\\", "&#92;"));
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`, ""].join("\n");
}

export const javaKeywords: readonly string[] = (
  "abstract assert boolean break byte case catch char class const continue default do double else enum extends false " +
  "final finally float for goto if implements import instanceof int interface long native new null package private " +
  "protected public return short static strictfp super switch synchronized this throw throws transient true try void " +
  "volatile while"
).split(" ");

/**
 * Returns a literal of Java. Control characters are octal, because Java reads `\u000a` as a line end before it reads
 * literals.
 */
export const javaString = (text: string): string =>
  `"${text.replace(/[^ !#-[\]-~]/g, (char) => {
    const code = char.charCodeAt(0);
    if (char === '"' || char === "\\") return `\\${char}`;
    return code < 0x80 ? `\\${code.toString(8).padStart(3, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  })}"`;

export const swiftKeywords: readonly string[] = (
  "Any Protocol Self Type actor as associatedtype async await break case catch class continue default defer deinit do else " +
  "enum extension fallthrough false fileprivate for func guard if import in indirect infix init inout internal is lazy let " +
  "mutating nil nonmutating open operator optional override postfix precedence precedencegroup prefix private protocol " +
  "public repeat required rethrows return self some static struct subscript super switch throw throws true try typealias " +
  "unowned var weak where while"
).split(" ");

/** Returns a literal of Swift, without interpolation. */
export const swiftString = (text: string): string =>
  `"${text
    .toWellFormed()
    .replace(/[^ !#-[\]-~]/gu, (char) =>
      char === '"' || char === "\\" ? `\\${char}` : `\\u{${char.codePointAt(0)!.toString(16)}}`,
    )}"`;

/** Returns comment lines of Swift, whose block comments could contain others. */
export const slashComment = (text: string, indent = ""): string =>
  linesOf(text)
    .map((line) => `${indent}/// ${line}`.trimEnd())
    .join("\n")
    .concat("\n");

export const objectiveCKeywords: readonly string[] = (
  "BOOL Class IMP NO NULL SEL YES _cmd asm auto bool break bycopy byref case char class const continue default do double " +
  "else enum extern false float for goto id if in inline inout int long nil nonatomic nullable oneway out register " +
  "restrict retain return self short signed sizeof static strong struct super switch true typedef typeof union unsigned " +
  "void volatile weak while"
).split(" ");

/** Returns a literal of Objective-C. A question mark may begin a trigraph; below U+00A0 there are octal escapes only. */
export const objectiveCString = (text: string): string =>
  `@"${text.toWellFormed().replace(/[^ !#->@-[\]-~]/gu, (char) => {
    if (char === '"' || char === "\\" || char === "?") return `\\${char}`;
    const code = char.codePointAt(0)!;
    if (code < 0x80) return `\\${code.toString(8).padStart(3, "0")}`;
    if (code < 0xa0) return " ";
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
  })}"`;

/** Returns comment lines of Objective-C, in which a backslash at the end would continue the line. */
export const objectiveCComment = (text: string): string => slashComment(text.replaceAll("\\", "&#92;"));

/** Returns a literal of Ruby in double quotes, without interpolation. */
export const rubyString = (text: string): string =>
  `"${text.replace(/[^ !$-[\]-~]/gu, (char) =>
    char === '"' || char === "#" ? `\\${char}` : `\\u{${char.codePointAt(0)!.toString(16)}}`,
  )}"`;

/** Returns comment lines of Ruby and Python. */
export const hashComment = (text: string, indent = ""): string =>
  linesOf(text)
    .map((line) => `${indent}# ${line}`.trimEnd())
    .join("\n")
    .concat("\n");

export const pythonString = (text: string): string =>
  `"${text.replace(/[^ !#-[\]-~]/gu, (char) => {
    if (char === '"' || char === "\\") return `\\${char}`;
    if (char === "\n") return "\\n";
    const code = char.codePointAt(0)!;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
  })}"`;

/** Returns a basic string of TOML. */
export const tomlString = (text: string): string => JSON.stringify(text).replaceAll("\u007f", "\\u007f");

export const xmlText = (text: string): string =>
  text.replace(/[<>&]/g, (char) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[char] ?? char);

/** Returns code within a line of Markdown. */
export const markdownCode = (text: string): string => `\`${linesOf(text).join(" ").replaceAll("`", "'")}\``;

/** Splits text into lines without control characters, some of which end a line in one language and not in another. */
function linesOf(text: string): string[] {
  return text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/).map((line) => line.replaceAll(/[\u0000-\u001f\u007f]/g, " "));
}
