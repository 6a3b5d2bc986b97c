import type { WafLogging } from "./logging.ts";

/**
 * Web ACLs as AWS's interface model has them, but for blobs, which are base64 as on the wire. The protocol layer has
 * checked what the model can check; `validate-rules.ts` checks the rest.
 * AWS: AWS WAFV2 API reference, "Data Types".
 */

export interface WebAcl {
  readonly Name: string;
  readonly Id: string;
  readonly ARN: string;
  readonly Description?: string | undefined;
  readonly DefaultAction: DefaultAction;
  readonly Rules: readonly Rule[];
  readonly VisibilityConfig: VisibilityConfig;
  readonly CustomResponseBodies?: CustomResponseBodies | undefined;
  readonly AssociationConfig?: AssociationConfig | undefined;
  /** What its labels begin with: `awswaf:ACCOUNT:webacl:NAME:`. */
  readonly LabelNamespace: string;
}

export interface RuleGroup {
  readonly Name: string;
  readonly Id: string;
  readonly ARN: string;
  readonly Description?: string | undefined;
  readonly Capacity: number;
  readonly Rules: readonly Rule[];
  readonly VisibilityConfig: VisibilityConfig;
  readonly CustomResponseBodies?: CustomResponseBodies | undefined;
  /** `awswaf:ACCOUNT:rulegroup:NAME:`. */
  readonly LabelNamespace: string;
}

export interface IpSet {
  readonly ARN: string;
  readonly IPAddressVersion: "IPV4" | "IPV6";
  readonly Addresses: readonly string[];
}

export interface RegexPatternSet {
  readonly ARN: string;
  readonly RegularExpressionList: readonly { readonly RegexString?: string | undefined }[];
}

export interface VisibilityConfig {
  readonly SampledRequestsEnabled: boolean;
  readonly CloudWatchMetricsEnabled: boolean;
  readonly MetricName: string;
}

export type CustomResponseBodies = Readonly<Record<string, CustomResponseBody>>;

export interface CustomResponseBody {
  readonly ContentType: "TEXT_PLAIN" | "TEXT_HTML" | "APPLICATION_JSON";
  readonly Content: string;
}

export interface AssociationConfig {
  readonly RequestBody?: Readonly<Record<string, { readonly DefaultSizeInspectionLimit: string }>> | undefined;
}

export interface Rule {
  readonly Name: string;
  readonly Priority: number;
  readonly Statement: Statement;
  readonly Action?: RuleAction | undefined;
  readonly OverrideAction?:
    | { readonly Count?: CountAction | undefined; readonly None?: object | undefined }
    | undefined;
  readonly RuleLabels?: readonly { readonly Name: string }[] | undefined;
  readonly VisibilityConfig: VisibilityConfig;
  readonly CaptchaConfig?: object | undefined;
  readonly ChallengeConfig?: object | undefined;
}

/** Exactly one member is there. */
export interface RuleAction {
  readonly Block?: BlockAction | undefined;
  readonly Allow?: AllowAction | undefined;
  readonly Count?: CountAction | undefined;
  readonly Captcha?: object | undefined;
  readonly Challenge?: object | undefined;
}

export interface DefaultAction {
  readonly Block?: BlockAction | undefined;
  readonly Allow?: AllowAction | undefined;
}

export interface BlockAction {
  readonly CustomResponse?: CustomResponse | undefined;
}

export interface AllowAction {
  readonly CustomRequestHandling?: { readonly InsertHeaders: readonly CustomHeader[] } | undefined;
}

export type CountAction = AllowAction;

export interface CustomResponse {
  readonly ResponseCode: number;
  readonly CustomResponseBodyKey?: string | undefined;
  readonly ResponseHeaders?: readonly CustomHeader[] | undefined;
}

export interface CustomHeader {
  readonly Name: string;
  readonly Value: string;
}

