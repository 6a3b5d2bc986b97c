import { bounds } from "../base/bounds.ts";
import { isSecretName, maskQuery } from "../telemetry/secrets.ts";
import type { WafVerdict } from "../waf/link-web-acl.ts";
import type { FoundSamples, SampleKey, WafSample } from "../waf/samples.ts";
import type { Exchange } from "./exchange.ts";

interface Ring {
  readonly samples: WafSample[];
  next: number;
  /** Requests that matched, whether they were sampled or not. */
  matched: number;
  lastMs: number;
}

/** A ring keeps this many, and takes one more only now and then once it is full. */
const ringSize = 100;
const pauseMs = 50;
const mask = "*****";

/** The latest requests that rules matched, in bounded memory. */
export class WafSamples {
  readonly #max: number;
  readonly #rings = new Map<string, Ring>();
  #count = 0;

  /** `max` is the number of samples of all rules together. */
  constructor(max: number) {
    this.#max = max;
  }

  add(exchange: Exchange, arn: string, verdict: WafVerdict): void {
    let sample: ReturnType<typeof describe> | undefined;
    for (const { visibility, action, ruleWithinGroup } of verdict.matches) {
      if (!visibility.SampledRequestsEnabled) continue;
      const ring = this.#ring({ arn, metric: visibility.MetricName });
      if (ring === undefined) continue;
      ring.matched++;
      if (ring.samples.length >= ringSize && Math.abs(exchange.startedMs - ring.lastMs) < pauseMs) continue;
      sample ??= describe(exchange, verdict);
      this.#keep(ring, { ...sample, action, ruleWithinGroup });
      ring.lastMs = exchange.startedMs;
    }
  }

  find({ arn, metric }: SampleKey): FoundSamples {
    const ring = this.#rings.get(`${arn} ${metric}`);
    return { matched: ring?.matched ?? 0, samples: ring?.samples ?? [] };
  }

  #keep(ring: Ring, sample: WafSample): void {
    if (ring.samples.length < ringSize && this.#count < this.#max) {
      ring.samples.push(sample);
      this.#count++;
      return;
    }
    if (ring.samples.length === 0) return;
    ring.samples[ring.next] = sample;
    ring.next = (ring.next + 1) % ring.samples.length;
  }

  #ring({ arn, metric }: SampleKey): Ring | undefined {
    const key = `${arn} ${metric}`;
    let ring = this.#rings.get(key);
    if (ring === undefined && this.#rings.size < bounds.wafSampledRulesMax.value) {
      ring = { samples: [], next: 0, matched: 0, lastMs: 0 };
      this.#rings.set(key, ring);
    }
    return ring;
  }
}

function describe(exchange: Exchange, verdict: WafVerdict): Omit<WafSample, "action" | "ruleWithinGroup"> {
  const { request, rawQuery } = exchange;
  return {
    atMs: exchange.startedMs,
    clientAddress: exchange.caller.sourceAddress,
    method: request.method,
    uri: rawQuery === "" ? exchange.fullPath : `${exchange.fullPath}?${maskQuery(rawQuery, mask)}`,
    httpVersion: `HTTP/${request.httpVersion}`,
    headers: request.headerNames.flatMap((name, index) => [
      request.rawHeaders[2 * index]!,
      isSecretName(name) ? mask : request.rawHeaders[2 * index + 1]!,
    ]),
    insertedHeaders: verdict.insertedHeaders,
    responseCode: verdict.response?.status,
    labels: verdict.labels,
  };
}
