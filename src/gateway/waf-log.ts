import type { LogSink } from "../telemetry/log-sink.ts";
import { isSecretName, maskQuery } from "../telemetry/secrets.ts";
import type { WafVerdict } from "../waf/link-web-acl.ts";
import { isLogged, type WafLogging } from "../waf/logging.ts";
import type { WebAcl } from "../waf/web-acl.ts";
import type { Exchange } from "./exchange.ts";

export type WriteWafLog = (exchange: Exchange, verdict: WafVerdict) => void;

const redacted = "REDACTED";

/**
 * Links a web ACL's log: a line of JSON for each request that its filter keeps.
 * AWS: AWS WAF Developer Guide, "Log fields for web ACL traffic", "CloudWatch Logs": the stream's name.
 */
export function linkWafLog({ Name, ARN }: WebAcl, logging: WafLogging, logs: LogSink): WriteWafLog {
  const { account, region, group, redactedFields, filter } = logging;
  const writer = logs.open({ account, region, group, stream: `${region}_${Name}_0` });
  const hidden = new Set(redactedFields.flatMap(({ SingleHeader }) => SingleHeader?.Name.toLowerCase() ?? []));
  const hides = (part: "UriPath" | "QueryString" | "Method"): boolean =>
    redactedFields.some((field) => field[part] !== undefined);
  const [hidesPath, hidesQuery, hidesMethod] = [hides("UriPath"), hides("QueryString"), hides("Method")];
  return (exchange, verdict) => {
    const { matches, labels } = verdict;
    if (
      filter !== undefined &&
      !isLogged(
        filter,
        matches.map(({ action }) => action),
        labels,
      )
    )
      return;
    const { request, rawQuery, program, startedMs, requestId } = exchange;
    const { apiId, stageName } = program.plan;
    const counted = matches.filter(({ action }) => action === "COUNT");
    const line = {
      timestamp: startedMs,
      formatVersion: 1,
      webaclId: ARN,
      terminatingRuleId: verdict.rule,
      terminatingRuleType: verdict.ruleType,
      action: verdict.action,
      terminatingRuleMatchDetails: [],
      httpSourceName: "APIGW",
      httpSourceId: `${account}:${apiId}:${stageName}`,
      ruleGroupList:
        verdict.ruleWithinGroup === undefined
          ? []
          : [
              {
                ruleGroupId: verdict.rule,
                terminatingRule: { ruleId: verdict.ruleWithinGroup, action: verdict.action },
              },
            ],
      rateBasedRuleList: [],
      nonTerminatingMatchingRules: counted.map(({ rule }) => ({ ruleId: rule, action: "COUNT", ruleMatchDetails: [] })),
      requestHeadersInserted: verdict.insertedHeaders.length === 0 ? null : pairs(verdict.insertedHeaders),
      responseCodeSent: verdict.response?.status ?? null,
      httpRequest: {
        clientIp: exchange.caller.sourceAddress,
        country: "-",
        headers: request.headerNames.map((name, index) => ({
          name: request.rawHeaders[2 * index]!,
          // AWS leaves secrets to the user's redacted fields.
          value: hidden.has(name) || isSecretName(name) ? redacted : request.rawHeaders[2 * index + 1]!,
        })),
        uri: hidesPath ? redacted : exchange.fullPath,
        args: hidesQuery ? redacted : maskQuery(rawQuery, redacted),
        httpVersion: `HTTP/${request.httpVersion}`,
        httpMethod: hidesMethod ? redacted : request.method,
        requestId,
      },
      ...(labels.length === 0 ? {} : { labels: labels.map((name) => ({ name })) }),
    };
    writer.write(JSON.stringify(line), startedMs);
  };
}

const pairs = (list: readonly string[]): object[] =>
  list.flatMap((name, index) => (index % 2 === 0 ? [{ name, value: list[index + 1] }] : []));
