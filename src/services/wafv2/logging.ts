import type { WebAcl } from "../../waf/web-acl.ts";
import { findByArn, type WafDocument, wafKinds } from "./documents.ts";
import { invalidParameter, nonexistentItem } from "./errors.ts";
import { requireRegional } from "./items.ts";
import { operations, reading, writing } from "./waf-families.ts";

const { webAcl } = wafKinds;

/** AWS: AWS WAF Developer Guide, "Logging AWS WAF web ACL traffic": destinations have this in their names. */
const destination =
  /^arn:aws[a-z-]*:(?:logs:[^:]+:\d+:log-group:aws-waf-logs-|firehose:[^:]+:\d+:deliverystream\/aws-waf-logs-|s3:::aws-waf-logs-)/;

/**
 * Logs go to CloudWatch Logs, to a group of the account in the region. Another destination is stored, and `portico status`
 * names it as without effect.
 * AWS: WAFV2 API reference, "PutLoggingConfiguration".
 */
export const loggingOperations = operations({
  PutLoggingConfiguration: writing(async ({ tx, input }) => {
    const { LoggingConfiguration: logging } = input;
    const document = await findByArn<WebAcl>(tx, logging.ResourceArn, webAcl);
    if (document === undefined) throw nonexistentItem();
    const bad = logging.LogDestinationConfigs.find((arn) => !destination.test(arn));
    if (bad !== undefined) {
      const reason =
        "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.";
      throw invalidParameter("LOG_DESTINATION", bad, reason);
    }
    // AWS: WAFV2 API reference, "LoggingConfiguration": other parts can't be redacted, so none may seem to be.
    for (const field of logging.RedactedFields ?? []) {
      const [part = ""] = Object.keys(field).filter((name) => field[name as keyof typeof field] !== undefined);
      if (!["SingleHeader", "UriPath", "QueryString", "Method"].includes(part)) {
        throw invalidParameter("FIELD_TO_MATCH", part, "The field can't be redacted.");
      }
    }
    const stored = { ...logging, ManagedByFirewallManager: false };
    await tx.put(webAcl, document.item.Name, { ...document, logging: stored });
    return { LoggingConfiguration: stored };
  }),
  GetLoggingConfiguration: reading(async ({ tx, input }) => {
    const document = await findByArn<WebAcl>(tx, input.ResourceArn, webAcl);
    if (document?.logging === undefined) throw nonexistentItem();
    return { LoggingConfiguration: document.logging };
  }),
  DeleteLoggingConfiguration: writing(async ({ tx, input }) => {
    const document = await findByArn<WebAcl>(tx, input.ResourceArn, webAcl);
    if (document?.logging === undefined) throw nonexistentItem();
    const { logging: _, ...rest } = document;
    await tx.put(webAcl, document.item.Name, rest);
    return {};
  }),
  ListLoggingConfigurations: reading(async ({ tx, input }) => {
    requireRegional(input.Scope);
    const all = await tx.list<WafDocument<WebAcl>>(webAcl, {});
    return { LoggingConfigurations: all.flatMap(({ body }) => (body.logging === undefined ? [] : [body.logging])) };
  }),
});
