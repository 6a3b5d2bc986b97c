import { requireOne } from "./inspection.ts";
import type { GroupStatementType, StatementType } from "./statement-type.ts";
import { sqliMatchStatement, xssMatchStatement } from "./statements/attack-match.ts";
import { byteMatchStatement } from "./statements/byte-match.ts";
import { asnMatchStatement, geoMatchStatement } from "./statements/geo-match.ts";
import { ipSetStatement } from "./statements/ip-set.ts";
import { labelMatchStatement } from "./statements/label-match.ts";
import { andStatement, notStatement, orStatement } from "./statements/logical.ts";
import { managedRuleGroupStatement } from "./statements/managed-rule-group.ts";
import { rateBasedStatement } from "./statements/rate-based.ts";
import { regexMatchStatement, regexPatternSetStatement } from "./statements/regex-match.ts";
import { ruleGroupStatement } from "./statements/rule-group.ts";
import { sizeConstraintStatement } from "./statements/size-constraint.ts";
import type { GroupOverrides, Statement } from "./web-acl.ts";

type GroupKind = "RuleGroupReferenceStatement" | "ManagedRuleGroupStatement";
type MatchKind = Exclude<keyof Statement, GroupKind>;
type Body<Kind extends keyof Statement> = NonNullable<Statement[Kind]>;

/** Every type of statement that matches by itself. */
const matching: { readonly [Kind in MatchKind]-?: StatementType<Body<Kind>> } = {
  AndStatement: andStatement,
  AsnMatchStatement: asnMatchStatement,
  ByteMatchStatement: byteMatchStatement,
  GeoMatchStatement: geoMatchStatement,
  IPSetReferenceStatement: ipSetStatement,
  LabelMatchStatement: labelMatchStatement,
  NotStatement: notStatement,
  OrStatement: orStatement,
  RateBasedStatement: rateBasedStatement,
  RegexMatchStatement: regexMatchStatement,
  RegexPatternSetReferenceStatement: regexPatternSetStatement,
  SizeConstraintStatement: sizeConstraintStatement,
  SqliMatchStatement: sqliMatchStatement,
  XssMatchStatement: xssMatchStatement,
};

/** Every type of statement that runs a group of rules. */
const groups: { readonly [Kind in GroupKind]-?: GroupStatementType<Body<Kind>> } = {
  ManagedRuleGroupStatement: managedRuleGroupStatement,
  RuleGroupReferenceStatement: ruleGroupStatement,
};

/** A statement with its type. */
export type TypedStatement =
  | { readonly kind: "match"; readonly name: string; readonly type: StatementType<object>; readonly body: object }
  | {
      readonly kind: "group";
      readonly name: string;
      readonly type: GroupStatementType<GroupOverrides>;
      readonly body: GroupOverrides;
    };

/** Finds a statement's type. Throws `InvalidRules` unless it has exactly one member, which is known. */
export function typeOf(statement: Statement): TypedStatement {
  const name = requireOne(statement, "STATEMENT", "Statement");
  const body = statement[name as keyof Statement] as object;
  // A member that no table has can't be stored, because the interface model does not have it.
  if (Object.hasOwn(groups, name)) {
    return { kind: "group", name, type: groups[name as GroupKind] as GroupStatementType<GroupOverrides>, body };
  }
  const type = Object.hasOwn(matching, name) ? matching[name as MatchKind] : undefined;
  if (type === undefined) throw new Error(`there is no statement ${name}`);
  return { kind: "match", name, type: type as StatementType<object>, body };
}
