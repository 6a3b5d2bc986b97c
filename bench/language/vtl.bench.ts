import { createRequire } from "node:module";
import { join } from "node:path";
import { compileTemplate } from "../../src/language/vtl/compile-template.ts";
import { parseTemplate } from "../../src/language/vtl/parse-template.ts";
import { apiGatewayPolicy } from "../../src/language/vtl/template-policy.ts";
import { templateValue } from "../../test/cases/vtl/case-files.ts";
import type { Bench } from "../bench.ts";

const order = {
  store: "north",
  currency: "EUR",
  items: Array.from({ length: 20 }, (_, index) => ({ id: index, name: `Product ${index}`, price: index * 3 + 7 })),
  note: "Leave at the door; ring twice. ".repeat(5),
};

const template = `#set($root = $order)
{
  "store": "$root.store",
  "currency": "$root.currency",
  "count": $root.items.size(),
  "note": "$root.note",
  "products": [
#foreach($item in $root.items)
    {
      "id": "$item.id",
      "title": "$item.name",
      #if($item.price > 30)"isExpensive": true,#end
      "place": $foreach.count,
      "price": $item.price
    }#if($foreach.hasNext),#end

#end
  ]
}`;

/**
 * The goal: at most 15 µs, and at least ten times as fast as the npm package velocityjs with its compiled form and plain
 * data. That package is no dependency: PORTICO_VELOCITYJS names a folder where it is installed.
 */
export const bench: Bench = {
  title: "a 1 KB JSON → JSON template with a loop of 20 items",
  needs: [],
  run() {
    const parsed = parseTemplate(template);
    if (parsed.kind === "problem") throw new Error(parsed.message);
    const compiled = compileTemplate(parsed, apiGatewayPolicy);
    const scope = new Map([["order", templateValue(order, "json")]]);
    const text = (): string => {
      const rendered = compiled.render(scope);
      if (rendered.kind === "failure") throw new Error(rendered.message);
      return rendered.text;
    };
    const ours = microseconds(text);
    const compile = microseconds(() => {
      const again = parseTemplate(template);
      if (again.kind === "template") compileTemplate(again, apiGatewayPolicy);
      return "";
    });
    const figures: Record<string, number> = { "µs to render": ours, "µs to parse and compile": compile };
    const other = velocityjs();
    if (other !== undefined) {
      if (JSON.stringify(JSON.parse(other())) !== JSON.stringify(JSON.parse(text()))) throw new Error("another answer");
      figures["velocityjs ÷ ours"] = microseconds(other) / ours;
    }
    return Promise.resolve(figures);
  },
};

function velocityjs(): (() => string) | undefined {
  const folder = process.env["PORTICO_VELOCITYJS"];
  if (folder === undefined) return undefined;
  const { Compile, parse } = createRequire(join(folder, "package.json"))("velocityjs") as {
    Compile: new (tree: unknown) => { render(data: unknown): string };
    parse(text: string): unknown;
  };
  const tree = parse(template);
  return () => new Compile(tree).render({ order });
}

/** The least of some rounds; the text is read, since the engine may leave its parts unjoined until then. */
function microseconds(run: () => string): number {
  let length = 0;
  const round = (): number => {
    const before = performance.now();
    let count = 0;
    while (performance.now() - before < 300) {
      for (let index = 0; index < 50; index++) length += Buffer.byteLength(run());
      count += 50;
    }
    return ((performance.now() - before) * 1_000) / count;
  };
  round();
  const least = Math.min(round(), round(), round());
  if (length < 0) throw new Error("nothing was rendered");
  return least;
}
