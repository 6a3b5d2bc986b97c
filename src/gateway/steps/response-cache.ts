import { bounds } from "../../base/bounds.ts";
import { stageKey } from "../../plan/plan.ts";
import type { CacheRulePlan, ResponseCachePlan } from "../../plan/steps.ts";
import type { CachedAnswer, CacheStore } from "../../response-cache/cache-store.ts";
import { asksForNewAnswer, linkMayInvalidate } from "../cache-invalidation.ts";
import { linkCacheKey } from "../cache-key.ts";
import type { Exchange } from "../exchange.ts";
import { headerList, lastHeader } from "../header-list.ts";
import { connectionOptions } from "../integrations/backend-request.ts";
import type { LinkContext } from "../link-context.ts";
import type { RunStep } from "../program.ts";
import { acceptsCoding } from "../responses/content-coding.ts";
import { RecordedAnswer } from "../responses/recorded-answer.ts";
import { findInBody, linkBodyPaths, readsBody } from "../values.ts";
import { linkVarying, type ReadVarying } from "../varying-headers.ts";
import { withPayload } from "./request-template.ts";

/**
 * The header of an answer that was not made anew, although the client wished it.
 * Unconfirmed: see docs/compatibility.md, "response cache, invalidation".
 */
const ignoredWarning = ["Warning", "199 Cache-control headers were ignored because the caller was unauthorized."];

const accept: readonly string[] = ["accept"];
const nothing: readonly string[] = [];
const doNothing = (): void => undefined;

/** A request whose answer may be cached. */
interface Lookup {
  readonly store: CacheStore;
  readonly key: string;
  readonly rule: CacheRulePlan;
  /** The headers that this client's answer gets, wherever it comes from. */
  readonly added: readonly string[];
}

/**
 * Links the lookup. A hit answers: no step behind it runs. A miss has the integration's answer recorded on its way out, as
 * the client gets it before it is compressed: with response mappings and templates done.
 * AWS: API Gateway Developer Guide, "Cache settings for REST APIs in API Gateway".
 */
