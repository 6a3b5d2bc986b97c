import type { AccessDecision, CalledResource } from "../access/authorize.ts";
import type { Exchange } from "./exchange.ts";
import { headerList } from "./header-list.ts";
import type { LinkContext } from "./link-context.ts";
import { decideAccess, stageArnOf } from "./resource-policy.ts";

/** AWS: "Control access for invoking an API", the action of who may have a cached answer made anew. */
const invalidateAction = "execute-api:InvalidateCache";

/** Returns whether the client asks for a new answer. */
export const asksForNewAnswer = ({ request }: Exchange): boolean =>
  request.header("cache-control") !== undefined && headerList(request, "cache-control").includes("max-age=0");

/**
 * Links what says whether a caller may have an entry made anew: the policies of who signed the request, or the policy of a Lambda
 * authorizer, together with the API's resource policy; of anybody else the resource policy alone. Without any of them
 * nobody may.
 * AWS: API Gateway Developer Guide, "Cache settings for REST APIs in API Gateway", Invalidate an API Gateway cache entry.
 */
export function linkMayInvalidate({ stage, resourcePolicy }: LinkContext): (exchange: Exchange) => boolean {
  const stageArn = stageArnOf(stage);
  const called: CalledResource = { account: stage.account, policy: resourcePolicy.parsed };
  const decide = (exchange: Exchange): AccessDecision => {
    const { iam, grant } = exchange.caller;
    const asked = { stageArn, called, action: invalidateAction };
    if (iam?.signer !== undefined) {
      const { access, principal } = iam.signer;
      return decideAccess(exchange, { ...asked, access, principal });
    }
    if (grant?.policy === undefined) {
      return decideAccess(exchange, { ...asked, access: { requester: { kind: "anonymous" }, identityPolicies: [] } });
    }
    const identityPolicies = [{ name: "the authorizer's policy", policy: grant.policy }];
    const requester = { kind: "authorized", account: stage.account } as const;
    return decideAccess(exchange, { ...asked, access: { requester, identityPolicies } });
  };
  return (exchange) => decide(exchange).kind === "allowed";
}
