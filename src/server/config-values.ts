import { isIP } from "node:net";
import { resolve } from "node:path";
import { parseIpNetwork } from "../base/ip-address.ts";
import { UserError } from "../base/user-error.ts";
import type { VpcEndpoint } from "../http/listener.ts";

/** The forms of a setting's value in a flag, a variable or portico.yaml. */
export type ConfigValueForm =
  | { readonly kind: "path"; readonly of: "directory" | "file" }
  /** A path, or `-`. */
  | { readonly kind: "sink" }
  | { readonly kind: "switch" }
  /** An address of this machine, or `localhost`. */
  | { readonly kind: "host" }
  | { readonly kind: "origin-url" }
  /** A URL below which paths are added. */
  | { readonly kind: "base-url" }
  /** `HOST:PORT` */
  | { readonly kind: "address" }
  /** `NAME=VALUE`, which no message shows. */
  | { readonly kind: "secret-headers" }
  /** Visible ASCII characters, which no message shows. */
  | { readonly kind: "secret" }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "bytes"; readonly min: number; readonly max: number }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  /** Some of a list of names. */
  | { readonly kind: "choices"; readonly of: readonly string[] }
  | { readonly kind: "names" }
  | { readonly kind: "origins" }
  /** `NAME=HOST:PORT`, where a name may be repeated; in YAML a mapping. */
  | { readonly kind: "addresses" }
  /** Addresses and networks: `10.0.0.0/8`. */
  | { readonly kind: "networks" }
  /** `VPCE=NETWORK` or `VPCE/VPC=NETWORK`, where more networks may follow; in YAML a mapping. */
  | { readonly kind: "vpc-endpoints" }
  /** URLs of OpenID providers by the ids or ARNs of user pools. */
  | { readonly kind: "issuers" }
  /** Origins by name. */
  | { readonly kind: "origin-urls" }
  /** Whole numbers by name. */
  | {
      readonly kind: "numbers";
      readonly names: readonly string[];
      readonly min: number;
      readonly max: number;
      /** Names whose numbers may not be as low as `min`. */
      readonly mins?: Readonly<Partial<Record<string, number>>>;
    };

const kib = 1024;
const mib = 1024 * kib;

/** Returns the value, or a description of what is allowed. */
type Parse<K extends ConfigValueForm["kind"]> = (
  value: unknown,
  rule: Extract<ConfigValueForm, { kind: K }>,
  base: string,
) => { readonly value: unknown } | WantedValue;

interface WantedValue {
  readonly wanted: string;
  readonly why?: string;
  /** The value is not shown. */
  readonly isSecret?: boolean;
}

