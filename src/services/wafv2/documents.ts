import { v2Kinds } from "../../definition/http-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import type { Reader } from "../../store/store.ts";
import type { LoggingFilter, WafLogging } from "../../waf/logging.ts";
import { referencesOf } from "../../waf/validate-rules.ts";
import type { FieldToMatch, IpSet, RegexPatternSet, RuleGroup, WebAcl, WebAclParts } from "../../waf/web-acl.ts";

/** Kinds of documents. Their ids are names, which are unique in an account and region. */
export const wafKinds = {
  webAcl: "waf-web-acl",
  ruleGroup: "waf-rule-group",
  ipSet: "waf-ip-set",
  regexPatternSet: "waf-regex-pattern-set",
} as const;

export type WafKind = (typeof wafKinds)[keyof typeof wafKinds];

/** What ARNs call the kinds. */
export const arnNames: Readonly<Record<WafKind, string>> = {
  [wafKinds.webAcl]: "webacl",
  [wafKinds.ruleGroup]: "rulegroup",
  [wafKinds.ipSet]: "ipset",
  [wafKinds.regexPatternSet]: "regexpatternset",
};

/** A web ACL, rule group or set as it is stored, with what is not part of it to the gateway. */
export interface WafDocument<Item> {
  readonly item: Item;
  /** Changes with every update; an update must name it. */
  readonly lockToken: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The members that have no effect here, as they were sent. */
  readonly others?: Readonly<Record<string, unknown>>;
  /** Of a web ACL: where its log goes. */
  readonly logging?: LoggingConfiguration;
  /** Of a rule group: with whom it is shared. */
  readonly policy?: string;
  /** Of a web ACL: its capacity units. */
  readonly capacity?: number;
}

/** AWS: WAFV2 API reference, "LoggingConfiguration". */
export interface LoggingConfiguration {
  readonly ResourceArn: string;
  readonly LogDestinationConfigs: readonly string[];
  readonly RedactedFields?: readonly FieldToMatch[] | undefined;
  readonly LoggingFilter?: LoggingFilter | undefined;
}

/** Returns how a web ACL logs; undefined if it does not, or where there is nothing to log to here. */
export function loggingOf({ item, logging }: WafDocument<NamedItem>): WafLogging | undefined {
  const { region = "", account = "" } = parseWafArn(item.ARN) ?? {};
  const prefix = `arn:aws:logs:${region}:${account}:log-group:`;
  const destination = logging?.LogDestinationConfigs.find((arn) => arn.startsWith(prefix));
  if (logging === undefined || destination === undefined) return undefined;
  return {
    account,
    region,
    group: destination.slice(prefix.length).replace(/:\*$/, ""),
    redactedFields: logging.RedactedFields ?? [],
    filter: logging.LoggingFilter,
  };
}

export interface NamedItem {
  readonly Name: string;
  readonly Id: string;
  readonly ARN: string;
  readonly Description?: string | undefined;
}

export type IpSetItem = IpSet & NamedItem;
export type RegexPatternSetItem = RegexPatternSet & NamedItem;

const referenceKeys = ({ item }: WafDocument<WebAcl | RuleGroup>): readonly string[] => referencesOf(item.Rules);

/** The index of what refers to a set or group, by its ARN. */
export const wafIndexes = {
  [wafKinds.webAcl]: { reference: referenceKeys },
  [wafKinds.ruleGroup]: { reference: referenceKeys },
} as const;

/** The parts of the ARN of something of AWS WAF's; undefined for another text. */
export function parseWafArn(arn: string):
  | {
      readonly region: string;
      readonly account: string;
      readonly kind: WafKind;
      readonly name: string;
      readonly id: string;
    }
  | undefined {
  const found = /^arn:aws[a-z-]*:wafv2:([a-z0-9-]+):(\d{12}):regional\/([a-z]+)\/([\w-]{1,128})\/([\w-]{1,36})$/.exec(
    arn,
  );
  if (found === null) return undefined;
  const [, region = "", account = "", arnName = "", name = "", id = ""] = found;
  const kind = Object.values(wafKinds).find((one) => arnNames[one] === arnName);
  return kind === undefined ? undefined : { region, account, kind, name, id };
}

