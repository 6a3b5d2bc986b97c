/**
 * The Principal and NotPrincipal elements of resources' and trust policies. AWS: IAM User Guide, "AWS JSON policy
 * elements: Principal", "AWS JSON policy elements: NotPrincipal".
 */
import { isObject } from "../base/json-object.ts";
import type { AwsPrincipal, Grantee, PolicyRequest } from "./policy.ts";
import type { Match } from "./policy-variables.ts";
import { compilePattern, patternParts, type TextTest } from "./wildcards.ts";

export interface PrincipalTest {
  matches(request: PolicyRequest): Match;
  /** Returns how the element, which matches, names the caller. */
  granteeOf(request: PolicyRequest): Grantee;
}

type Names = Readonly<Record<PrincipalKind, readonly string[]>>;
const principalKinds = ["AWS", "CanonicalUser", "Federated", "Service"] as const;
type PrincipalKind = (typeof principalKinds)[number];

/** The principals that one element names, prepared. */
class NamedPrincipals {
  readonly isEverybody: boolean;
  readonly #names: ReadonlySet<string>;
  readonly #accounts: ReadonlySet<string>;
  readonly #services: ReadonlySet<string>;
  readonly #federated: ReadonlySet<string>;
  /** AWS: nobody is named by a part of a name. Whoever writes a wildcard in a Deny means all whom it matches. */
  readonly #patterns: readonly TextTest[];
  readonly #hasUnknown: boolean;
  readonly #hasServicePattern: boolean;
  readonly #hasFederatedPattern: boolean;

  constructor({ AWS, CanonicalUser, Federated, Service }: Names) {
    this.isEverybody = AWS.includes("*");
    this.#names = new Set(AWS);
    this.#accounts = new Set(AWS.flatMap((name) => accountNamed(name) ?? []));
    this.#services = new Set(Service);
    this.#federated = new Set(Federated);
    this.#patterns = AWS.filter(hasWildcard).map((name) => compilePattern(patternParts(name)));
    this.#hasUnknown = CanonicalUser.length > 0;
    this.#hasServicePattern = Service.some((name) => /[*?]/.test(name));
    this.#hasFederatedPattern = Federated.some((name) => /[*?]/.test(name));
  }

  /** Returns whether the caller is named in any way. */
  names({ servicePrincipal, awsPrincipal, federatedPrincipal }: PolicyRequest): Match {
    if (this.isEverybody) return "yes";
    let isUnknown = false;
    if (servicePrincipal !== undefined) {
      if (this.#services.has(servicePrincipal)) return "yes";
      isUnknown ||= this.#hasServicePattern;
    }
    if (federatedPrincipal !== undefined) {
      if (this.#federated.has(federatedPrincipal)) return "yes";
      isUnknown ||= this.#hasFederatedPattern;
    }
    if (awsPrincipal !== undefined) {
      if (this.namesAccount(awsPrincipal) || this.countNamed(awsPrincipal) > 0) return "yes";
      // Nobody here knows accounts' canonical ids.
      isUnknown ||= this.#hasUnknown || this.#patterns.some((test) => awsPrincipal.arns.some(test));
    }
    return isUnknown ? "unknown" : "no";
  }

  namesAccount = ({ account }: AwsPrincipal): boolean => this.#accounts.has(account);

  /** Returns how many of the caller's ARNs (or, for each, its unique id) are named. */
  countNamed({ arns, ids }: AwsPrincipal): number {
    let count = 0;
    for (let index = 0; index < arns.length; index++) if (this.#namesOne(arns[index]!, ids?.[index])) count++;
    return count;
  }

  namesFirst = ({ arns, ids }: AwsPrincipal): boolean => arns[0] !== undefined && this.#namesOne(arns[0], ids?.[0]);

  namesService = (name: string): boolean => this.#services.has(name);
  namesFederated = (name: string): boolean => this.#federated.has(name);

  #namesOne = (arn: string, id: string | undefined): boolean =>
    this.#names.has(arn) || (id !== undefined && this.#names.has(id));
}

const hasWildcard = (name: string): boolean => name !== "*" && /[*?]/.test(name);

/** An account's number and the ARN of its root name every principal of the account. */
const accountNamed = (name: string): string | undefined =>
  /^\d{12}$/.test(name) ? name : /^arn:aws[a-z-]*:iam::(\d{12}):root$/.exec(name)?.[1];

/**
 * Reads a statement's Principal or NotPrincipal. Throws for what is none: whoever was meant can't be known.
 */
export function compilePrincipal(
  { Principal: plain, NotPrincipal: negated }: Readonly<Record<string, unknown>>,
  { isAllow, valuesOf }: { readonly isAllow: boolean; readonly valuesOf: (value: unknown) => readonly string[] },
): PrincipalTest {
  if (plain !== undefined && negated !== undefined) throw new Error("a statement has both Principal and NotPrincipal");
  const named = readPrincipals(plain ?? negated, valuesOf);
  if (negated === undefined) {
    return { matches: (request) => named.names(request), granteeOf: (request) => granteeOf(named, request) };
  }
  return {
    matches: isAllow ? (request) => negate(named.names(request)) : (request) => deniesOthers(named, request),
    granteeOf: () => "caller",
  };
}

function readPrincipals(element: unknown, valuesOf: (value: unknown) => readonly string[]): NamedPrincipals {
  if (element === "*") return new NamedPrincipals({ AWS: ["*"], CanonicalUser: [], Federated: [], Service: [] });
  if (!isObject(element) || Object.keys(element).length === 0) throw new Error("a statement has no Principal");
  for (const [kind, value] of Object.entries(element)) {
    if (!principalKinds.some((known) => known === kind)) {
      throw new Error(`a statement has principals of the kind ${JSON.stringify(kind.slice(0, 64))}, which is none`);
    }
    if (valuesOf(value).length === 0) throw new Error(`a statement's Principal names no ${kind}`);
  }
  const of = (kind: PrincipalKind): readonly string[] => (Object.hasOwn(element, kind) ? valuesOf(element[kind]) : []);
  return new NamedPrincipals({
    AWS: of("AWS"),
    CanonicalUser: of("CanonicalUser"),
    Federated: of("Federated"),
    Service: of("Service"),
  });
}

function granteeOf(named: NamedPrincipals, { awsPrincipal }: PolicyRequest): Grantee {
  if (awsPrincipal === undefined || named.isEverybody) return "caller";
  // A root has no ARN of its own but its account's.
  if (awsPrincipal.arns.length === 0 || named.namesFirst(awsPrincipal)) return "caller";
  return named.countNamed(awsPrincipal) > 0 ? "principal" : "account";
}

const negate = (match: Match): Match => (match === "yes" ? "no" : match === "no" ? "yes" : match);

/**
 * A Deny for all but the named ones spares a caller only if all that it is are named: its session, its role, and its
 * account. AWS: "AWS JSON policy elements: NotPrincipal", Specifying NotPrincipal with Deny.
 */
function deniesOthers(
  named: NamedPrincipals,
  { servicePrincipal, awsPrincipal, federatedPrincipal }: PolicyRequest,
): Match {
  if (named.isEverybody) return "no";
  if (servicePrincipal !== undefined) return named.namesService(servicePrincipal) ? "no" : "yes";
  if (awsPrincipal !== undefined) {
    const isSpared = named.namesAccount(awsPrincipal) && named.countNamed(awsPrincipal) === awsPrincipal.arns.length;
    return isSpared ? "no" : "yes";
  }
  return federatedPrincipal !== undefined && named.namesFederated(federatedPrincipal) ? "no" : "yes";
}
