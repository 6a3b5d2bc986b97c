import type { Identity } from "../../access/principal.ts";
import type { Scope } from "../../store/store.ts";

/** A document that something was read from. */
export interface Source {
  readonly scope: Scope;
  readonly kind: string;
  readonly id: string;
}

interface IdentityArn {
  readonly kind: Identity["kind"];
  readonly account: string;
  readonly name: string;
}

/**
 * Returns the parts of the ARN of a user, a role or a root; undefined for another text. AWS: IAM User Guide, "IAM
 * identifiers".
 */
export function parseIdentityArn(arn: string): IdentityArn | undefined {
  const root = /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(arn);
  if (root !== null) return { kind: "root", account: root[1]!, name: "root" };
  const parts = /^arn:aws[a-z-]*:iam::(\d{12}):(user|role)\/(?:[\x21-\x7e]{1,510}\/)?([\w+=,.@-]{1,64})$/.exec(arn);
  return parts === null ? undefined : { kind: parts[2] as "user" | "role", account: parts[1]!, name: parts[3]! };
}
