import { createHash } from "node:crypto";
import {
  findByArn,
  loggingOf,
  parseWafArn,
  readParts,
  type WafDocument,
  wafKinds,
} from "../../services/wafv2/documents.ts";
import { linkWebAcl } from "../../waf/link-web-acl.ts";
import { type GeoDatabase, NotEvaluable } from "../../waf/statement-type.ts";
import type { PublishedWebAcl, WebAcl } from "../../waf/web-acl.ts";
import type { PublicationSource } from "./publication-source.ts";

/**
 * Publishes the web ACLs that stages name, each with all sets and rule groups that it refers to. One that is gone, or that
 * can't be evaluated, is published as closed, so that its stages know why.
 */
export const makeWebAclSource = (geo: GeoDatabase | undefined): PublicationSource<"web-acl"> => ({
  extent: { kind: "named" },
  madeFrom: Object.values(wafKinds),
  isAwaited: true,
  failure: "A web ACL can't be read.",
  async read(tx, { key, scope }) {
    const parsed = parseWafArn(key);
    const source = { scope, kind: wafKinds.webAcl, id: parsed?.name ?? "" };
    const document = await findByArn<WebAcl>(tx, key, wafKinds.webAcl);
    if (document === undefined) return { sources: [source], make: () => ({ value: missing }) };
    const { item: webAcl } = document;
    const logging = loggingOf(document);
    const { parts, ids } = await readParts(tx, webAcl.Rules);
    return {
      sources: [source, ...ids.map(({ kind, id }) => ({ scope, kind, id }))],
      // A new tag makes no thread link anything again.
      fingerprint: createHash("sha256")
        .update(JSON.stringify([webAcl, parts, document.logging]))
        .digest("base64"),
      make: () => ({
        value: closedUnlessEvaluable(
          { kind: "web-acl", webAcl, parts, ...(logging === undefined ? {} : { logging }), ...unlogged(document) },
          geo,
        ),
      }),
    };
  },
  closed: (_, reason) => ({ kind: "closed", reason: `the web ACL can't be read: ${reason}` }),
});

/** Logs go to log groups of the web ACL's own account and region. */
const unlogged = (document: WafDocument<WebAcl>): { readonly withoutEffect?: readonly string[] } =>
  document.logging === undefined || loggingOf(document) !== undefined
    ? {}
    : { withoutEffect: [`web ACL logging to ${document.logging.LogDestinationConfigs[0]}`] };

const missing: PublishedWebAcl = { kind: "closed", reason: "the web ACL does not exist" };

function closedUnlessEvaluable(
  published: Extract<PublishedWebAcl, { kind: "web-acl" }>,
  geo: GeoDatabase | undefined,
): PublishedWebAcl {
  try {
    linkWebAcl(published.webAcl, { parts: published.parts, geo, rates: { count: () => 0 } });
    return published;
  } catch (error) {
    if (!(error instanceof NotEvaluable)) throw error;
    return { kind: "closed", reason: `the web ACL has ${error.message}` };
  }
}
