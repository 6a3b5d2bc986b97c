import type { WAFV2 } from "@aws-sdk/client-wafv2";
import type { BeyondAws } from "../../definition/beyond-aws.ts";
import type { InputOf, OperationName } from "../../families/input.ts";
import { makeFamilies } from "../../families/make-families.ts";
import { regionalScope } from "../../families/work.ts";
import { wafPaging } from "../../protocol/paging.ts";
import type { FoundSamples, SampleKey } from "../../waf/samples.ts";
import type { GeoDatabase } from "../../waf/statement-type.ts";

/** What the operations of AWS WAF need besides the store. */
export interface WafService {
  /** What the server may do beyond AWS. */
  readonly beyondAws: readonly BeyondAws[];
  /** What geographic statements look addresses up in, if the server has it. */
  readonly geo: GeoDatabase | undefined;
  /** Gathers the requests that rules matched from the gateway threads. */
  readonly samples: (key: SampleKey) => Promise<FoundSamples>;
}

/** What declares the operations of AWS WAF. */
export const { operations, reading, spanning, writing } = makeFamilies<WAFV2, WafService>({
  scopeOf: regionalScope,
  paging: wafPaging,
});

/** The input of one of AWS WAF's operations. */
export type WafInput<Name extends OperationName<WAFV2>> = InputOf<WAFV2, Name>;
