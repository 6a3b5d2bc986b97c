import type { InboundRequest } from "../../http/inbound.ts";
import type { ApiMappingPlan, CustomDomainPlan, RoutingRulePlan } from "../../plan/custom-domain.ts";

/** How a request came to its stage by a custom domain name. */
export interface CustomDomainEntry {
  /** The key of the mapping, or the base path of the rule, that matched. */
  readonly basePathMatched: string | undefined;
  /** The start of the path that is no part of the path below the stage: empty, or `/` and segments. */
  readonly removed: string;
}

/** The stage that a domain name's rules and mappings lead to. */
interface DomainTarget {
  readonly apiId: string;
  /** `{apiId}/{stage}` */
  readonly key: string;
  /** The path below the stage: empty or with a leading slash. */
  readonly path: string;
  readonly entry: CustomDomainEntry;
}

/** A domain name after linking. */
export interface CustomDomain {
  readonly name: string;
  readonly plan: CustomDomainPlan;
  /** Returns where a path leads, or undefined if no rule and no mapping takes it. */
  enter(path: string, request: Pick<InboundRequest, "header">): DomainTarget | undefined;
}

/** The custom domain names that a gateway thread knows. */
export class CustomDomains {
  readonly #byName = new Map<string, CustomDomain>();

  /** Takes in a domain name, or that it is gone. */
  set(name: string, plan: CustomDomainPlan | null): void {
    if (plan === null) this.#byName.delete(name);
    else this.#byName.set(name, linkDomain(name, plan));
  }

  /**
   * Finds the domain name of a host, which may have a port: itself, or else the wildcard for its first label.
   * AWS: API Gateway Developer Guide, "Custom domain names for HTTP APIs in API Gateway", wildcard custom domain names.
   */
  find(host: string): CustomDomain | undefined {
    if (this.#byName.size === 0) return undefined;
    const colon = host.indexOf(":");
    const name = colon < 0 ? host : host.slice(0, colon);
    const dot = name.indexOf(".");
    return this.#byName.get(name) ?? (dot < 1 ? undefined : this.#byName.get(`*${name.slice(dot)}`));
  }
}

type Enter = (path: string, request: Pick<InboundRequest, "header">) => DomainTarget | undefined;

/** AWS: API Gateway Developer Guide, "Routing rules to connect API stages to a custom domain name for REST APIs". */
function linkDomain(name: string, plan: CustomDomainPlan): CustomDomain {
  const ways = [...plan.rules.map(linkRule), linkMappings(plan.mappings)];
  return {
    name,
    plan,
    enter(path, request) {
      for (const enter of ways) {
        const target = enter(path, request);
        if (target !== undefined) return target;
      }
      return undefined;
    },
  };
}

function linkRule({ headers, basePaths, apiId, stageName, stripsBasePath }: RoutingRulePlan): Enter {
  const key = `${apiId}/${stageName}`;
  const conditions = headers.map((list) => list.map(({ name, glob }) => ({ name, matches: linkGlob(glob) })));
  const isMet = (request: Pick<InboundRequest, "header">): boolean =>
    conditions.every((list) =>
      list.some(({ name, matches }) => {
        const value = request.header(name);
        return value !== undefined && matches(value);
      }),
    );
  return (path, request) => {
    const basePath = basePaths?.find((each) => begins(path, each));
    if ((basePaths !== undefined && basePath === undefined) || !isMet(request)) return undefined;
    const removed = stripsBasePath && basePath !== undefined ? `/${basePath}` : "";
    return { apiId, key, path: path.slice(removed.length), entry: { basePathMatched: basePath, removed } };
  };
}

/** The cost does not grow with the number of mappings: the path's starts are looked up, the longest first. */
function linkMappings(mappings: readonly ApiMappingPlan[]): Enter {
  const byKey = new Map(mappings.map((mapping) => [mapping.key, linkMapping(mapping)]));
  const depthMax = mappings.reduce((depth, { key }) => Math.max(depth, key.split("/").length), 0);
  return (path, request) => {
    // The ends of the path's first segments, as many as a key may have.
    const ends: number[] = [];
    for (let end = 0; end < path.length && ends.length < depthMax; ) {
      const slash = path.indexOf("/", end + 1);
      end = slash < 0 ? path.length : slash;
      ends.push(end);
    }
    for (let index = ends.length - 1; index >= 0; index--) {
      const enter = byKey.get(path.slice(1, ends[index]));
      if (enter !== undefined) return enter(path, request);
    }
    return byKey.get("")?.(path, request);
  };
}

function linkMapping({ key, apiId, stageName }: ApiMappingPlan): Enter {
  const start = key === "" ? "" : `/${key}`;
  const stageKey = `${apiId}/${stageName}`;
  const basePathMatched = key === "" ? undefined : key;
  return (path) => {
    if (stageName !== undefined) {
      return { apiId, key: stageKey, path: path.slice(start.length), entry: { basePathMatched, removed: start } };
    }
    const slash = path.indexOf("/", start.length + 1);
    const end = slash < 0 ? path.length : slash;
    const named = path.slice(start.length + 1, end);
    const entry = { basePathMatched, removed: path.slice(0, end) };
    return { apiId, key: `${apiId}/${named}`, path: path.slice(end), entry };
  };
}

/** Returns whether a path begins with whole segments. */
function begins(path: string, segments: string): boolean {
  if (!path.startsWith(segments, 1)) return false;
  const next = path[segments.length + 1];
  return next === undefined || next === "/";
}

/** Links a glob with stars at its ends: the whole value, a prefix, a suffix, or a part. */
function linkGlob(glob: string): (value: string) => boolean {
  if (glob === "*") return () => true;
  const isOpen = glob.startsWith("*");
  const text = glob.slice(isOpen ? 1 : 0, glob.endsWith("*") ? -1 : undefined);
  if (isOpen) return glob.endsWith("*") ? (value) => value.includes(text) : (value) => value.endsWith(text);
  return glob.endsWith("*") ? (value) => value.startsWith(text) : (value) => value === text;
}
