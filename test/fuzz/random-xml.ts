import { chance } from "../random.ts";
import { oneOf, random } from "./from-models.ts";

const names = ["a", "b", "p:a", "q:b", "é", "x-1", "_", "p:x.y", "xmlns:p", "a:b:c", "1a", "r:a", "xml:lang"];
const texts = ["x", " ", "\n", "\r\n", "\r", "\t", "&amp;", "&lt;", "&#65;", "&#xe9;", "é", "😀", ">", "]]", "&#13;"];
const wrongTexts = ["&", "&no;", "&#0;", "&#xd800;", "&#x110000;", "]]>", "\x01", "&amp", "<", "&#;", "\uFFFE"];
const uris = ["urn:a", "urn:b", "", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"];

/** A small document; every third or so has something wrong with it. */
export function randomXml(): string {
  const wrongness = chance(random, 0.6) ? 0 : 0.04;
  const maybe = (probability: number): boolean => chance(random, probability);
  const isWrong = (): boolean => maybe(wrongness);
  const name = (): string => (isWrong() ? oneOf(names) : oneOf(names.slice(0, 8)));
  const space = (): string => oneOf([" ", "\n", "  ", "\t", "\r\n"]);
  const text = (): string => (isWrong() ? oneOf(wrongTexts) : oneOf(texts));
  const declared = ' xmlns:p="urn:p" xmlns:q="urn:q"';

  const value = (): string => {
    const quote = oneOf(['"', "'"]);
    let inside = "";
    while (maybe(0.6)) inside += isWrong() ? oneOf(["<", quote, ...wrongTexts]) : text();
    return isWrong() ? inside : `${quote}${inside.replaceAll(quote === '"' ? /"/g : /'/g, "")}${quote}`;
  };
  const attributes = (): string => {
    let written = "";
    const seen = new Set<string>();
    while (maybe(0.4)) {
      const one = maybe(0.2) ? oneOf(["xmlns", "xmlns:p", "xmlns:r", "xmlns:z"]) : name();
      if (seen.has(one) && !isWrong()) continue;
      seen.add(one);
      const uri = (): string => `"${isWrong() ? oneOf(uris) : oneOf(["urn:a", "urn:b", "urn:p"])}"`;
      written += `${isWrong() ? "" : space()}${one}${oneOf(["=", " =", "= "])}${one.startsWith("xmlns") ? uri() : value()}`;
    }
    return written;
  };
  const misc = (): string =>
    oneOf([
      "",
      "",
      "",
      " ",
      "<!-- c -->",
      "<?pi some ?>",
      "<?pi?>",
      isWrong() ? "<!-- a--b -->" : "\n",
      isWrong() ? "<?xml ?>" : "",
    ]);
  const element = (depth: number): string => {
    const own = name();
    const start = `<${own}${depth === 0 ? declared : ""}${attributes()}${maybe(0.2) ? space() : ""}`;
    if (maybe(0.25)) return `${start}/>`;
    let content = "";
    while (maybe(0.65)) {
      content += oneOf([
        text,
        text,
        misc,
        () => (isWrong() ? "<![CDATA[x" : oneOf(["<![CDATA[<x>&]]>", "<![CDATA[]]>", "<![CDATA[\r\n]]>"])),
        () => (depth > 3 ? "" : element(depth + 1)),
      ])();
    }
    return `${start}>${content}</${isWrong() ? name() : own}${maybe(0.1) ? space() : ""}>`;
  };
  const head = oneOf([
    "",
    "",
    '<?xml version="1.0"?>',
    `<?xml version='1.0' encoding="UTF-8" standalone='yes' ?>`,
    isWrong() ? '<?xml encoding="UTF-8"?>' : "",
    isWrong() ? '<!DOCTYPE a [<!ENTITY e "x">]>' : "",
    isWrong() ? " <?xml version='1.0'?>" : "",
  ]);
  return `${head}${misc()}${element(0)}${misc()}${isWrong() ? oneOf(["x", "<a/>", "&amp;"]) : ""}`;
}
