import { bounds } from "../../base/bounds.ts";
import { TemplateList, TemplateMap, type TemplateValue } from "../java/values.ts";
import {
  type Evaluation,
  JsonPathFailure,
  notFound,
  OutOfBounds,
  PathMismatch,
  type Test,
  type Visit,
} from "./evaluation.ts";
import { linkCondition } from "./link-filter.ts";
import type { LinkedPath, LinkOptions } from "./linked-path.ts";
import { linkFunction } from "./path-functions.ts";
import { type Condition, InvalidPath, type Path, type PathToken } from "./path-syntax.ts";

const nestingMax = bounds.jsonPathEvaluationNestingMax.value;

export function linkPath(path: Path, { isEachRequired, nesting }: Omit<LinkOptions, "linkPath">): LinkedPath {
  if (nesting > nestingMax) throw new InvalidPath(`Paths nested more than ${nestingMax} deep`, 1);
  const tokens = functionFirst(path.tokens);
  const visit = linkTokens(tokens, { isEachRequired, nesting, linkPath });
  const isDefinite = tokens.every((_, index) => isTokenDefinite(tokens, index));
  return {
    path,
    isDefinite,
    evaluate(value, evaluation) {
      const found: TemplateValue[] = [];
      visit(value, found, evaluation);
      if (!isDefinite) return new TemplateList(found, "json");
      if (found.length === 0) throw notFound;
      return found[found.length - 1]!;
    },
  };
}

/** Jayway turns `$..a.sum()` into `$.sum($..a)`: a function works on one list, not on each value that a scan finds. */
function functionFirst(tokens: readonly PathToken[]): readonly PathToken[] {
  if (tokens[0]?.kind !== "scan" || tokens.at(-1)?.kind !== "function") return tokens;
  const at = tokens.findIndex((token) => token.kind === "function");
  const inner: Path = { root: "$", tokens: tokens.slice(0, at) };
  const first = tokens[at] as Extract<PathToken, { kind: "function" }>;
  return [{ ...first, parameters: [{ kind: "path", path: inner }] }, ...tokens.slice(at + 1)];
}

function isTokenDefinite(tokens: readonly PathToken[], index: number): boolean {
  const token = tokens[index]!;
  if (token.kind === "property") return token.names.length === 1 || index === tokens.length - 1;
  if (token.kind === "index") return token.indexes.length === 1;
  return token.kind === "function";
}

function linkTokens(tokens: readonly PathToken[], options: LinkOptions): Visit {
  let next: Visit = (value, found) => {
    found.push(value);
  };
  for (let index = tokens.length - 1; index >= 0; index--) {
    const isUpstreamDefinite = tokens.slice(0, index).every((_, upstream) => isTokenDefinite(tokens, upstream));
    const isLeaf = index === tokens.length - 1;
    const target = tokens[index + 1];
    const isTargetLeaf = index === tokens.length - 2;
    const isFunctionBehind = tokens.slice(index + 1).some((token) => token.kind === "function");
    const place = { isLeaf, isUpstreamDefinite, target, isTargetLeaf, isFunctionBehind };
    next = linkToken(tokens[index]!, next, { ...options, ...place });
  }
  return next;
}

interface TokenOptions extends LinkOptions {
  readonly isLeaf: boolean;
  readonly isUpstreamDefinite: boolean;
  /** The token that follows. */
  readonly target: PathToken | undefined;
  readonly isTargetLeaf: boolean;
  readonly isFunctionBehind: boolean;
}

function linkToken(token: PathToken, next: Visit, options: TokenOptions): Visit {
  switch (token.kind) {
    case "property":
      if (token.names.length === 1) return linkProperty(token.names[0]!, next, options, options.isUpstreamDefinite);
      return options.isLeaf ? linkMerge(token.names, options) : linkEach(token.names, next, options);
    case "index":
      return linkIndexes(token.indexes, itemVisit(next, options), options);
    case "slice":
      return linkSlice(token, itemVisit(next, options), options);
    case "wildcard":
      return linkWildcard(next, options);
    case "filter":
      return linkFilter(token, next, options);
    case "scan":
      return linkScan(next, options);
    case "function":
      return linkFunction(token, next, options);
  }
}