/** Exactly one member is there. */
export interface Statement {
  readonly AndStatement?: { readonly Statements: readonly Statement[] } | undefined;
  readonly AsnMatchStatement?: AsnMatchStatement | undefined;
  readonly ByteMatchStatement?: ByteMatchStatement | undefined;
  readonly GeoMatchStatement?: GeoMatchStatement | undefined;
  readonly IPSetReferenceStatement?: IpSetReferenceStatement | undefined;
  readonly LabelMatchStatement?: LabelMatchStatement | undefined;
  readonly ManagedRuleGroupStatement?: ManagedRuleGroupStatement | undefined;
  readonly NotStatement?: { readonly Statement: Statement } | undefined;
  readonly OrStatement?: { readonly Statements: readonly Statement[] } | undefined;
  readonly RateBasedStatement?: RateBasedStatement | undefined;
  readonly RegexMatchStatement?: RegexMatchStatement | undefined;
  readonly RegexPatternSetReferenceStatement?: RegexPatternSetReferenceStatement | undefined;
  readonly RuleGroupReferenceStatement?: RuleGroupReferenceStatement | undefined;
  readonly SizeConstraintStatement?: SizeConstraintStatement | undefined;
  readonly SqliMatchStatement?: SqliMatchStatement | undefined;
  readonly XssMatchStatement?: XssMatchStatement | undefined;
}

/** A statement about a part of the request. */
export interface Inspection {
  readonly FieldToMatch: FieldToMatch;
  readonly TextTransformations: readonly TextTransformation[];
}

export interface ByteMatchStatement extends Inspection {
  /** Base64. */
  readonly SearchString: string;
  readonly PositionalConstraint: "EXACTLY" | "STARTS_WITH" | "ENDS_WITH" | "CONTAINS" | "CONTAINS_WORD";
}

export interface RegexMatchStatement extends Inspection {
  readonly RegexString: string;
}

export interface RegexPatternSetReferenceStatement extends Inspection {
  readonly ARN: string;
}

export interface SizeConstraintStatement extends Inspection {
  readonly ComparisonOperator: "EQ" | "NE" | "LE" | "LT" | "GE" | "GT";
  readonly Size: number;
}

export interface SqliMatchStatement extends Inspection {
  readonly SensitivityLevel?: "LOW" | "HIGH" | undefined;
}

export type XssMatchStatement = Inspection;

export type Fallback = "MATCH" | "NO_MATCH";

export interface ForwardedIpConfig {
  readonly HeaderName: string;
  readonly FallbackBehavior: Fallback;
  /** Only IP sets choose the position; everything else looks at the first address. */
  readonly Position?: "FIRST" | "LAST" | "ANY" | undefined;
}

export interface IpSetReferenceStatement {
  readonly ARN: string;
  readonly IPSetForwardedIPConfig?: ForwardedIpConfig | undefined;
}

export interface GeoMatchStatement {
  readonly CountryCodes?: readonly string[] | undefined;
  readonly ForwardedIPConfig?: ForwardedIpConfig | undefined;
}

export interface AsnMatchStatement {
  readonly AsnList: readonly number[];
  readonly ForwardedIPConfig?: ForwardedIpConfig | undefined;
}

export interface LabelMatchStatement {
  readonly Scope: "LABEL" | "NAMESPACE";
  readonly Key: string;
}

/** What a rule that runs a group says about the group's rules. */
export interface GroupOverrides {
  readonly ExcludedRules?: readonly { readonly Name: string }[] | undefined;
  readonly RuleActionOverrides?: readonly { readonly Name: string; readonly ActionToUse: RuleAction }[] | undefined;
}

export interface RuleGroupReferenceStatement extends GroupOverrides {
  readonly ARN: string;
}

export interface ManagedRuleGroupStatement extends GroupOverrides {
  readonly VendorName: string;
  readonly Name: string;
  readonly Version?: string | undefined;
  readonly ScopeDownStatement?: Statement | undefined;
  readonly ManagedRuleGroupConfigs?: readonly object[] | undefined;
}

export interface RateBasedStatement {
  readonly Limit: number;
  readonly EvaluationWindowSec?: number | undefined;
  readonly AggregateKeyType: "IP" | "FORWARDED_IP" | "CONSTANT" | "CUSTOM_KEYS";
  readonly ScopeDownStatement?: Statement | undefined;
  readonly ForwardedIPConfig?: ForwardedIpConfig | undefined;
  readonly CustomKeys?: readonly RateKey[] | undefined;
}

/** Exactly one member is there. */
export interface RateKey {
  readonly Header?: NamedRateKey | undefined;
  readonly Cookie?: NamedRateKey | undefined;
  readonly QueryArgument?: NamedRateKey | undefined;
  readonly QueryString?: TransformedRateKey | undefined;
  readonly UriPath?: TransformedRateKey | undefined;
  readonly HTTPMethod?: object | undefined;
  readonly ForwardedIP?: object | undefined;
  readonly IP?: object | undefined;
  readonly LabelNamespace?: { readonly Namespace: string } | undefined;
  readonly JA3Fingerprint?: { readonly FallbackBehavior: Fallback } | undefined;
  readonly JA4Fingerprint?: { readonly FallbackBehavior: Fallback } | undefined;
  readonly ASN?: object | undefined;
}

