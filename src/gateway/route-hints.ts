import { bounds } from "../base/bounds.ts";
import { editDistance } from "../base/edit-distance.ts";
import { hasHints } from "../http/request-client.ts";
import { type RouteNode, type StagePlan, stageKey } from "../plan/plan.ts";
import { RouteTree } from "../plan/route-tree.ts";
import type { Exchange } from "./exchange.ts";
import { type RouteOrder, Router } from "./routing/match.ts";

/** The members of a plan with a route tree that hints use. */
interface RoutedStage extends StagePlan {
  readonly routes: RouteNode;
}

/**
 * A stage's hints about requests that match no route. They are made when somebody first sees one, and again when the
 * set of undeployed routes changes.
 */
export class StageHints {
  readonly #manner: HintManner;
  readonly #stage: RoutedStage;
  readonly #key: string;
  readonly #undeployed: ReadonlyMap<string, readonly string[]>;
  #made: { readonly hints: RouteHints; readonly undeployed: readonly string[] } | undefined;

  constructor(stage: RoutedStage, undeployed: ReadonlyMap<string, readonly string[]>, manner: HintManner) {
    this.#manner = manner;
    this.#stage = stage;
    this.#key = stageKey(stage.apiId, stage.stageName);
    this.#undeployed = undeployed;
  }

  /** Returns why no route matched, or undefined if nobody would see it, and records it in the trace. */
  describe({ request, trace, httpMethod, path }: Exchange): string | undefined {
    if (!hasHints(request) && trace === undefined) return undefined;
    const undeployed = this.#undeployed.get(this.#key) ?? none;
    if (this.#made?.undeployed !== undeployed) {
      this.#made = { hints: makeRouteHints(this.#stage, undeployed, this.#manner), undeployed };
    }
    const hint = this.#made.hints.describe(httpMethod, path);
    trace?.add({ kind: "refused", reason: hint });
    return hint;
  }
}

const none: readonly string[] = [];

/** A shell would take the name `$default` for a variable. */
const forShell = (stageName: string): string => (stageName.startsWith("$") ? `'${stageName}'` : stageName);

/** An HTTP API's route that takes what no other does. It has no path. */
const defaultRouteKey = "$default";

/** What a kind of API's hints differ in. */
interface HintManner {
  readonly order: RouteOrder;
  /** Returns the node of a route's path. */
  readonly nodeOf: (root: RouteTree, path: string) => RouteTree;
  /** The command that deploys an API, up to its id. */
  readonly deploy: string;
  /** Says what lets pages of other origins call a path that has no OPTIONS, to be put behind the hint. */
  readonly preflight: (stage: StagePlan) => string;
}

export const restHints: HintManner = {
  order: "by-segment",
  nodeOf: (root, path) => root.at(path),
  deploy: "apigateway create-deployment --rest-api-id",
  preflight: ({ apiId, stageName }) => `. For browsers: portico cors ${apiId} --deploy ${stageName}`,
};

export const httpApiHints: HintManner = {
  order: "exact-first",
  nodeOf: (root, path) => root.atExactly(path),
  deploy: "apigatewayv2 create-deployment --api-id",
  // The CORS step adds its own words.
  preflight: () => "",
};

interface RouteHints {
  describe(verb: string, path: string): string;
}

/** Makes the hints; `undeployed` are routes (`GET /pets`) that the definition has and the stage does not serve. */
function makeRouteHints(
  stage: RoutedStage,
  undeployed: readonly string[],
  { order, nodeOf, deploy, preflight }: HintManner,
): RouteHints {
  const router = new Router(stage.routes, order);
  const waiting = new Router(routesOf(undeployed, nodeOf), order);
  const paths = new Map<string, string[]>();
  for (const method of stage.methods.slice(0, bounds.hintRoutesMax.value)) {
    if (method.routeKey === defaultRouteKey) continue;
    const [verb, path] = splitRouteKey(method.routeKey);
    const verbs = paths.get(path);
    if (verbs === undefined) paths.set(path, [verb]);
    else verbs.push(verb);
  }
  return {
    describe(verb, path) {
      const isWaiting = waiting.match(path)?.methodFor(verb) !== undefined;
      if (isWaiting || undeployed.includes(defaultRouteKey)) {
        return (
          `${isWaiting ? `${verb} ${path}` : "the route $default"} exists in the definition but is not deployed: ` +
          `run aws ${deploy} ${stage.apiId} --stage-name ${forShell(stage.stageName)}`
        );
      }
      const match = router.match(path);
      if (match !== undefined) {
        const advice = verb === "OPTIONS" ? preflight(stage) : "";
        return `${path} has no ${verb}; it has ${match.verbs.join(", ")}${advice}`;
      }
      const near = nearest(path, [...paths.keys()]);
      if (near.length === 0)
        return `no route matches ${path}; the stage ${stage.stageName} has ${paths.size} ${paths.size === 1 ? "path" : "paths"}`;
      const named = near.map((each) => `${paths.get(each)!.join("|")} ${each}`);
      return `no route matches ${path}; the nearest are ${named.join(", ")}`;
    },
  };
}

/**
 * Returns up to three routes that look like the path, judged by how many of their segments are equal or nearly equal.
 */
function nearest(path: string, candidates: readonly string[]): string[] {
  const wanted = path.slice(0, 512).split("/").slice(1, 33);
  const scored: { path: string; score: number }[] = [];
  for (const candidate of candidates) {
    const score = similarity(wanted, candidate.split("/").slice(1));
    if (score > 0.4) scored.push({ path: candidate, score });
  }
  return scored
    .sort((left, right) => right.score - left.score)
    .slice(0, 3)
    .map((each) => each.path);
}

function similarity(wanted: readonly string[], route: readonly string[]): number {
  let sum = 0;
  const length = Math.max(wanted.length, route.length);
  for (let index = 0; index < Math.min(wanted.length, route.length); index++) {
    const segment = route[index]!;
    if (segment.startsWith("{")) sum += 0.6;
    else sum += segmentSimilarity(wanted[index]!, segment);
  }
  return sum / length;
}

/** Returns 1 for equal segments, nearly 1 for a typing mistake, and 0 for anything else. */
function segmentSimilarity(wanted: string, segment: string): number {
  if (wanted === segment) return 1;
  const left = wanted.toLowerCase();
  const right = segment.toLowerCase();
  if (left === right) return 0.95;
  const longest = Math.max(left.length, right.length);
  if (longest > 64) return 0;
  const similar = 1 - editDistance(left, right) / longest;
  return similar >= 0.5 ? similar * 0.9 : 0;
}

/** Makes a route tree of `VERB /path` texts. */
function routesOf(routes: readonly string[], nodeOf: HintManner["nodeOf"]): RouteNode {
  const root = new RouteTree();
  for (const route of routes.slice(0, bounds.hintRoutesMax.value)) {
    if (route === defaultRouteKey) continue;
    const [verb, path] = splitRouteKey(route);
    nodeOf(root, path).methods.set(verb, 0);
  }
  return root.build();
}

/** Splits `GET /pets` into verb and path. */
function splitRouteKey(routeKey: string): readonly [verb: string, path: string] {
  const space = routeKey.indexOf(" ");
  return [routeKey.slice(0, space), routeKey.slice(space + 1)];
}