/** Jayway quirk: an index that `first()` or `index()` behind an array's item doesn't find is taken for that item's own. */
function itemVisit(next: Visit, { isFunctionBehind }: TokenOptions): Visit {
  if (!isFunctionBehind) return next;
  return (item, found, evaluation) => {
    try {
      next(item, found, evaluation);
    } catch (error) {
      if (!(error instanceof OutOfBounds)) throw error;
    }
  };
}

function linkProperty(name: string, next: Visit, options: TokenOptions, isDefinite: boolean): Visit {
  const { isLeaf, isEachRequired, isUpstreamDefinite } = options;
  const isMissingFailure = isLeaf ? isEachRequired : isDefinite || isEachRequired;
  return (value, found, evaluation) => {
    if (!(value instanceof TemplateMap)) {
      if (isUpstreamDefinite) throw notFound;
      return;
    }
    evaluation.step(1);
    const member = value.get(name);
    if (member !== undefined) next(member, found, evaluation);
    else if (isMissingFailure) throw notFound;
  };
}

/** Links `['a','b']` at the end of a path, which finds an object of those members. */
function linkMerge(names: readonly string[], { isUpstreamDefinite, isEachRequired }: TokenOptions): Visit {
  return (value, found, evaluation) => {
    if (!(value instanceof TemplateMap)) {
      if (isUpstreamDefinite) throw notFound;
      return;
    }
    evaluation.step(names.length << 2);
    const merged = new TemplateMap();
    for (const name of names) {
      const member = value.get(name);
      if (member !== undefined) merged.set(name, member);
      else if (isEachRequired) throw notFound;
    }
    found.push(merged);
  };
}

/** `['a','b'].c` */
function linkEach(names: readonly string[], next: Visit, options: TokenOptions): Visit {
  const visits = names.map((name) => linkProperty(name, next, options, false));
  return (value, found, evaluation) => {
    for (const visit of visits) visit(value, found, evaluation);
  };
}

/** Returns the items of an array; undefined if there is no array and that is not a failure. */
function itemsOf(value: TemplateValue, isUpstreamDefinite: boolean): TemplateValue[] | undefined {
  if (value instanceof TemplateList) return value.items;
  if (isUpstreamDefinite) throw notFound;
  return undefined;
}

function linkIndexes(indexes: readonly number[], next: Visit, { isUpstreamDefinite }: TokenOptions): Visit {
  return (value, found, evaluation) => {
    const items = itemsOf(value, isUpstreamDefinite);
    if (items === undefined) return;
    evaluation.step(indexes.length);
    for (const index of indexes) {
      const item = items[index < 0 ? items.length + index : index];
      if (item !== undefined) next(item, found, evaluation);
    }
  };
}

type Slice = Extract<PathToken, { kind: "slice" }>;

function linkSlice({ from, to }: Slice, next: Visit, { isUpstreamDefinite }: TokenOptions): Visit {
  return (value, found, evaluation) => {
    const items = itemsOf(value, isUpstreamDefinite);
    if (items === undefined) return;
    const { length } = items;
    let start = from ?? 0;
    let end = to ?? length;
    // Jayway quirk: if both ends are given, a negative one does not count from the end; nothing stands before the first
    // item.
    if (to === undefined && start < 0) start = Math.max(0, length + start);
    if (from === undefined && end < 0) end = length + end;
    end = Math.min(length, end);
    for (let index = start; index < end; index++) {
      evaluation.step(1);
      // Jayway then counts such an index from the end, one item at a time.
      const item = items[index < 0 ? length + index : index];
      if (item !== undefined) next(item, found, evaluation);
    }
  };
}

