import { bindOperations } from "../../families/make-families.ts";
import type { Operations } from "../../protocol/operation.ts";
import type { Store } from "../../store/store.ts";
import { loggingOperations } from "./logging.ts";
import { managedRuleGroupOperations } from "./managed-rule-groups.ts";
import { ruleGroupOperations } from "./rule-groups.ts";
import { sampleOperations } from "./sampled-requests.ts";
import { setOperations } from "./sets.ts";
import { tagOperations } from "./tags.ts";
import type { WafService } from "./waf-families.ts";
import { webAclOperations } from "./web-acls.ts";

/** The `wafv2` service: web ACLs of REST APIs' stages, with the sets and groups that they refer to. */
export const makeWafOperations = (store: Store, service: WafService): Operations =>
  bindOperations(
    {
      ...webAclOperations,
      ...ruleGroupOperations,
      ...setOperations,
      ...loggingOperations,
      ...managedRuleGroupOperations,
      ...sampleOperations,
      ...tagOperations,
    },
    store,
    service,
  );
