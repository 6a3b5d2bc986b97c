/**
 * An element's attribute. `name` is as it was written, with its prefix. Declarations of namespaces are not attributes.
 */
export interface XmlAttribute {
  readonly name: string;
  readonly localName: string;
  /** The namespace's URI, or an empty text. */
  readonly namespace: string;
  readonly value: string;
}

/** An element of a parsed document with its content, without comments and processing instructions. */
export class XmlElement {
  readonly localName: string;
  readonly namespace: string;
  readonly attributes: readonly XmlAttribute[];
  /** Elements and texts; no two texts follow each other. */
  readonly children: (XmlElement | string)[] = [];
  #firstByName: Map<string, XmlElement> | undefined;

  constructor(localName: string, namespace: string, attributes: readonly XmlAttribute[]) {
    this.localName = localName;
    this.namespace = namespace;
    this.attributes = attributes;
  }

  /** Returns the first child element with a local name, whatever its namespace. The first call indexes all children. */
  child(localName: string): XmlElement | undefined {
    if (this.#firstByName === undefined) {
      this.#firstByName = new Map();
      for (const child of this.children) {
        if (typeof child === "string" || this.#firstByName.has(child.localName)) continue;
        this.#firstByName.set(child.localName, child);
      }
    }
    return this.#firstByName.get(localName);
  }
}
