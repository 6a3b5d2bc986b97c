import { linkAddresses } from "../forwarded-address.ts";
import { IpRanges, isIpv4Key } from "../ip-ranges.ts";
import { InvalidRules, NotEvaluable, type StatementType } from "../statement-type.ts";
import type { IpSetReferenceStatement } from "../web-acl.ts";

export const ipSetStatement: StatementType<IpSetReferenceStatement> = {
  synopsis: "the request comes from an address of a set",
  validate({ ARN }, { parts }) {
    if (parts.ipSets[ARN] !== undefined) return;
    throw new InvalidRules("IP_SET_REFERENCE_STATEMENT", ARN, "A reference in your rule statement is not valid.");
  },
  // AWS: "IP set match rule statement".
  capacity: ({ IPSetForwardedIPConfig }) => (IPSetForwardedIPConfig?.Position === "ANY" ? 5 : 1),
  link({ ARN, IPSetForwardedIPConfig }, { parts }) {
    const set = parts.ipSets[ARN];
    if (set === undefined) throw new NotEvaluable(`the IP set ${ARN} does not exist`);
    const ranges = new IpRanges(set.Addresses);
    const isIpv4 = set.IPAddressVersion === "IPV4";
    const read = linkAddresses(IPSetForwardedIPConfig);
    return (evaluation) => {
      const keys = read(evaluation);
      return typeof keys === "boolean" ? keys : keys.some((key) => isIpv4Key(key) === isIpv4 && ranges.has(key));
    };
  },
};
