import { type InspectedRequest, InspectionTooLong } from "../waf/evaluation.ts";
import type { BlockResponse, LinkedWebAcl, WafVerdict } from "../waf/link-web-acl.ts";
import type { Exchange } from "./exchange.ts";
import { receiveBody } from "./integrations/request-body.ts";
import { RequestWithHeaders } from "./request-with-headers.ts";
import { addHint } from "./responses/failure.ts";
import { refuse } from "./steps/closed.ts";
import type { ThreadContext } from "./thread-context.ts";
import type { WebAclCell } from "./web-acls.ts";

/** Lets a request into its stage, by calling `goOn`, or answers it. */
export type StageGate = (exchange: Exchange, goOn: () => void) => void;

/**
 * Links the web ACL of a stage: it is asked before anything else, so that a blocked request learns nothing of the API.
 * What can't be asked lets nothing pass.
 * AWS: API Gateway Developer Guide, "Use AWS WAF to protect your REST APIs in API Gateway".
 */
export function linkWebAclGate(arn: string, thread: ThreadContext): StageGate {
  const cell = thread.webAcls.cell(arn);
  return (exchange, goOn) => {
    const { acl } = cell;
    if (acl === undefined) refuseClosed(exchange, arn, cell);
    else if (acl.readsBody && exchange.request.hasBody) {
      receiveBody(exchange, thread, (body) => decide(exchange, acl, body, { thread, cell, goOn }));
    } else decide(exchange, acl, empty, { thread, cell, goOn });
  };
}

const empty = Buffer.alloc(0);

function refuseClosed(exchange: Exchange, arn: string, { reason }: WebAclCell): void {
  exchange.waf = { arn, action: undefined, status: 501, latencyMs: 0, error: reason };
  refuse(
    exchange,
    `Portico can't ask this stage's web ACL: ${reason}. The stage is closed rather than left unguarded.`,
  );
}

interface Continuation {
  readonly thread: ThreadContext;
  readonly cell: WebAclCell;
  readonly goOn: () => void;
}

function decide(exchange: Exchange, acl: LinkedWebAcl, body: Buffer, { thread, cell, goOn }: Continuation): void {
  const startedAt = performance.now();
  const verdict = evaluate(acl, inspected(exchange, body), exchange.startedMs);
  const latencyMs = performance.now() - startedAt;
  const { arn } = acl;
  const { metrics, webAcls } = thread;
  if (verdict === undefined) {
    metrics.add("wafBlocked");
    exchange.waf = { arn, action: "BLOCK", status: 403, latencyMs, error: tooLong };
    finishBlocked(exchange, tooLong);
    return;
  }
  const { action, response } = verdict;
  const status = action === "ALLOW" ? 200 : (response?.status ?? 403);
  exchange.waf = { arn, action, status, latencyMs, error: undefined };
  exchange.trace?.add({ kind: "web-acl", action, rule: ruleOf(verdict), labels: verdict.labels });
  for (const match of verdict.matches) if (match.action === "COUNT") metrics.add("wafCounted");
  webAcls.samples.add(exchange, arn, verdict);
  cell.log?.(exchange, verdict);
  if (action === "ALLOW") {
    metrics.add("wafAllowed");
    if (verdict.insertedHeaders.length > 0) {
      exchange.request = new RequestWithHeaders(exchange.request, verdict.insertedHeaders);
    }
    goOn();
    return;
  }
  metrics.add("wafBlocked");
  const hint = `the web ACL's rule ${ruleOf(verdict)} blocks the request`;
  if (response === undefined) finishBlocked(exchange, hint);
  else respondCustom(exchange, response, hint);
}

const tooLong = "the web ACL's inspection of the request takes too long";

/** Returns undefined if the request asks for too much work. */
function evaluate(acl: LinkedWebAcl, request: InspectedRequest, nowMs: number): WafVerdict | undefined {
  try {
    return acl.evaluate(request, nowMs);
  } catch (error) {
    if (error instanceof InspectionTooLong) return undefined;
    throw error;
  }
}

const ruleOf = ({ rule, ruleWithinGroup }: WafVerdict): string =>
  ruleWithinGroup === undefined ? rule : `${rule} (${ruleWithinGroup})`;

const inspected = (exchange: Exchange, body: Buffer): InspectedRequest => ({
  // The verb as it was sent: X-HTTP-Method-Override is a header like any other to the web ACL.
  method: exchange.request.method,
  path: exchange.fullPath,
  query: exchange.rawQuery,
  rawHeaders: exchange.request.rawHeaders,
  headerNames: exchange.request.headerNames,
  sourceAddress: exchange.request.client.address,
  body,
});

const finishBlocked = (exchange: Exchange, hint: string): void => {
  exchange.program.responses.finish(exchange, "WAF_FILTERED", { hint });
};

/** AWS: a custom response takes the place of the gateway response. */
function respondCustom(exchange: Exchange, { status, headers, body }: BlockResponse, hint: string): void {
  const all = [...headers];
  addHint(exchange.request, all, hint);
  exchange.respond(status, all, body);
}