export function linkResponseCache(plan: ResponseCachePlan, context: LinkContext): RunStep {
  const { stage, thread } = context;
  const { clock, responseCaches } = thread;
  const { fillWaitMs, room } = responseCaches;
  const cell = responseCaches.cell(stageKey(stage.apiId, stage.stageName));
  const rules = new Map(Object.entries(plan.verbs));
  const writeKey = linkCacheKey(plan, context.method.resourcePath);
  const mayInvalidate = linkMayInvalidate(context);
  const variesBy = plan.variesByAccept === true ? accept : nothing;
  const readVarying = linkVarying(plan.mappedHeaders ?? []);
  const needsBody = readsBody(plan.key);

  /** Answers from the cache; false if it does not have the answer. */
  const isServed = (exchange: Exchange, { store, key, added }: Lookup): boolean => {
    const answer = store.find(key, clock.now());
    if (answer === undefined || !isFor(exchange, answer, readVarying)) return false;
    exchange.cacheResult = "hit";
    exchange.trace?.add({ kind: "response-cache", outcome: "hit" });
    const headers = answer.headers as string[];
    if (answer.isTraced) headers.push("X-Amzn-Trace-Id", `Root=${exchange.traceId}`);
    headers.push(...added);
    exchange.respond(answer.status, headers, answer.body);
    return true;
  };

  const record = (exchange: Exchange, { store, key, rule, added }: Lookup, release: () => void): void => {
    exchange.answer = new RecordedAnswer(exchange, {
      bytesMax: bounds.cachedAnswerBytesMax.value,
      room,
      variesBy,
      readVarying,
      added,
      keep: (answer) => {
        const options = { nowMs: clock.now(), ttlMs: rule.ttlSeconds * 1_000, isEncrypted: rule.isEncrypted };
        store.store(key, answer, options);
      },
      release,
    });
  };

  /** Fills the entry, or waits for another request that fills it. */
  const fill = (exchange: Exchange, lookup: Lookup): boolean => {
    exchange.cacheResult = "miss";
    exchange.trace?.add({ kind: "response-cache", outcome: "miss" });
    if (fillWaitMs === 0) {
      record(exchange, lookup, doNothing);
      return true;
    }
    const claim = lookup.store.claim(lookup.key, fillWaitMs);
    if (typeof claim === "function") {
      record(exchange, lookup, claim);
      return true;
    }
    exchange.wait(claim, () => {
      if (isServed(exchange, lookup)) return;
      record(exchange, lookup, doNothing);
      exchange.run();
    });
    return false;
  };

  const look = (exchange: Exchange, store: CacheStore, rule: CacheRulePlan): boolean => {
    const key = writeKey(exchange);
    if (key === undefined) return true;
    if (!asksForNewAnswer(exchange)) {
      const lookup = { store, key, rule, added: nothing };
      return isServed(exchange, lookup) ? false : fill(exchange, lookup);
    }
    if (rule.invalidation === "ANYBODY" || mayInvalidate(exchange)) {
      exchange.cacheResult = "miss";
      exchange.trace?.add({ kind: "response-cache", outcome: "renewed" });
      record(exchange, { store, key, rule, added: nothing }, doNothing);
      return true;
    }
    if (rule.invalidation === "FAIL_WITH_403") return refuse(exchange);
    const isWarned = rule.invalidation === "SUCCEED_WITH_RESPONSE_HEADER";
    const lookup = { store, key, rule, added: isWarned ? ignoredWarning : nothing };
    return isServed(exchange, lookup) ? false : fill(exchange, lookup);
  };

  const pathsInBody = linkBodyPaths(plan.key.map(({ value }) => value));
  return (exchange) => {
    const { store } = cell;
    const rule = rules.get(exchange.httpMethod);
    // AWS: TestInvokeMethod skips what a stage has.
    if (store === undefined || rule === undefined || exchange.isTest) return true;
    const { request } = exchange;
    // A body is no part of the key. That of GET means nothing (RFC 9110 §9.3.1), but a backend may read it, so somebody could
    // have an answer stored that others don't ask for. An answer to HEAD has no body.
    if (request.method === "HEAD" || (request.hasBody && exchange.httpMethod === "GET" && !needsBody)) return true;
    // The backend does not get the headers that `Connection` names, so the answer could be that of another key.
    if (namesHeaders(connectionOptions(request.header("connection")))) return true;
    if (!needsBody) return look(exchange, store, rule);
    withPayload(exchange, { thread, conversion: "none" }, () => {
      findInBody(exchange, { payload: exchange.requestPayload, paths: pathsInBody, runJob: thread.runJob }, () => {
        if (look(exchange, store, rule)) exchange.run();
      });
    });
    return false;
  };
}

/**
 * RFC 9111 §4.1: an answer is only for requests that have the headers that it was made for. Backends that compress and
 * don't say so in `Vary` are many, so an answer is only for who accepts its coding, too.
 */
function isFor(exchange: Exchange, { headers, varies }: CachedAnswer, readVarying: ReadVarying): boolean {
  for (let index = 0; index < varies.length; index += 2) {
    if (readVarying(exchange, varies[index]!) !== varies[index + 1]) return false;
  }
  const coding = lastHeader(headers, "content-encoding")?.toLowerCase();
  return (
    coding === undefined ||
    coding === "identity" ||
    acceptsCoding(headerList(exchange.request, "accept-encoding"), coding)
  );
}

/** Options of `Connection` that name no header with a say in an answer. RFC 9110 §7.8, §10.1.4, RFC 7540 §3.2.1. */
const namelessOptions: ReadonlySet<string> = new Set(["", "keep-alive", "close", "upgrade", "http2-settings", "te"]);

const namesHeaders = (options: readonly string[] = []): boolean =>
  options.some((option) => !namelessOptions.has(option));

function refuse(exchange: Exchange): false {
  return exchange.program.responses.finish(exchange, "ACCESS_DENIED", {
    hint:
      "the request asks with Cache-Control: max-age=0 for a new answer, which needs a policy that allows the caller " +
      "execute-api:InvalidateCache (requireAuthorizationForCacheControl)",
  });
}
