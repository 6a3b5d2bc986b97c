import { addressText, linkAddresses } from "../forwarded-address.ts";
import { InvalidRules, NotEvaluable, type StatementType } from "../statement-type.ts";
import type { AsnMatchStatement, GeoMatchStatement } from "../web-acl.ts";

/** AWS: AWS WAF Developer Guide, "Geographic match rule statement". */
export const geoMatchStatement: StatementType<GeoMatchStatement> = {
  synopsis: "the request comes from one of some countries",
  validate({ CountryCodes = [] }) {
    if (CountryCodes.length === 0) throw new InvalidRules("GEO_MATCH_STATEMENT", "CountryCodes", "It is empty.");
  },
  capacity: () => 1,
  link({ CountryCodes = [], ForwardedIPConfig }, { geo }) {
    const country = geo?.country?.bind(geo);
    if (country === undefined) {
      throw new NotEvaluable("GeoMatchStatement without a database of addresses (--geo-database)");
    }
    const countries = new Set(CountryCodes);
    const isForwarded = ForwardedIPConfig !== undefined;
    const read = linkAddresses(ForwardedIPConfig);
    return (evaluation) => {
      const keys = read(evaluation);
      if (typeof keys === "boolean") return keys;
      const found = country(addressText(keys[0]!));
      if (found === undefined) return false;
      const source = isForwarded ? "forwardedip" : "clientip";
      // AWS: the statement adds these whether it matches or not.
      evaluation.labels.push(`awswaf:${source}:geo:country:${found.country}`);
      evaluation.labels.push(`awswaf:${source}:geo:region:${found.country}-${found.region ?? "XX"}`);
      return countries.has(found.country);
    };
  },
};

export const asnMatchStatement: StatementType<AsnMatchStatement> = {
  synopsis: "the request comes from one of some autonomous systems",
  validate: () => undefined,
  capacity: () => 1,
  link({ AsnList, ForwardedIPConfig }, { geo }) {
    const asn = geo?.asn?.bind(geo);
    if (asn === undefined) throw new NotEvaluable("AsnMatchStatement without a database of autonomous systems");
    const wanted = new Set(AsnList);
    const read = linkAddresses(ForwardedIPConfig);
    return (evaluation) => {
      const keys = read(evaluation);
      if (typeof keys === "boolean") return keys;
      // AWS: "ASN match rule statement": 0 for an address without one.
      return wanted.has(asn(addressText(keys[0]!)) ?? 0);
    };
  },
};
