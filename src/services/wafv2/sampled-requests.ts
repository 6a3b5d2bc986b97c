import type { WafSample } from "../../waf/samples.ts";
import type { WebAcl } from "../../waf/web-acl.ts";
import { findByArn, wafKinds } from "./documents.ts";
import { invalidParameter, nonexistentItem } from "./errors.ts";
import { requireRegional } from "./items.ts";
import { operations, spanning } from "./waf-families.ts";

/** AWS: WAFV2 API reference, "GetSampledRequests": the window lies within the last three hours. */
const windowSeconds = 3 * 60 * 60;

/** Returns the pairs of names and values. */
const headersOf = (list: readonly string[]): object[] =>
  list.flatMap((Name, index) => (index % 2 === 0 ? [{ Name, Value: list[index + 1] }] : []));

const shown = (sample: WafSample): object => ({
  Request: {
    ClientIP: sample.clientAddress,
    URI: sample.uri,
    Method: sample.method,
    HTTPVersion: sample.httpVersion,
    Headers: headersOf(sample.headers),
  },
  Weight: 1,
  Timestamp: sample.atMs / 1000,
  Action: sample.action,
  ...(sample.ruleWithinGroup === undefined ? {} : { RuleNameWithinRuleGroup: sample.ruleWithinGroup }),
  ...(sample.insertedHeaders.length === 0 ? {} : { RequestHeadersInserted: headersOf(sample.insertedHeaders) }),
  ...(sample.responseCode === undefined ? {} : { ResponseCodeSent: sample.responseCode }),
  ...(sample.labels.length === 0 ? {} : { Labels: sample.labels.map((Name) => ({ Name })) }),
});

/** The samples are where the requests were: in the gateway threads, which forget them when they end. */
export const sampleOperations = operations({
  GetSampledRequests: spanning(async ({ input, call, read, samples }) => {
    requireRegional(input.Scope);
    const { StartTime, EndTime } = input.TimeWindow;
    if (StartTime > EndTime) throw invalidParameter("ENTITY_LIMIT", "TimeWindow", "The time window is not valid.");
    const webAcl = await read(({ tx }) => findByArn<WebAcl>(tx, input.WebAclArn, wafKinds.webAcl));
    if (webAcl === undefined) throw nonexistentItem();
    const now = call.clock.now() / 1000;
    const from = Math.max(StartTime, now - windowSeconds);
    const found = await samples({ arn: input.WebAclArn, metric: input.RuleMetricName });
    const inWindow = found.samples
      .filter(({ atMs }) => atMs / 1000 >= from && atMs / 1000 <= EndTime)
      .sort((left, right) => right.atMs - left.atMs);
    return {
      SampledRequests: inWindow.slice(0, input.MaxItems).map(shown),
      PopulationSize: found.matched,
      TimeWindow: { StartTime: Math.min(from, EndTime), EndTime },
    };
  }),
});
