// Descriptions: a small part of CommonMark, as elements. HTML in them is text, and links lead to http, https and mailto only.

import { el } from "./element.mjs";

const inlineForms = [
  [/^`([^`\n]+)`/, (match) => el("code", {}, match[1])],
  [/^\*\*([^*\n]+)\*\*/, (match) => el("strong", {}, ...inline(match[1]))],
  [/^__([^_\n]+)__/, (match) => el("strong", {}, ...inline(match[1]))],
  [/^\*([^*\s][^*\n]*)\*/, (match) => el("em", {}, ...inline(match[1]))],
  [/^\[([^\]\n]{1,500})\]\(([^)\s]{1,2000})(?: "[^"\n]*")?\)/, (match) => link(match[2], inline(match[1]))],
  [/^<(https?:\/\/[^>\s]{1,2000})>/, (match) => link(match[1], [match[1]])],
  [/^https?:\/\/[^\s<>)\]]{1,2000}[^\s<>)\].,;:!?'"]/, (match) => link(match[0], [match[0]])],
  [/^<br ?\/?>/i, () => el("br")],
  [/^\\([\\`*_{}[\]()#+.!-])/, (match) => match[1]],
];

export function link(href, children) {
  const url = URL.parse(href);
  if (url === null || !["http:", "https:", "mailto:"].includes(url.protocol)) return el("span", {}, ...children);
  return el("a", { href: url.href, rel: "noopener noreferrer", target: "_blank" }, ...children);
}

export function inline(text) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const next = text.slice(at).search(/[`*_[<\\]|https?:/);
    const skipped = next < 0 ? text.length - at : next;
    plain += text.slice(at, at + skipped);
    at += skipped;
    if (at >= text.length) break;
    const rest = text.slice(at, at + 4000);
    const isInWord = /[\w*]/.test(plain.at(-1) ?? "");
    const found = inlineForms
      .map(([pattern, make]) => [pattern.exec(rest), make])
      .find(([match]) => match !== null && !(isInWord && /^[_h]/.test(match[0])));
    if (found === undefined) plain += text[at++];
    else {
      nodes.push(plain, found[1](found[0]));
      plain = "";
      at += found[0][0].length;
    }
  }
  return [...nodes, plain].filter((node) => node !== "");
}

const textCharactersMax = 100_000;

/** Paragraphs, headings, lists, quotes and code. */
function prose(text) {
  const lines = String(text)
    .slice(0, textCharactersMax)
    .split(/\r\n?|\n/);
  return el("div", { class: "text" }, ...blocksOf(lines, 0));
}

const quoteDepthMax = 5;

function blocksOf(lines, depth) {
  if (depth > quoteDepthMax) return [lines.join("\n")];
  const blocks = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const take = (belongs) => {
      const taken = [];
      while (at < lines.length && belongs(lines[at])) taken.push(lines[at++]);
      return taken;
    };
    const heading = /^ {0,3}(#{1,6})\s+(.*?)[\s#]*$/.exec(line.slice(0, 1_000));
    if (line.trim() === "") at++;
    else if (/^ {0,3}(```|~~~)/.test(line)) {
      const fence = line.trim().slice(0, 3);
      at++;
      blocks.push(el("pre", {}, el("code", {}, take((one) => !one.trim().startsWith(fence)).join("\n"))));
      at++;
    } else if (heading) {
      at++;
      blocks.push(el(heading[1].length < 3 ? "h2" : "h3", {}, ...inline(heading[2])));
    } else if (/^ {0,3}>/.test(line)) {
      const quoted = take((one) => /^ {0,3}>/.test(one)).map((one) => one.replace(/^ {0,3}> ?/, ""));
      blocks.push(
        el(
          "div",
          { class: "note" },
          ...blocksOf(
            quoted.map((one) => one.replace(/^\[!\w+\]$/, "")),
            depth + 1,
          ),
        ),
      );
    } else if (listItem.test(line)) {
      const isOrdered = /^\s*\d/.test(line);
      const items = [];
      for (const one of take((each) => listItem.test(each) || (/^\s+\S/.test(each) && each.trim() !== ""))) {
        const match = listItem.exec(one);
        if (match) items.push(match[1]);
        else items[items.length - 1] += ` ${one.trim()}`;
      }
      blocks.push(el(isOrdered ? "ol" : "ul", {}, ...items.map((item) => el("li", {}, ...inline(item)))));
    } else {
      const paragraph = take(
        (one) => one.trim() !== "" && !/^ {0,3}(#{1,6}\s|```|~~~|>)/.test(one) && !listItem.test(one),
      );
      if (paragraph.length === 0) paragraph.push(lines[at++]);
      blocks.push(el("p", {}, ...inline(paragraph.join("\n"))));
    }
  }
  return blocks;
}

const listItem = /^\s{0,6}(?:[-*+]|\d{1,3}[.)])\s+(.*)$/;
/** The same as a list: nothing is said, nothing is shown. */
export const proseOr = (text) => (text === undefined || text === "" ? [] : [prose(text)]);
