import { escapeXml } from "../../base/escape-xml.ts";
import { textOf } from "../../language/java/text-of.ts";
import {
  type HostMethod,
  HostObject,
  type HostType,
  nothing,
  TemplateList,
  type TemplateValue,
} from "../../language/java/values.ts";
import { type Meter, TemplateFailure } from "../../language/meter.ts";
import { parseXml } from "../../language/xml/parse-xml.ts";
import { XmlElement } from "../../language/xml/xml-element.ts";
import { ofText } from "./of-text.ts";

// Beyond AWS, whose templates can't read XML: `$util.xml`. docs/guide/templates.md is its reference.

/**
 * An element. `$element.Price` is its first child of that local name; everything else is a method, so that no child can
 * hide a method. Where a method takes a name, `{uri}Price` names a namespace as well.
 */
const elementType: HostType<XmlElement> = {
  name: "an XML element",
  methods: new Map<string, HostMethod<XmlElement>>([
    ["name", (element, { length }) => (length === 0 ? element.localName : undefined)],
    ["namespace", (element, { length }) => (length === 0 ? element.namespace : undefined)],
    ["text", (element, { length }, meter) => (length === 0 ? textIn(element, meter) : undefined)],
    ["attribute", attribute],
    ["first", (element, [name], meter) => withName(name, meter, (is) => objectOf(childrenOf(element, is, meter)[0]))],
    [
      "all",
      (element, args, meter) =>
        args.length === 0
          ? listOf(childrenOf(element, () => true, meter))
          : withName(args[0], meter, (is) => listOf(childrenOf(element, is, meter))),
    ],
    [
      "descendants",
      (element, [name], meter) => withName(name, meter, (is) => listOf(descendantsOf(element, is, meter))),
    ],
  ]),
  property: (element, name) => objectOf(element.child(name)),
  text: textIn,
};

const objectOf = (element: XmlElement | undefined): HostObject | null =>
  element === undefined ? null : HostObject.of(elementType, element);

const listOf = (elements: readonly XmlElement[]): TemplateList =>
  new TemplateList(
    elements.map((element) => HostObject.of(elementType, element)),
    "list",
  );

interface QualifiedName {
  readonly localName: string;
  readonly namespace: string;
}

/** Makes a method that looks for a name: `Price` in any namespace, `{uri}Price` in that one. */
function withName<Found>(
  argument: TemplateValue | undefined,
  meter: Meter,
  find: (is: (named: QualifiedName) => boolean) => Found,
): Found | undefined {
  if (argument === undefined) return undefined;
  const name = textOf(argument, meter) ?? "";
  const end = name.startsWith("{") ? name.lastIndexOf("}") : -1;
  if (end < 0) return find(({ localName }) => localName === name);
  const uri = name.slice(1, end);
  const local = name.slice(end + 1);
  return find(({ localName, namespace }) => localName === local && namespace === uri);
}

function childrenOf({ children }: XmlElement, is: (named: QualifiedName) => boolean, meter: Meter): XmlElement[] {
  meter.step(children.length >> 3);
  const found = children.filter((child) => child instanceof XmlElement && is(child)) as XmlElement[];
  meter.grown(found.length, found.length);
  return found;
}

function descendantsOf(element: XmlElement, is: (named: QualifiedName) => boolean, meter: Meter): XmlElement[] {
  const found: XmlElement[] = [];
  walk(element, meter, (child) => {
    if (child instanceof XmlElement && is(child)) found.push(child);
  });
  meter.grown(found.length, found.length);
  return found;
}

/** Visits everything in an element, in the document's order. */
function walk(element: XmlElement, meter: Meter, visit: (child: XmlElement | string) => void): void {
  meter.step(element.children.length);
  for (const child of element.children) {
    visit(child);
    if (child instanceof XmlElement) walk(child, meter, visit);
  }
}

/** Returns the texts in an element and in the elements within it, joined. */
function textIn(element: XmlElement, meter: Meter): string {
  let text = "";
  walk(element, meter, (child) => {
    if (typeof child === "string") text += child;
  });
  meter.made(text.length);
  return text;
}

function attribute(element: XmlElement, [name]: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  meter.step(element.attributes.length >> 3);
  return withName(name, meter, (is) => element.attributes.find(is)?.value ?? null);
}

function parse(text: string, meter: Meter): HostObject {
  meter.step(text.length >> 2);
  const parsed = parseXml(text, meter);
  if (parsed.kind === "element") return HostObject.of(elementType, parsed.element);
  throw new TemplateFailure(`$util.xml.parse, line ${parsed.line}, column ${parsed.column}: ${parsed.detail}`);
}

/**
 * `$util.xml.toJson(element)`, or `(element, ["item"])` with the names of elements that become lists even if there is
 * only one. An element with nothing but text becomes a JSON string; an element with attributes or child elements
 * becomes an object, with `@id` for an attribute and `#text` for text beside them; several elements of one name become
 * a list. Names are local names.
 */
function toJson(_: null, args: readonly TemplateValue[], meter: Meter): TemplateValue | undefined {
  const element = HostObject.selfOf(elementType, args[0] ?? null);
  const [, names] = args;
  if (element === undefined || args.length > 2 || (names !== undefined && !(names instanceof TemplateList))) {
    return args[0] === null || args[0] === nothing ? "null" : undefined;
  }
  meter.step(names?.items.length ?? 0);
  const lists = new Set(names?.items.map((name) => textOf(name, meter) ?? ""));
  const json = writeElement(element, lists, meter);
  meter.made(json.length);
  return json;
}

const instanceNamespace = "http://www.w3.org/2001/XMLSchema-instance";

function writeElement(element: XmlElement, lists: ReadonlySet<string>, meter: Meter): string {
  const isNil = ({ localName, namespace, value }: XmlElement["attributes"][number]): boolean =>
    localName === "nil" && namespace === instanceNamespace && /^(true|1)$/.test(value.trim());
  if (element.attributes.some(isNil)) return "null";
  const { children, attributes } = element;
  meter.step(1 + children.length + attributes.length);
  const members = new Map<string, string[]>();
  for (const { name, value } of attributes) members.set(`@${name}`, [JSON.stringify(value)]);
  let text = "";
  for (const child of children) {
    if (typeof child === "string") {
      text += child;
      continue;
    }
    const values = members.get(child.localName);
    const value = writeElement(child, lists, meter);
    if (values === undefined) members.set(child.localName, [value]);
    else values.push(value);
  }
  return members.size === 0 ? JSON.stringify(text) : writeMembers(members, text, lists);
}

function writeMembers(
  members: ReadonlyMap<string, readonly string[]>,
  text: string,
  lists: ReadonlySet<string>,
): string {
  const written = [...members].map(([name, values]) => {
    const value = values.length > 1 || lists.has(name) ? `[${values.join(",")}]` : values[0]!;
    return `${JSON.stringify(name)}:${value}`;
  });
  if (text.trim() !== "") written.push(`"#text":${JSON.stringify(text)}`);
  return `{${written.join(",")}}`;
}

const xmlType: HostType<null> = {
  name: "$util.xml",
  methods: new Map<string, HostMethod<null>>([
    ["parse", ofText(parse)],
    ["escape", ofText(escapeXml)],
    ["toJson", toJson],
  ]),
  text: () => "$util.xml",
};

/** `$util.xml` */
export const xmlObject = HostObject.of(xmlType, null);