export interface TransformedRateKey {
  readonly TextTransformations: readonly TextTransformation[];
}

export interface NamedRateKey extends TransformedRateKey {
  readonly Name: string;
}

export interface TextTransformation {
  readonly Priority: number;
  readonly Type: TransformationType;
}

export type TransformationType =
  | "NONE"
  | "COMPRESS_WHITE_SPACE"
  | "HTML_ENTITY_DECODE"
  | "LOWERCASE"
  | "CMD_LINE"
  | "URL_DECODE"
  | "BASE64_DECODE"
  | "HEX_DECODE"
  | "MD5"
  | "REPLACE_COMMENTS"
  | "ESCAPE_SEQ_DECODE"
  | "SQL_HEX_DECODE"
  | "CSS_DECODE"
  | "JS_DECODE"
  | "NORMALIZE_PATH"
  | "NORMALIZE_PATH_WIN"
  | "REMOVE_NULLS"
  | "REPLACE_NULLS"
  | "BASE64_DECODE_EXT"
  | "URL_DECODE_UNI"
  | "UTF8_TO_UNICODE";

export type OversizeHandling = "CONTINUE" | "MATCH" | "NO_MATCH";
export type MapMatchScope = "ALL" | "KEY" | "VALUE";

/** Exactly one member is there. */
export interface FieldToMatch {
  readonly SingleHeader?: { readonly Name: string } | undefined;
  readonly SingleQueryArgument?: { readonly Name: string } | undefined;
  readonly AllQueryArguments?: object | undefined;
  readonly UriPath?: object | undefined;
  readonly QueryString?: object | undefined;
  readonly Body?: { readonly OversizeHandling?: OversizeHandling | undefined } | undefined;
  readonly Method?: object | undefined;
  readonly JsonBody?: JsonBody | undefined;
  readonly Headers?: HeadersField | undefined;
  readonly Cookies?: CookiesField | undefined;
  readonly HeaderOrder?: { readonly OversizeHandling: OversizeHandling } | undefined;
  readonly JA3Fingerprint?: { readonly FallbackBehavior: Fallback } | undefined;
  readonly JA4Fingerprint?: { readonly FallbackBehavior: Fallback } | undefined;
  readonly UriFragment?: { readonly FallbackBehavior?: Fallback | undefined } | undefined;
}

export interface JsonBody {
  readonly MatchPattern: { readonly All?: object | undefined; readonly IncludedPaths?: readonly string[] | undefined };
  readonly MatchScope: MapMatchScope;
  readonly InvalidFallbackBehavior?: Fallback | "EVALUATE_AS_STRING" | undefined;
  readonly OversizeHandling?: OversizeHandling | undefined;
}

export interface HeadersField {
  readonly MatchPattern: {
    readonly All?: object | undefined;
    readonly IncludedHeaders?: readonly string[] | undefined;
    readonly ExcludedHeaders?: readonly string[] | undefined;
  };
  readonly MatchScope: MapMatchScope;
  readonly OversizeHandling: OversizeHandling;
}

export interface CookiesField {
  readonly MatchPattern: {
    readonly All?: object | undefined;
    readonly IncludedCookies?: readonly string[] | undefined;
    readonly ExcludedCookies?: readonly string[] | undefined;
  };
  readonly MatchScope: MapMatchScope;
  readonly OversizeHandling: OversizeHandling;
}

/** What a web ACL refers to, by ARN. */
export interface WebAclParts {
  readonly ruleGroups: Readonly<Record<string, RuleGroup>>;
  readonly ipSets: Readonly<Record<string, IpSet>>;
  readonly regexPatternSets: Readonly<Record<string, RegexPatternSet>>;
}

/** A web ACL as the gateway threads get it: with everything that it refers to, or why nothing passes it. */
export type PublishedWebAcl =
  | {
      readonly kind: "web-acl";
      readonly webAcl: WebAcl;
      readonly parts: WebAclParts;
      readonly logging?: WafLogging;
      /** Settings that are stored and have no effect. None of them guards anything. */
      readonly withoutEffect?: readonly string[];
    }
  | { readonly kind: "closed"; readonly reason: string };
