import { bounds } from "../base/bounds.ts";

/** Headers whose values are secrets, besides those whose names sound like secrets. */
const secretNames: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);
/** It takes linear time, because it only has alternatives of fixed words. */
const soundsSecret = /api[-_]?key|passw(?:or)?d|passphrase|secret|token|signature|credential/;

/** Its value is `true`, and people look for it when CORS fails. */
const soundsOnly = "access-control-allow-credentials";

/** Decisions about names that repeat, for a bounded number of short names. */
const knownNames = new Map<string, boolean>();

/** Returns whether the value of a header or parameter of this name is a secret. */
export function isSecretName(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  const isSecret = secretNames.has(lower) || (soundsSecret.test(lower) && lower !== soundsOnly);
  if (knownNames.size < 1_000 && name.length <= 64) knownNames.set(name, isSecret);
  return isSecret;
}

/**
 * AWS: API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs": authorization headers and API keys are
 * redacted. As observed: asterisks, and the last six characters. Portico never shows more than a quarter of the value.
 */
export function maskValue(value: string): string {
  const shown = Math.min(6, Math.floor(value.length / 4));
  return "*".repeat(value.length - shown) + value.slice(value.length - shown);
}

/** Returns a query as received with `mask` in the place of values whose names sound like secrets, however they are encoded. */
export const maskQuery = (query: string, mask: string): string =>
  query
    .split("&")
    .map((pair) => {
      const equals = pair.indexOf("=");
      return equals >= 0 && isSecretName(parameterName(pair.slice(0, equals)))
        ? pair.slice(0, equals + 1) + mask
        : pair;
    })
    .join("&");

/** Returns a parameter's name as whoever reads it decodes it. */
const parameterName = (name: string): string =>
  name.includes("%")
    ? name.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    : name;

/** Shorter values are masked under their own names only, because elsewhere such a text may be anything. */
const recognisedChars = 8;

/** The secrets in a request, which are masked wherever else they turn up: in bodies, templates and URIs. */
export class Secrets {
  readonly #masks = new Map<string, string>();
  /** Names, in lower case, whose values are secrets in this request only. */
  readonly #names = new Set<string>();
  /** The length of the longest secret. A text that will be cut has to be masked with so many more characters. */
  charsMax = 0;

  /** Learns that the values of a header or parameter are secrets, whatever it is called. */
  learnName(name: string): void {
    this.#names.add(name.toLowerCase());
  }

  #isSecret(name: string): boolean {
    return isSecretName(name) || (this.#names.size > 0 && this.#names.has(name.toLowerCase()));
  }

  /** Learns the secrets among names and values (in turn). */
  learn(pairs: readonly string[]): void {
    for (let index = 0; index < pairs.length; index += 2) {
      if (this.#isSecret(pairs[index]!)) this.#learn(pairs[index + 1]!);
    }
  }

  /** Returns names and values (in turn) with secrets masked. */
  maskPairs(pairs: readonly string[]): string[] {
    const masked = [...pairs];
    for (let index = 0; index < pairs.length; index += 2) {
      if (!this.#isSecret(pairs[index]!)) continue;
      this.#learn(pairs[index + 1]!);
      masked[index + 1] = maskValue(pairs[index + 1]!);
    }
    return masked;
  }

  /** Returns a URI with user, password, query parameters with secret names, and known secrets masked. */
  maskUri(given: string): string {
    const uri = given.includes("@") ? given.replace(/^([a-z]+:\/\/)[^/?#@]*@/i, "$1***@") : given;
    const question = uri.indexOf("?");
    if (question < 0) return this.mask(uri);
    const query = uri
      .slice(question + 1)
      .split("&")
      .map((pair) => {
        const equals = pair.indexOf("=");
        if (equals < 0 || !this.#isSecret(parameterName(pair.slice(0, equals)))) return pair;
        const value = pair.slice(equals + 1);
        this.#learn(value);
        return `${pair.slice(0, equals)}=${maskValue(value)}`;
      });
    return this.mask(`${uri.slice(0, question)}?${query.join("&")}`);
  }

  mask(text: string): string {
    if (this.#masks.size === 0) return text;
    let masked = text;
    for (const [secret, mask] of this.#masks)
      if (masked.includes(secret)) masked = masked.replaceAll(secret, () => mask);
    return masked;
  }

  /** Learns a value, its parts (`Bearer …`, cookies), and their forms in URIs and JSON. */
  #learn(value: string): void {
    // The other parts of a signature, such as the names of headers, are not secret.
    const secrets = value.startsWith("AWS4-") ? (/Signature=[0-9a-f]+/.exec(value)?.[0] ?? "") : value;
    const parts = secrets.split(/[\s;,]+/).map((part) => part.slice(part.indexOf("=") + 1));
    for (const secret of new Set([value, ...parts])) {
      if (secret.length < recognisedChars) continue;
      const encoded = encodeURIComponent(secret.toWellFormed());
      // A header's value is bytes. If it is text, they are UTF-8.
      const text = Buffer.from(secret, "latin1").toString("utf8");
      for (const form of [secret, encoded, JSON.stringify(secret).slice(1, -1), text]) {
        if (this.#masks.size >= secretsMax) return;
        this.#masks.set(form, maskValue(form));
        this.charsMax = Math.max(this.charsMax, form.length);
      }
    }
  }
}

/** The limit for one request: a cookie header may have hundreds of parts. */
const secretsMax = bounds.secretsMax.value;