const parsers: { readonly [K in ConfigValueForm["kind"]]: Parse<K> } = {
  path: (value, { of }, base) =>
    typeof value === "string" && value !== "" && !value.includes("\0")
      ? { value: resolve(base, value) }
      : { wanted: `the path of a ${of}` },
  sink: (value, _rule, base) =>
    typeof value === "string" && value !== "" && !value.includes("\0")
      ? { value: value === "-" ? "-" : resolve(base, value) }
      : { wanted: "the path of a directory, or - for standard output" },
  switch: (value) => {
    if (typeof value === "boolean") return { value };
    if (value === "true" || value === "1") return { value: true };
    if (value === "false" || value === "0") return { value: false };
    return { wanted: "true or false" };
  },
  host: (value) =>
    typeof value === "string" && (value === "localhost" || isIP(value) !== 0)
      ? { value }
      : { wanted: "an IP address of this machine, such as 127.0.0.1, ::1 or 0.0.0.0, or localhost" },
  "origin-url": (value) => {
    const origin = parseOrigin(value);
    return origin === undefined ? { wanted: originWanted } : { value: origin };
  },
  "base-url": (value) => {
    const url = typeof value === "string" ? URL.parse(value) : null;
    const isBase = url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "";
    return isBase && url.username === "" && url.password === ""
      ? { value: url.href.replace(/\/+$/, "") }
      : { wanted: "a URL http://… or https://… without user, query and fragment" };
  },
  address: (value) =>
    typeof value === "string" && /:\d{1,5}$/.test(value) && isAddress(value)
      ? { value }
      : { wanted: "a host and a port, such as 127.0.0.1:2000" },
  "secret-headers": (value) => {
    const headers: Record<string, string> = {};
    for (const [name, text] of pairs(value) ?? [["", ""]]) {
      if (!/^[\w-]{1,64}$/.test(name) || !/^[ -~]{1,4000}$/.test(text)) {
        return { wanted: "NAME=VALUE: a header's name, and visible ASCII characters", isSecret: true };
      }
      headers[name.toLowerCase()] = text;
    }
    return { value: headers };
  },
  issuers: (value) => {
    const issuers: Record<string, string> = {};
    for (const [pool, issuer] of pairs(value) ?? [["", ""]]) {
      const id = /^(?:arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool\/)?([\w-]{1,64})$/.exec(pool)?.[1];
      if (id === undefined || !isIssuer(issuer)) {
        return { wanted: "POOL=ISSUER: a user pool's id or ARN, and a URL http://… or https://…" };
      }
      issuers[id] = issuer;
    }
    return { value: issuers };
  },
  "origin-urls": (value) => {
    const origins: Record<string, string> = {};
    for (const [name, text] of pairs(value) ?? [["", ""]]) {
      const origin = parseOrigin(text);
      if (!/^(\*|[\w .-]{1,64})$/.test(name) || origin === undefined) {
        return { wanted: `SERVICE=URL, each URL ${originWanted}` };
      }
      origins[name] = origin;
    }
    return { value: origins };
  },
  secret: (value) =>
    typeof value === "string" && /^[!-~]{16,1000}$/.test(value)
      ? { value }
      : {
          wanted: "16 to 1000 visible ASCII characters, such as those of `openssl rand -hex 32`",
          isSecret: true,
        },
  integer: (value, { min, max }) => {
    const number = typeof value === "string" && /^\d{1,10}$/.test(value) ? Number(value) : value;
    return typeof number === "number" && Number.isInteger(number) && number >= min && number <= max
      ? { value: number }
      : { wanted: `a whole number from ${min} to ${max}` };
  },
  bytes: (value, { min, max }) => {
    const match = /^(\d{1,12})\s*(B|KB|MB)?$/i.exec(String(value));
    const unit = { B: 1, KB: kib, MB: mib }[match?.[2]?.toUpperCase() ?? "B"];
    const bytes = match && unit ? Number(match[1]) * unit : Number.NaN;
    return bytes >= min && bytes <= max
      ? { value: bytes }
      : { wanted: `a size from ${showBytes(min)} to ${showBytes(max)}, such as ${showBytes(max / 8)}` };
  },
  choice: (value, { of }) =>
    typeof value === "string" && of.includes(value) ? { value } : { wanted: `one of ${of.join(", ")}` },
  choices: (value, { of }) => {
    const chosen = texts(value);
    return chosen?.every((one) => of.includes(one))
      ? { value: [...new Set(chosen)] }
      : { wanted: `some of ${of.join(", ")}` };
  },
  names: (value) => {
    const names = texts(value)?.map((name) => name.toLowerCase());
    return names?.every((name) => name.length <= 253 && /^[a-z0-9]([a-z0-9-.]*[a-z0-9])?$/.test(name))
      ? { value: names }
      : { wanted: "host names, separated by commas, such as gateway.example.com" };
  },
  origins: (value) => {
    const origins = texts(value);
    return origins?.every((origin) => origin === "null" || URL.parse(origin)?.origin === origin)
      ? { value: origins }
      : { wanted: "web origins, separated by commas, each with its scheme and no path, such as http://localhost:3000" };
  },
  numbers: (value, { names, min, max, mins = {} }) => {
    const numbers: Record<string, number> = {};
    const wanted = `NAME=N, N from ${min} to ${max}, and NAME one of ${names.join(", ")}`;
    for (const [name, text] of pairs(value) ?? [["", ""]]) {
      const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
      if (!names.includes(name) || !(number >= min && number <= max)) return { wanted };
      const ownMin = mins[name];
      if (ownMin !== undefined && number < ownMin) return { wanted: `${name}=N, N from ${ownMin} to ${max}` };
      numbers[name] = number;
    }
    return { value: numbers };
  },
  networks: (value) => {
    const networks = texts(value)?.map(parseIpNetwork);
    return networks?.every((network) => network !== undefined)
      ? { value: networks }
      : { wanted: "addresses or networks, separated by commas, such as 127.0.0.1,10.0.0.0/8" };
  },
  "vpc-endpoints": (value) => {
    const wanted =
      "VPC endpoints with the networks whose clients come through them, such as vpce-0a1b2c=10.0.0.0/8 or, with the VPC, " +
      "vpce-0a1b2c/vpc-0d4e5f=10.0.0.0/8,172.16.0.0/12";
    const endpoints: VpcEndpoint[] = [];
    let last = "";
    for (const [name, text] of pairs(value) ?? [["", ""]]) {
      // In a list with commas, a network alone belongs to the endpoint before it.
      const [endpoint, network] = text === "" ? [last, parseIpNetwork(name)] : [name, parseIpNetwork(text)];
      const ids = /^(vpce-[0-9a-z]{1,32})(?:\/(vpc-[0-9a-z]{1,32}))?$/.exec(endpoint);
      if (ids === null || network === undefined) return { wanted };
      endpoints.push({ id: ids[1]!, vpcId: ids[2], network });
      last = endpoint;
    }
    // Where networks overlap, the smallest one says more.
    endpoints.sort((left, right) => right.network.prefixBits - left.network.prefixBits);
    return { value: endpoints };
  },
  addresses: (value) => {
    const wanted =
      "names with addresses, such as orders=127.0.0.1:8081; whether TLS is spoken is said by the integration's URI";
    const addresses: Record<string, string[]> = Object.create(null);
    for (const [name, address] of pairs(value, "last") ?? [["", ""]]) {
      if (name === "" || !isAddress(address)) return { wanted };
      addresses[name] = [...(addresses[name] ?? []), address];
    }
    return { value: { ...addresses } };
  },
};