/** The document that an ARN names in the transaction's scope, if it is of that kind. */
export async function findByArn<Item extends NamedItem>(
  tx: Reader,
  arn: string,
  kind: WafKind,
): Promise<WafDocument<Item> | undefined> {
  const parsed = parseWafArn(arn);
  if (parsed?.kind !== kind) return undefined;
  const document = (await tx.get<WafDocument<Item>>(kind, parsed.name))?.body;
  // The ARN has account and region in it, so that another account's is not found under the same name.
  return document?.item.ARN === arn ? document : undefined;
}

/** The documents that a web ACL was read from. */
export interface ReadParts {
  readonly parts: WebAclParts;
  readonly ids: readonly { readonly kind: WafKind; readonly id: string }[];
}

/** Reads what rules refer to, with what these refer to in turn. What does not exist is left out. */
export async function readParts(tx: Reader, rules: WebAcl["Rules"]): Promise<ReadParts> {
  const ruleGroups: Record<string, RuleGroup> = {};
  const ipSets: Record<string, IpSet> = {};
  const regexPatternSets: Record<string, RegexPatternSet> = {};
  const ids: { kind: WafKind; id: string }[] = [];
  const read = async (arns: readonly string[]): Promise<void> => {
    for (const arn of arns) {
      const parsed = parseWafArn(arn);
      if (parsed === undefined) continue;
      ids.push({ kind: parsed.kind, id: parsed.name });
      if (parsed.kind === wafKinds.ipSet) {
        const found = await findByArn<IpSetItem>(tx, arn, wafKinds.ipSet);
        if (found !== undefined) ipSets[arn] = found.item;
      } else if (parsed.kind === wafKinds.regexPatternSet) {
        const found = await findByArn<RegexPatternSetItem>(tx, arn, wafKinds.regexPatternSet);
        if (found !== undefined) regexPatternSets[arn] = found.item;
      } else if (parsed.kind === wafKinds.ruleGroup && ruleGroups[arn] === undefined) {
        const found = await findByArn<RuleGroup>(tx, arn, wafKinds.ruleGroup);
        if (found === undefined) continue;
        ruleGroups[arn] = found.item;
        await read(referencesOf(found.item.Rules));
      }
    }
  };
  await read(referencesOf(rules));
  return { parts: { ruleGroups, ipSets, regexPatternSets }, ids };
}

/** What ARNs call the APIs whose stages a web ACL may guard, and the kinds of these stages. */
const guardedStages = { restapis: restKinds.stage, apis: v2Kinds.stage } as const;

export const guardedKinds = Object.values(guardedStages);

/** The part of stages of all kinds that web ACLs are about. */
export interface GuardedStage {
  readonly webAclArn?: string;
}

/** The ARN of a stage, as web ACLs are associated with it; undefined for another text. */
export function parseStageArn(arn: string):
  | {
      readonly region: string;
      readonly kind: (typeof guardedKinds)[number];
      readonly apiId: string;
      readonly id: string;
    }
  | undefined {
  const found =
    /^arn:aws[a-z-]*:apigateway:([a-z0-9-]+)::\/(restapis|apis)\/([A-Za-z0-9-]+)\/stages\/(\$default|[\w-]+)$/.exec(
      arn,
    );
  if (found === null) return undefined;
  const [, region = "", apis = "", apiId = "", stageName = ""] = found;
  return { region, kind: guardedStages[apis as keyof typeof guardedStages], apiId, id: `${apiId}/${stageName}` };
}

/** Returns the ARN of the stage that a document of a kind and id is. */
export function stageArn(region: string, kind: string, id: string): string {
  const [apis] = Object.entries(guardedStages).find(([, one]) => one === kind)!;
  const [apiId, stageName] = id.split("/");
  return `arn:aws:apigateway:${region}::/${apis}/${apiId}/stages/${stageName}`;
}
