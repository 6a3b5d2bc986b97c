import { parseIpAddress } from "../base/ip-address.ts";

/** An address as 16 characters, one for each byte of IPv6, so that texts compare as addresses do. */
export type AddressKey = string;

const mapped = `${"\0".repeat(10)}\xff\xff`;

/** Reads an address; undefined if the text is none. An IPv4 address has the key of its IPv6 form (RFC 4291 §2.5.5.2). */
export function parseAddress(text: string): AddressKey | undefined {
  const address = parseIpAddress(text);
  if (address === undefined) return undefined;
  const bytes = address.words.flatMap((word) => [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff]);
  return (address.family === 4 ? mapped : "") + String.fromCharCode(...bytes);
}

export const isIpv4Key = (key: AddressKey): boolean => key.startsWith(mapped);

/** A block of addresses in CIDR notation, as its first and last address; undefined if the text is none. */
export function parseCidr(
  text: string,
):
  | { readonly version: "IPV4" | "IPV6"; readonly bits: number; readonly first: string; readonly last: string }
  | undefined {
  const [, address = "", length] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const key = parseAddress(address);
  if (key === undefined || length === undefined) return undefined;
  const version = address.includes(":") ? "IPV6" : "IPV4";
  const bits = Number(length);
  if (bits > (version === "IPV4" ? 32 : 128)) return undefined;
  const fixed = version === "IPV4" ? 96 + bits : bits;
  let first = "";
  let last = "";
  for (let index = 0; index < 16; index++) {
    const mask = (0xff00 >> Math.min(8, Math.max(0, fixed - index * 8))) & 0xff;
    const value = key.charCodeAt(index);
    first += String.fromCharCode(value & mask);
    last += String.fromCharCode((value & mask) | (~mask & 0xff));
  }
  return { version, bits, first, last };
}

/** A set of addresses. Looking one up takes the logarithm of the number of blocks. */
export class IpRanges {
  readonly #firsts: string[] = [];
  readonly #lasts: string[] = [];

  /** Throws for a text that is no block. */
  constructor(cidrs: readonly string[]) {
    const blocks = cidrs.map((cidr) => {
      const block = parseCidr(cidr);
      if (block === undefined) throw new Error(`${cidr.slice(0, 64)} is no block of addresses`);
      return block;
    });
    blocks.sort((left, right) => (left.first < right.first ? -1 : left.first > right.first ? 1 : 0));
    for (const { first, last } of blocks) {
      const before = this.#lasts.length - 1;
      if (before >= 0 && first <= this.#lasts[before]!) {
        if (last > this.#lasts[before]!) this.#lasts[before] = last;
      } else {
        this.#firsts.push(first);
        this.#lasts.push(last);
      }
    }
  }

  has(address: AddressKey): boolean {
    let low = 0;
    let high = this.#firsts.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if (this.#firsts[middle]! > address) high = middle - 1;
      else if (this.#lasts[middle]! < address) low = middle + 1;
      else return true;
    }
    return false;
  }
}
