import { assert } from "../../base/assert.ts";
import { bounds } from "../../base/bounds.ts";
import type { AwsServicePlan, HttpApiServicePlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import type { CallBackend } from "../integrations/link-backend-call.ts";
import type { LinkContext } from "../link-context.ts";
import { describeSource, linkMappedText } from "./parameter-mapping.ts";

/** A region's name, and the call of the action there. */
export interface RegionalCall {
  readonly region: string;
  readonly call: CallBackend;
}

/** Links the call of an action to where a service is, and keeps its connections until `onRetire` releases them. */
type LinkCall = (service: AwsServicePlan, onRetire: LinkContext["onRetire"]) => CallBackend;

/** What AWS's regions are called; a name that comes with a request becomes a part of a host's. */
const regionName = /^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;

const regionsMax = bounds.serviceRegionsMax.value;

/**
 * Links an action in the region of the plan or, if requests name it, in the region of each request. Its result is undefined
 * for what is no region's name. A region is linked by its first request; of more than AWS has, those asked for last stay.
 */
export function linkRegions(
  { service, mappedRegion }: Pick<HttpApiServicePlan, "service" | "mappedRegion">,
  { onRetire }: LinkContext,
  link: LinkCall,
): (exchange: Exchange) => RegionalCall | undefined {
  if (mappedRegion === undefined) {
    const only = { region: service.signingRegion, call: link(service, onRetire) };
    return () => only;
  }
  const { parameter, domain } = mappedRegion;
  const read = linkMappedText(parameter.value);
  const calls = new RegionTable(({ region, release }) => {
    const [label, below] = domain;
    return link({ ...service, host: `${label}.${region}.${below}`, signingRegion: region }, release);
  });
  onRetire(() => calls.clear());
  return (exchange) => {
    const text = read(exchange);
    exchange.trace?.addMapping("Region", describeSource(parameter.source), text);
    // The region is optional: without one it is the API's own.
    const region = text === undefined || text === "" ? service.signingRegion : text;
    return regionName.test(region) ? calls.at(region) : undefined;
  };
}

interface LinkedRegion extends RegionalCall {
  readonly releases: (() => void)[];
}

class RegionTable {
  readonly #link: (of: { readonly region: string; readonly release: LinkContext["onRetire"] }) => CallBackend;
  /** The region that was asked for last is the last one. */
  readonly #linked = new Map<string, LinkedRegion>();

  constructor(link: (of: { readonly region: string; readonly release: LinkContext["onRetire"] }) => CallBackend) {
    this.#link = link;
  }

  at(region: string): RegionalCall {
    const known = this.#linked.get(region);
    this.#linked.delete(region);
    const linked = known ?? this.#make(region);
    this.#linked.set(region, linked);
    if (this.#linked.size > regionsMax) this.#forgetOldest();
    return linked;
  }

  clear(): void {
    while (this.#linked.size > 0) this.#forgetOldest();
  }

  #make(region: string): LinkedRegion {
    const releases: (() => void)[] = [];
    return { region, releases, call: this.#link({ region, release: (release) => void releases.push(release) }) };
  }

  /** Calls under way go on: their connections are closed as they become free. */
  #forgetOldest(): void {
    const [oldest] = this.#linked.values();
    assert(oldest !== undefined, "there is a region to forget");
    this.#linked.delete(oldest.region);
    for (const release of oldest.releases) release();
  }
}
