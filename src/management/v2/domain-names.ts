import { type DomainName, domainNameKey, domainNameKinds } from "../../definition/domain-name.ts";
import { notFound } from "../../protocol/errors.ts";
import { documents } from "./work.ts";

/**
 * The documents of domain names, which are those of version 1. Only routing rules can be asked for by a private one, with
 * its id.
 */
export const domainNames = documents({
  kind: domainNameKinds.domainName,
  member: "DomainName",
  idOf: (domainName: DomainName) => domainNameKey(domainName),
  idFrom(domainName, input) {
    const domainNameId = input["DomainNameId"];
    // The plus sign belongs to the document's id and can't be part of a name.
    if (domainName.includes("+")) return undefined;
    return typeof domainNameId === "string" && domainNameId !== ""
      ? domainNameKey({ domainName, domainNameId })
      : domainName;
  },
  missing: () => notFound("Invalid domain name identifier specified"),
});
