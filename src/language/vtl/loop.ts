import { HostObject, type HostType, type TemplateValue } from "../java/values.ts";

/** `$foreach`. */
export interface Loop {
  index: number;
  count: number;
  readonly parent: Loop | null;
  readonly host: HostObject;
}

export const loopProperties: Readonly<Record<string, (loop: Loop) => TemplateValue>> = {
  index: (loop) => loop.index,
  count: (loop) => loop.index + 1,
  hasNext: (loop) => loop.index + 1 < loop.count,
  first: (loop) => loop.index === 0,
  last: (loop) => loop.index + 1 >= loop.count,
  parent: (loop) => loop.parent?.host ?? null,
  topmost: (loop) => {
    let topmost = loop;
    while (topmost.parent !== null) topmost = topmost.parent;
    return topmost.host;
  },
};
const loopType: HostType<Loop> = {
  name: "$foreach",
  methods: new Map(
    Object.entries(loopProperties).flatMap(([name, get]) =>
      [name, `get${name[0]!.toUpperCase()}${name.slice(1)}`, `is${name[0]!.toUpperCase()}${name.slice(1)}`].map(
        (method) => [method, (loop: Loop) => get(loop)] as const,
      ),
    ),
  ),
  property: (loop, name) => (Object.hasOwn(loopProperties, name) ? loopProperties[name]!(loop) : null),
  text: () => "$foreach",
};

export function makeLoop(count: number, parent: Loop | null): Loop {
  const loop = { index: 0, count, parent } as { -readonly [Key in keyof Loop]: Loop[Key] };
  loop.host = HostObject.of(loopType, loop);
  return loop;
}
