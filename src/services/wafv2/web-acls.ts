import { bounds } from "../../base/bounds.ts";
import { beyondAwsFlag } from "../../definition/beyond-aws.ts";
import { v2Kinds } from "../../definition/http-api.ts";
import { isHttpApi, type V2Api } from "../../definition/v2-api.ts";
import { present, type Work } from "../../families/work.ts";
import { linkWebAcl } from "../../waf/link-web-acl.ts";
import { NotEvaluable } from "../../waf/statement-type.ts";
import { validateDefaultAction } from "../../waf/validate-rules.ts";
import type { WebAcl } from "../../waf/web-acl.ts";
import {
  findByArn,
  type GuardedStage,
  guardedKinds,
  parseStageArn,
  readParts,
  stageArn,
  type WafDocument,
  wafKinds,
} from "./documents.ts";
import { associatedItem, checking, invalidParameter, nonexistentItem, notEvaluable } from "./errors.ts";
import { findItem, labelNamespaceOf, listItems, newName, putChanged, putNew, requireLock } from "./items.ts";
import { checkBodies, checkRules, shownRules, storedRules } from "./rules.ts";
import { operations, reading, type WafInput, type WafService, writing } from "./waf-families.ts";

const { webAcl } = wafKinds;

type Input = WafInput<"CreateWebACL"> | WafInput<"UpdateWebACL">;

/** Checks what a web ACL is made of, and returns it with its capacity. */
async function contentOf({ tx, input }: Work<WafService, Input>): Promise<
  Pick<WafDocument<WebAcl>, "capacity" | "others"> & {
    readonly item: Omit<WebAcl, "Name" | "Id" | "ARN" | "LabelNamespace">;
  }
> {
  const { DefaultAction, VisibilityConfig, Description, CustomResponseBodies, AssociationConfig } = input;
  const Rules = storedRules(input.Rules);
  checkBodies(CustomResponseBodies);
  const owner = { kind: "web-acl", customResponseBodies: CustomResponseBodies } as const;
  const capacityMax = bounds.wafCapacityMax.value;
  const { capacity, parts } = await checkRules(tx, Rules, { ...owner, capacityMax });
  checking(() => validateDefaultAction(DefaultAction, { ...owner, parts }));
  const { CaptchaConfig, ChallengeConfig, TokenDomains, DataProtectionConfig } = input;
  const { OnSourceDDoSProtectionConfig, ApplicationConfig } = input;
  const others = present<Record<string, unknown>>({
    CaptchaConfig,
    ChallengeConfig,
    TokenDomains,
    DataProtectionConfig,
    OnSourceDDoSProtectionConfig,
    ApplicationConfig,
  });
  return {
    item: present({ Description, DefaultAction, Rules, VisibilityConfig, CustomResponseBodies, AssociationConfig }),
    capacity,
    others,
  };
}

const shown = ({ item, capacity, others }: WafDocument<WebAcl>): object => ({
  ...item,
  ...others,
  Rules: shownRules(item.Rules),
  Capacity: capacity ?? 0,
  ManagedByFirewallManager: false,
  RetrofittedByFirewallManager: false,
});

/** Throws if the web ACL can't be evaluated: it must not look as if it guarded something. */
async function requireEvaluable({ item }: WafDocument<WebAcl>, { tx, geo }: Work<WafService>): Promise<void> {
  const { parts } = await readParts(tx, item.Rules);
  try {
    linkWebAcl(item, { parts, geo, rates: { count: () => 0 } });
  } catch (error) {
    throw error instanceof NotEvaluable ? notEvaluable(error) : error;
  }
}

interface FoundStage {
  readonly kind: string;
  readonly id: string;
  readonly stage: GuardedStage;
}

/**
 * Returns the stage that an ARN names. On AWS no web ACL guards stages of HTTP APIs: unless the server may do that, their
 * ARNs are no valid ones. A stage that has one from before can still be freed of it.
 */