function linkWildcard(next: Visit, options: TokenOptions): Visit {
  const { isEachRequired } = options;
  const visitItem = itemVisit(next, options);
  return (value, found, evaluation) => {
    if (value instanceof TemplateMap) {
      evaluation.step(value.size);
      for (const member of value.values()) next(member, found, evaluation);
    } else if (value instanceof TemplateList) {
      evaluation.step(value.items.length);
      for (const item of value.items) {
        try {
          visitItem(item, found, evaluation);
        } catch (error) {
          if (error !== notFound || isEachRequired) throw error;
        }
      }
    }
  };
}

type Filter = Extract<PathToken, { kind: "filter" }>;

function linkAccepts(condition: Condition, options: LinkOptions): Test {
  const { isEachRequired, nesting, linkPath } = options;
  const test = linkCondition(condition, { isEachRequired, nesting: nesting + 1, linkPath });
  return (item, evaluation) => {
    evaluation.step(1);
    try {
      return test(item, evaluation);
    } catch (error) {
      if (error instanceof PathMismatch) return false;
      throw error;
    }
  };
}

function linkFilter({ condition }: Filter, next: Visit, options: TokenOptions): Visit {
  const { isUpstreamDefinite } = options;
  const accepts = linkAccepts(condition, options);
  const visitItem = itemVisit(next, options);
  return (value, found, evaluation) => {
    if (value instanceof TemplateMap) {
      if (accepts(value, evaluation)) next(value, found, evaluation);
    } else if (value instanceof TemplateList) {
      for (const item of value.items) if (accepts(item, evaluation)) visitItem(item, found, evaluation);
    } else if (isUpstreamDefinite) throw new PathMismatch("Filter can not be applied to primitives");
  };
}

/**
 * Links `..`: the next token is tried on each object, or each array, below. A list's items are visited through that
 * token, as Jayway 2.4 meant it; in 2.9 the result of `$..[*].name` depends on what the path was used on before.
 */
function linkScan(next: Visit, options: TokenOptions): Visit {
  const { target } = options;
  if (target === undefined) {
    return () => {
      throw new JsonPathFailure("Current path token is a leaf");
    };
  }
  const canVisit = scanTest(target, options);
  const walk = (value: TemplateValue, found: TemplateValue[], evaluation: Evaluation, level: number): void => {
    const isMap = value instanceof TemplateMap;
    if (!isMap && !(value instanceof TemplateList)) return;
    if (level > bounds.jsonDepthMax.value) throw new JsonPathFailure("A value is nested too deep");
    if (canVisit(value, evaluation)) next(value, found, evaluation);
    evaluation.step(isMap ? value.size : value.items.length);
    for (const child of isMap ? value.values() : value.items) {
      if (typeof child === "object") walk(child, found, evaluation, level + 1);
    }
  };
  return (value, found, evaluation) => walk(value, found, evaluation, 0);
}

/** Returns the test for the objects and arrays of a scan on which the next token is tried. */
function scanTest(target: PathToken, options: TokenOptions): Test {
  switch (target.kind) {
    case "property": {
      const { names } = target;
      if (names.length > 1 && !options.isTargetLeaf) return (value) => value instanceof TemplateMap;
      return (value) => value instanceof TemplateMap && names.every((name) => value.has(name));
    }
    case "index":
    case "slice":
      return (value) => value instanceof TemplateList;
    case "wildcard":
      return () => true;
    case "filter": {
      if (!options.isTargetLeaf) return (value) => value instanceof TemplateMap;
      // Jayway quirk: the filter is also tried on a list. If the list passes, its items are found here, and the objects
      // among them once more when the scan reaches them.
      const accepts = linkAccepts(target.condition, options);
      return (value, evaluation) => value instanceof TemplateMap || accepts(value, evaluation);
    }
    default:
      return () => false;
  }
}
