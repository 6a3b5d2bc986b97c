import type { Evaluation } from "./evaluation.ts";
import type { Inspect } from "./inspectors.ts";
import type {
  CustomResponseBodies,
  FieldToMatch,
  GroupOverrides,
  Rule,
  RuleGroup,
  Statement,
  TextTransformation,
  WebAclParts,
} from "./web-acl.ts";

/** Returns whether a request matches a statement. */
export type Matches = (evaluation: Evaluation) => boolean;

/** A statement that AWS refuses, in the terms of its WAFInvalidParameterException. */
export class InvalidRules extends Error {
  readonly field: string;
  readonly parameter: string;
  constructor(field: string, parameter: string, reason: string) {
    super(reason);
    this.field = field;
    this.parameter = parameter;
  }
}

/** Thrown for what AWS has and Portico can't evaluate. Its message says what. */
export class NotEvaluable extends Error {}

/** Where a statement stands. */
export interface StatementPlace {
  /** A rule's own statement, and not one inside another. */
  readonly isTop: boolean;
}

export interface ValidationContext {
  readonly place: StatementPlace;
  /** What the statements refer to, as far as it exists. */
  readonly parts: WebAclParts;
  /** Checks a statement inside this one. */
  nested(statement: Statement): void;
}

export interface CapacityContext {
  readonly ruleGroups: Readonly<Record<string, Pick<RuleGroup, "Capacity">>>;
  nested(statement: Statement): number;
}

/** Looks addresses up. */
export interface GeoDatabase {
  /** Returns the two-letter code of the country, and the region's code (ISO 3166-2), as far as they are known. */
  country?(address: string): { readonly country: string; readonly region?: string } | undefined;
  /** Returns the number of the autonomous system. */
  asn?(address: string): number | undefined;
}

/** Counts requests by key. */
export interface RateCounter {
  /** Counts a request, and returns how many the key has had in the window. */
  count(key: string, windowMs: number, nowMs: number): number;
}

export interface StatementLinking {
  readonly parts: WebAclParts;
  /** What labels begin with that the rules of this web ACL or group add and look for. */
  readonly labelNamespace: string;
  /** A name for the rule that no other rule of the server has. */
  readonly ruleKey: string;
  readonly rates: RateCounter;
  readonly geo: GeoDatabase | undefined;
  /** Returns what reads a part of the request, transformed. */
  inspect(field: FieldToMatch, transformations: readonly TextTransformation[]): Inspect;
  nested(statement: Statement): Matches;
}

/** A type of statement: all that AWS WAF has to know of it. */
export interface StatementType<Body> {
  readonly synopsis: string;
  /** Throws {@link InvalidRules}. What the interface model demands is already checked. */
  validate(body: Body, context: ValidationContext): void;
  /** Returns the web ACL capacity units. */
  capacity(body: Body, context: CapacityContext): number;
  /** Prepares the statement. Throws {@link NotEvaluable}. */
  link(body: Body, linking: StatementLinking): Matches;
}

/** The rules that a statement runs in place of matching by itself. */
export interface GroupContent {
  readonly rules: readonly Rule[];
  readonly labelNamespace: string;
  readonly customResponseBodies?: CustomResponseBodies | undefined;
}

/** A type of statement that runs a group of rules. It stands only at a web ACL's rule itself. */
export interface GroupStatementType<Body extends GroupOverrides> {
  readonly synopsis: string;
  /** Throws {@link InvalidRules}. */
  validate(body: Body, context: ValidationContext): void;
  capacity(body: Body, context: CapacityContext): number;
  /** Returns the group's rules. Throws {@link NotEvaluable}. */
  find(body: Body, parts: WebAclParts): GroupContent;
  /** The statement that a request has to match for the group to be run. */
  scopeDown?(body: Body): Statement | undefined;
}
