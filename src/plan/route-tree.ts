import type { RouteNode } from "./plan.ts";

/** Builds a route tree from paths. It is the only place that reads `{name}` and `{name+}`. */
export class RouteTree {
  /** Indexes of methods by verb (or `ANY`). */
  readonly methods = new Map<string, number>();
  readonly #statics = new Map<string, RouteTree>();
  #param: { readonly name: string; readonly node: RouteTree } | undefined;
  #greedy: { readonly name: string; readonly node: RouteTree } | undefined;

  /** Returns the node of a path such as `/pets/{id}`, and makes it if necessary. Empty segments don't count. */
  at(path: string): RouteTree {
    let node: RouteTree = this;
    for (const part of path.split("/")) if (part !== "") node = node.#child(part);
    return node;
  }

  /** As `at`, but empty segments count: `/pets/` is another path than `/pets`. */
  atExactly(path: string): RouteTree {
    let node: RouteTree = this;
    if (path !== "/") for (const part of path.split("/").slice(1)) node = node.#child(part);
    return node;
  }

  #child(part: string): RouteTree {
    const variable = /^\{([^{}]+?)(\+?)\}$/.exec(part);
    if (variable === null) {
      const node = this.#statics.get(part) ?? new RouteTree();
      this.#statics.set(part, node);
      return node;
    }
    const name = variable[1]!;
    if (variable[2] === "+") {
      this.#greedy ??= { name, node: new RouteTree() };
      return this.#greedy.node;
    }
    this.#param ??= { name, node: new RouteTree() };
    return this.#param.node;
  }

  /** Returns the tree as data. It is the same for the same paths, in whatever order they came. */
  build(): RouteNode {
    const statics = [...this.#statics].sort(byKey).map(([part, node]) => [part, node.build()] as const);
    return {
      ...(statics.length === 0 ? {} : { statics: Object.fromEntries(statics) }),
      ...(this.#param === undefined ? {} : { param: { name: this.#param.name, node: this.#param.node.build() } }),
      ...(this.#greedy === undefined ? {} : { greedy: { name: this.#greedy.name, node: this.#greedy.node.build() } }),
      ...(this.methods.size === 0 ? {} : { methods: Object.fromEntries(this.methods) }),
    };
  }
}

const byKey = (left: readonly [string, unknown], right: readonly [string, unknown]): number =>
  left[0] < right[0] ? -1 : 1;
