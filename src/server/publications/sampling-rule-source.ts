import { type SamplingRuleDocument, samplingRuleKind } from "../../services/xray/sampling-rules.ts";
import type { Scope } from "../../store/store.ts";
import type { PublicationSource } from "./publication-source.ts";

/** Publishes the sampling rules of X-Ray. */
export const samplingRuleSource: PublicationSource<"sampling-rule"> = {
  extent: { kind: "each", documents: [samplingRuleKind], keyOf },
  madeFrom: [],
  isAwaited: true,
  failure: "A sampling rule can't be read. Requests are sampled by the other rules.",
  async read(tx, { key, scope }) {
    const found = await tx.get<SamplingRuleDocument>(samplingRuleKind, key.slice(keyOf("", scope).length));
    if (found === undefined) return undefined;
    const { rule } = found.body;
    return { sources: [], fingerprint: JSON.stringify(rule), make: () => ({ value: rule }) };
  },
};

/** Names of rules are unique in an account and region only. */
function keyOf(name: string, { account, region }: Scope): string {
  return `${account}/${region}/${name}`;
}
