/**
 * The rules that make a routing rule of a domain name valid. A check returns undefined, or a message.
 * AWS: API Gateway Developer Guide, "Routing rules to connect API stages to a custom domain name for REST APIs".
 */
import { bounds } from "../base/bounds.ts";
import { checkApiMappingKey, type RoutingCondition, type RoutingRule } from "./domain-name.ts";

const valuesMax = bounds.routingValuesMax.value;
const headerLengthMax = bounds.routingHeaderCharsMax.value;
const globLengthMax = bounds.routingGlobCharsMax.value;
/** AWS: at most two conditions of headers, and one of base paths. */
const headerConditions = 2;
const basePathConditions = 1;

// Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
export function checkRoutingRule({
  Conditions: conditions,
  Actions: actions,
}: {
  readonly Conditions: readonly RoutingCondition[];
  readonly Actions: readonly unknown[];
}): string | undefined {
  if (actions.length !== 1) return "A routing rule must have exactly one action";
  const headers = conditions.filter(({ MatchHeaders }) => MatchHeaders !== undefined);
  const paths = conditions.filter(({ MatchBasePaths }) => MatchBasePaths !== undefined);
  if (headers.length + paths.length !== conditions.length || headers.some((each) => paths.includes(each))) {
    return "Each condition must have either MatchHeaders or MatchBasePaths";
  }
  if (headers.length > headerConditions || paths.length > basePathConditions) {
    return `A routing rule has at most ${headerConditions} MatchHeaders and ${basePathConditions} MatchBasePaths conditions`;
  }
  for (const condition of conditions) {
    const problem = checkCondition(condition);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkCondition({ MatchHeaders, MatchBasePaths }: RoutingCondition): string | undefined {
  const values = MatchHeaders?.AnyOf ?? MatchBasePaths?.AnyOf ?? [];
  if (values.length === 0 || values.length > valuesMax) return `A condition must have 1 to ${valuesMax} values`;
  for (const { Header, ValueGlob } of MatchHeaders?.AnyOf ?? []) {
    if (Header.length > headerLengthMax || !isOfHeaders.test(Header)) {
      return "Invalid header name specified in a condition";
    }
    if (!isGlob(ValueGlob)) {
      return `Invalid value specified for header ${Header}: 1 to ${globLengthMax} of a-z, A-Z, 0-9 and ?-!#$%&'.^_\`|~, with * at its ends only`;
    }
  }
  return MatchBasePaths?.AnyOf.every((path) => path !== "" && checkApiMappingKey(path) === undefined) === false
    ? "Invalid base path specified in a condition"
    : undefined;
}

/** AWS: version 2 API reference, "RoutingRuleMatchHeaderValue": the characters that names of headers and globs may have. */
const isOfHeaders = /^[a-zA-Z0-9*?!#$%&'.^_`|~-]+$/;

/** AWS: prefix, suffix, contains, or the whole value. */
const isGlob = (glob: string): boolean =>
  glob.length <= globLengthMax && isOfHeaders.test(glob) && /^\*?[^*]*\*?$/.test(glob) && glob !== "**";

/** Returns the least rule by priority; all have different ones. */
export const byPriority = (one: RoutingRule, other: RoutingRule): number => one.Priority - other.Priority;
