import { InvalidRules, type StatementType } from "../statement-type.ts";
import type { LabelMatchStatement } from "../web-acl.ts";

/** Returns the fully qualified form of a label or namespace that stands for one of the same context. */
export const qualified = (key: string, labelNamespace: string): string =>
  key.startsWith("awswaf:") ? key : labelNamespace + key;

/** AWS: AWS WAF Developer Guide, "Matching against a label in AWS WAF". */
export const labelMatchStatement: StatementType<LabelMatchStatement> = {
  synopsis: "a rule before this one has added a label",
  validate({ Scope, Key }) {
    if ((Scope === "NAMESPACE") === Key.endsWith(":")) return;
    throw new InvalidRules("LABEL_MATCH_STATEMENT", Key, "A namespace ends with a colon, and a label does not.");
  },
  capacity: () => 1,
  link({ Scope, Key }, { labelNamespace }) {
    const wanted = qualified(Key, labelNamespace);
    if (Scope === "LABEL") return ({ labels }) => labels.includes(wanted);
    return ({ labels }) => labels.some((label) => label.startsWith(wanted));
  },
};