/**
 * Reads a setting as it was written at `where`; a path is relative to `base`. Throws a `UserError` that says what is
 * allowed.
 */
export function parseValue(form: ConfigValueForm, value: unknown, where: string, base: string): unknown {
  const parse = parsers[form.kind] as Parse<ConfigValueForm["kind"]>;
  const parsed = parse(value, form as never, base);
  if ("value" in parsed) return parsed.value;
  throw wrongValue(where, value, parsed);
}

export function wrongValue(
  where: string,
  value: unknown,
  { wanted, why = "", isSecret = false }: WantedValue,
): UserError {
  const isFlags = Array.isArray(value) && value.every((one) => typeof one === "string");
  const shown = isFlags ? value.join(", ") : typeof value === "string" ? value : JSON.stringify(value);
  const named = isSecret ? "this value" : `"${shown?.slice(0, 200)}"`;
  return new UserError({
    what: `${where}: ${shown === "" || shown === undefined ? "an empty value" : named} is not accepted.`,
    why,
    next: `It takes ${wanted}.`,
    // A variable, or a line of portico.yaml, is not the command line.
    isUsage: where.startsWith("--"),
  });
}

/** Returns the origin of a URL that has scheme, host and port only; undefined for anything else. */
export function parseOrigin(value: unknown): string | undefined {
  const url = typeof value === "string" ? URL.parse(value) : null;
  const isOrigin =
    url !== null &&
    (url.protocol === "http:" || url.protocol === "https:") &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "" &&
    url.username === "" &&
    url.password === "";
  return isOrigin ? url.origin : undefined;
}

export const originWanted = "the URL of a server without a path, such as http://localhost:4567";

/** Reads a list: a YAML sequence, a repeated flag, or one text with commas. */
function texts(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value : [value];
  if (!list.every((item) => typeof item === "string")) return undefined;
  return list
    .flatMap((item) => item.split(","))
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** Reads names with their values: a YAML mapping, or a list of `NAME=VALUE`. */
function pairs(value: unknown, at: "first" | "last" = "first"): [name: string, value: string][] | undefined {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, member]) => [member].flat().map((each) => [name, String(each)]));
  }
  return texts(value)?.map((text) => {
    const sign = at === "first" ? text.indexOf("=") : text.lastIndexOf("=");
    return sign < 0 ? [text, ""] : [text.slice(0, sign).trim(), text.slice(sign + 1).trim()];
  });
}

/** OpenID Connect Core 1.0, "Issuer Identifier": a URL without a query and a fragment. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  return isPlain && !/[?#\s]/.test(text) && text.length <= 1_000;
}

/** Returns whether a text is `host` or `host:port`, with an IPv6 address in brackets. */
function isAddress(text: string): boolean {
  if (text.length > 300 || !/^(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::\d{1,5})?$/i.test(text)) return false;
  return URL.parse(`http://${text}/`) !== null;
}

export const showBytes = (bytes: number): string => (bytes >= mib ? `${bytes / mib}MB` : `${bytes / kib}KB`);

/** Returns whether only this machine can reach this host. */
export function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}
