import type { Evaluation } from "../evaluation.ts";
import { headerOf } from "../evaluation.ts";
import { addressText, linkAddresses } from "../forwarded-address.ts";
import { checkTransformations, requireOne } from "../inspection.ts";
import { argumentsOf, cookiesOf, decoded } from "../inspectors.ts";
import { InvalidRules, NotEvaluable, type StatementLinking, type StatementType } from "../statement-type.ts";
import { linkTransformations, lowerCase, stepsPerByte } from "../text-transformations.ts";
import type { Fallback, RateBasedStatement, RateKey, TextTransformation } from "../web-acl.ts";
import { qualified } from "./label-match.ts";

/** Returns a part of the key that requests are counted by, or undefined for a request that is not counted. */
type ReadKey = (evaluation: Evaluation) => string | undefined;
type LinkKey<Kind extends keyof RateKey> = (
  key: NonNullable<RateKey[Kind]>,
  statement: RateBasedStatement,
  linking: StatementLinking,
) => ReadKey;

const field = "RATE_BASED_STATEMENT";
const windows = [60, 120, 300, 600];

const transforming = (transformations: readonly TextTransformation[], read: ReadKey): ReadKey => {
  const transform = linkTransformations(transformations);
  if (transform === undefined) return read;
  const perByte = stepsPerByte(transformations);
  return (evaluation) => {
    const text = read(evaluation);
    if (text === undefined) return undefined;
    evaluation.spend(text.length * perByte);
    return transform(text);
  };
};

function readAddress(config: RateBasedStatement["ForwardedIPConfig"]): ReadKey {
  const read = linkAddresses(config);
  return (evaluation) => {
    const addresses = read(evaluation);
    // Under MATCH, requests whose header has no address are counted together.
    if (typeof addresses === "boolean") return addresses ? "no address" : undefined;
    return addressText(addresses[0]!);
  };
}

const fingerprint = ({ FallbackBehavior }: { readonly FallbackBehavior: Fallback }): ReadKey =>
  FallbackBehavior === "MATCH" ? () => "no fingerprint" : () => undefined;

const keys: { readonly [Kind in keyof RateKey]-?: LinkKey<Kind> } = {
  Header: ({ Name, TextTransformations }) => {
    const name = Name.toLowerCase();
    return transforming(TextTransformations, ({ request }) => headerOf(request, name));
  },
  Cookie: ({ Name, TextTransformations }) =>
    transforming(TextTransformations, ({ request }) => cookiesOf(request).find(([name]) => name === Name)?.[1]),
  QueryArgument: ({ Name, TextTransformations }) => {
    const wanted = Name.toLowerCase();
    return transforming(
      TextTransformations,
      ({ request }) => argumentsOf(request.query).find(([name]) => lowerCase(decoded(name)) === wanted)?.[1],
    );
  },
  QueryString: ({ TextTransformations }) =>
    transforming(TextTransformations, ({ request }) => (request.query === "" ? undefined : request.query)),
  UriPath: ({ TextTransformations }) => transforming(TextTransformations, ({ request }) => request.path),
  HTTPMethod:
    () =>
    ({ request }) =>
      request.method,
  ForwardedIP: (_, { ForwardedIPConfig }) => readAddress(ForwardedIPConfig),
  IP: () => readAddress(undefined),
  LabelNamespace: ({ Namespace }, _, { labelNamespace }) => {
    const prefix = qualified(Namespace.endsWith(":") ? Namespace : `${Namespace}:`, labelNamespace);
    return ({ labels }) => {
      const found = labels.filter((label) => label.startsWith(prefix)).sort();
      return found.length === 0 ? undefined : found.join();
    };
  },
  JA3Fingerprint: fingerprint,
  JA4Fingerprint: fingerprint,
  ASN: (_, { ForwardedIPConfig }, { geo }) => {
    const asn = geo?.asn?.bind(geo);
    if (asn === undefined) throw new NotEvaluable("the rate key ASN without a database of autonomous systems");
    const read = readAddress(ForwardedIPConfig);
    return (evaluation) => {
      const address = read(evaluation);
      return address === undefined ? undefined : String(asn(address) ?? 0);
    };
  },
};

