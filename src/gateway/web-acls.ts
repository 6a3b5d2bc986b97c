import { bounds } from "../base/bounds.ts";
import type { LogSink } from "../telemetry/log-sink.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type LinkedWebAcl, linkWebAcl, type WafVerdict } from "../waf/link-web-acl.ts";
import { type GeoDatabase, NotEvaluable, type RateCounter } from "../waf/statement-type.ts";
import type { PublishedWebAcl } from "../waf/web-acl.ts";
import { linkWafLog, type WriteWafLog } from "./waf-log.ts";
import { WafSamples } from "./waf-samples.ts";

/** A web ACL as a stage finds it when a request comes: it can change without a deployment. */
export interface WebAclCell {
  /** Undefined if no request may pass. */
  acl: LinkedWebAcl | undefined;
  /** Writes the web ACL's log; undefined if it has none. */
  log: WriteWafLog | undefined;
  /** Why no request may pass. */
  reason: string;
}

export interface WebAclsOptions {
  readonly rates: RateCounter;
  readonly logs: LogSink;
  readonly geo: GeoDatabase | undefined;
  readonly logger: Logger;
}

/** The web ACLs that a thread knows, by ARN. Each is linked once, for all stages. */
export class WebAcls {
  readonly samples = new WafSamples(bounds.wafSamplesMax.value);
  readonly #options: WebAclsOptions;
  readonly #cells = new Map<string, WebAclCell>();

  constructor(options: WebAclsOptions) {
    this.#options = options;
  }

  /** Takes a web ACL in, or forgets it. Returns why nothing passes it, where the thread itself found that. */
  set(arn: string, published: PublishedWebAcl | null): string | undefined {
    const cell = this.cell(arn);
    cell.acl = undefined;
    cell.log = undefined;
    cell.reason = unknown;
    if (published === null) return undefined;
    if (published.kind === "closed") {
      cell.reason = published.reason;
      return undefined;
    }
    const { rates, geo, logs, logger } = this.#options;
    const { webAcl, parts, logging } = published;
    try {
      cell.acl = linkWebAcl(webAcl, { parts, rates, geo });
      if (logging !== undefined) cell.log = linkWafLog(webAcl, logging, logs);
      return undefined;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      cell.reason =
        error instanceof NotEvaluable
          ? `the web ACL has ${text}`
          : "the web ACL can't be linked, Portico's log says why";
      logger.error("A web ACL can't be linked: the stages behind it are closed.", {
        webAcl: arn,
        error: error instanceof Error ? (error.stack ?? text) : text,
      });
      return cell.reason;
    }
  }

  /** Returns what a stage looks at for each request. A web ACL that nobody has told the thread of lets nothing pass. */
  cell(arn: string): WebAclCell {
    let cell = this.#cells.get(arn);
    if (cell === undefined) {
      cell = { acl: undefined, log: undefined, reason: unknown };
      this.#cells.set(arn, cell);
    }
    return cell;
  }
}

const unknown = "the web ACL is not there";

/** What a web ACL said of an exchange, for `$context`. */
export interface WafOutcome {
  readonly arn: string;
  readonly action: WafVerdict["action"] | undefined;
  /** The status that the web ACL asks for: 200 to go on. */
  readonly status: number;
  readonly latencyMs: number;
  readonly error: string | undefined;
}