async function findStage({ tx, call, beyondAws }: Work<WafService>, arn: string): Promise<FoundStage> {
  const parsed = parseStageArn(arn);
  const stage = parsed && (await tx.get<GuardedStage>(parsed.kind, parsed.id))?.body;
  const api = parsed?.kind === v2Kinds.stage ? await tx.get<V2Api>(v2Kinds.api, parsed.apiId) : undefined;
  const isOfHttpApi = api === undefined || isHttpApi(api.body);
  const isForeign =
    parsed?.kind === v2Kinds.stage &&
    stage?.webAclArn === undefined &&
    !(isOfHttpApi && beyondAws.includes("http-web-acls"));
  if (parsed === undefined || parsed.region !== call.region || isForeign) {
    const reason =
      "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or slashes.";
    throw invalidParameter(
      "RESOURCE_ARN",
      arn,
      reason,
      isForeign && isOfHttpApi
        ? `No web ACL guards HTTP APIs on AWS; ${beyondAwsFlag("http-web-acls")} lets it`
        : "Portico guards stages of REST APIs: arn:aws:apigateway:REGION::/restapis/API/stages/STAGE",
    );
  }
  if (stage === undefined) throw nonexistentItem();
  return { kind: parsed.kind, id: parsed.id, stage };
}

/** AWS: WAFV2 API reference, one page for each operation. */
export const webAclOperations = operations({
  CreateWebACL: writing(async (work) => {
    const name = await newName(webAcl, work);
    const content = await contentOf(work);
    const item: WebAcl = { ...content.item, ...name, LabelNamespace: labelNamespaceOf(webAcl, name.Name, work.call) };
    return putNew(webAcl, { ...content, item }, work);
  }),
  GetWebACL: reading(async (work) => {
    const document = await findItem<WebAcl>(webAcl, work);
    return { WebACL: shown(document), LockToken: document.lockToken };
  }),
  UpdateWebACL: writing(async (work) => {
    const before = await findItem<WebAcl>(webAcl, work);
    requireLock(before, work.input.LockToken);
    const content = await contentOf(work);
    const { Name, Id, ARN, LabelNamespace } = before.item;
    const item: WebAcl = { ...content.item, Name, Id, ARN, LabelNamespace };
    return putChanged(webAcl, { ...before, ...content, item }, work);
  }),
  DeleteWebACL: writing(async (work) => {
    const document = await findItem<WebAcl>(webAcl, work);
    requireLock(document, work.input.LockToken);
    for (const kind of guardedKinds) {
      const guarded = await work.tx.list(kind, { where: { index: "webAcl", key: document.item.ARN }, limit: 1 });
      if (guarded.length > 0) throw associatedItem();
    }
    await work.tx.delete(webAcl, document.item.Name);
    return {};
  }),
  ListWebACLs: reading((work) => listItems(webAcl, "WebACLs", work)),
  AssociateWebACL: writing(async (work) => {
    const { WebACLArn, ResourceArn } = work.input;
    const document = await findByArn<WebAcl>(work.tx, WebACLArn, webAcl);
    if (document === undefined) throw nonexistentItem();
    const { kind, id, stage } = await findStage(work, ResourceArn);
    await requireEvaluable(document, work);
    if (stage.webAclArn !== WebACLArn) await work.tx.put(kind, id, { ...stage, webAclArn: WebACLArn });
    return {};
  }),
  DisassociateWebACL: writing(async (work) => {
    const { kind, id, stage } = await findStage(work, work.input.ResourceArn);
    const { webAclArn, ...rest } = stage;
    if (webAclArn !== undefined) await work.tx.put(kind, id, rest);
    return {};
  }),
  GetWebACLForResource: reading(async (work) => {
    const { webAclArn } = (await findStage(work, work.input.ResourceArn)).stage;
    if (webAclArn === undefined) return {};
    const document = await findByArn<WebAcl>(work.tx, webAclArn, webAcl);
    return document === undefined ? {} : { WebACL: shown(document) };
  }),
  ListResourcesForWebACL: reading(async ({ tx, input, call }) => {
    if ((await findByArn(tx, input.WebACLArn, webAcl)) === undefined) throw nonexistentItem();
    // AWS: without a type, it lists load balancers.
    if (input.ResourceType !== "API_GATEWAY") return { ResourceArns: [] };
    const ResourceArns: string[] = [];
    for (const kind of guardedKinds) {
      const stages = await tx.list(kind, { where: { index: "webAcl", key: input.WebACLArn } });
      ResourceArns.push(...stages.map(({ id }) => stageArn(call.region, kind, id)));
    }
    return { ResourceArns };
  }),
});