/** Returns what reads the key of requests that are counted together. */
function linkKey(statement: RateBasedStatement, linking: StatementLinking): ReadKey {
  switch (statement.AggregateKeyType) {
    case "IP":
      return readAddress(undefined);
    case "FORWARDED_IP":
      return readAddress(statement.ForwardedIPConfig);
    case "CONSTANT":
      return () => "";
    case "CUSTOM_KEYS": {
      const reads = (statement.CustomKeys ?? []).map((key) => {
        const kind = requireOne(key, "CUSTOM_KEYS", "RateBasedStatementCustomKey") as keyof RateKey;
        return (keys[kind] as LinkKey<keyof RateKey>)(key[kind] as never, statement, linking);
      });
      return (evaluation) => {
        let joined = "";
        for (const read of reads) {
          const part = read(evaluation);
          if (part === undefined) return undefined;
          // The length in front keeps two lists of parts from making one key.
          joined += `${part.length}:${part}`;
        }
        return joined;
      };
    }
  }
}

/**
 * Counts requests and matches those beyond a limit.
 * AWS: AWS WAF Developer Guide, "Rate-based rule statement": requests that lack a part of the key are neither counted
 * nor limited.
 */
export const rateBasedStatement: StatementType<RateBasedStatement> = {
  synopsis: "more requests came with the same key than a limit allows",
  validate(statement, { nested, place }) {
    const {
      AggregateKeyType,
      CustomKeys,
      EvaluationWindowSec = 300,
      ForwardedIPConfig,
      ScopeDownStatement,
    } = statement;
    if (!place.isTop)
      throw new InvalidRules("STATEMENT", "RateBasedStatement", "A rate-based statement can't be nested.");
    if (!windows.includes(EvaluationWindowSec)) {
      throw new InvalidRules(field, String(EvaluationWindowSec), "It is not 60, 120, 300 or 600.");
    }
    if ((AggregateKeyType === "CUSTOM_KEYS") !== (CustomKeys !== undefined && CustomKeys.length > 0)) {
      throw new InvalidRules("CUSTOM_KEYS", "CustomKeys", "Custom keys go with the aggregate key type CUSTOM_KEYS.");
    }
    if (AggregateKeyType === "CONSTANT" && ScopeDownStatement === undefined) {
      throw new InvalidRules(
        "SCOPE_DOWN",
        "ScopeDownStatement",
        "The aggregate key type CONSTANT needs a scope-down statement.",
      );
    }
    const kinds = (CustomKeys ?? []).map((key) => requireOne(key, "CUSTOM_KEYS", "RateBasedStatementCustomKey"));
    const isForwarded = AggregateKeyType === "FORWARDED_IP" || kinds.includes("ForwardedIP");
    if (isForwarded && ForwardedIPConfig === undefined) {
      throw new InvalidRules("FORWARDED_IP_CONFIG", "ForwardedIPConfig", "A forwarded IP needs a configuration.");
    }
    if (kinds.length === 1 && (kinds[0] === "IP" || kinds[0] === "ForwardedIP")) {
      throw new InvalidRules("CUSTOM_KEYS", kinds[0], "An IP address needs another key beside it.");
    }
    for (const key of CustomKeys ?? []) {
      for (const one of [key.Header, key.Cookie, key.QueryArgument, key.QueryString, key.UriPath]) {
        if (one !== undefined) checkTransformations(one.TextTransformations);
      }
    }
    if (ScopeDownStatement !== undefined) nested(ScopeDownStatement);
  },
  // AWS: "Rate-based rule statement": 2, 30 for each custom key, and the scope-down statement's.
  capacity: ({ CustomKeys = [], ScopeDownStatement }, { nested }) =>
    2 + CustomKeys.length * 30 + (ScopeDownStatement === undefined ? 0 : nested(ScopeDownStatement)),
  link(statement, linking) {
    const { Limit, EvaluationWindowSec = 300, ScopeDownStatement } = statement;
    const isInScope = ScopeDownStatement === undefined ? undefined : linking.nested(ScopeDownStatement);
    const read = linkKey(statement, linking);
    const windowMs = EvaluationWindowSec * 1000;
    const { rates, ruleKey } = linking;
    return (evaluation) => {
      if (isInScope?.(evaluation) === false) return false;
      const key = read(evaluation);
      if (key === undefined) return false;
      evaluation.spend(key.length);
      return rates.count(`${ruleKey}\n${key}`, windowMs, evaluation.nowMs) > Limit;
    };
  },
};
