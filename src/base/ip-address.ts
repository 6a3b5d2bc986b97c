import { bounds } from "./bounds.ts";

/** An IP address as 32-bit words: one for IPv4, four for IPv6. An IPv4 address that is mapped into IPv6 is IPv4. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly words: readonly number[];
}

/** All addresses that begin with the same bits. */
export interface IpNetwork {
  readonly address: IpAddress;
  readonly prefixBits: number;
}

/**
 * Parses an address without port and zone: four decimal numbers without leading zeros, or IPv6 as RFC 4291 §2.2 writes it.
 * Returns undefined for anything else.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > bounds.ipAddressCharsMax.value) return undefined;
  if (!text.includes(":")) {
    const word = parseIpv4(text);
    return word === undefined ? undefined : { family: 4, words: [word] };
  }
  const groups = parseIpv6(text);
  if (groups === undefined) return undefined;
  const words = [0, 2, 4, 6].map((at) => ((groups[at]! << 16) | groups[at + 1]!) >>> 0);
  // RFC 4291 §2.5.5.2. A listener on :: sees IPv4 clients in this form.
  const isMapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
  return isMapped ? { family: 4, words: [words[3]!] } : { family: 6, words };
}

/** Parses `10.0.0.0/8`, `2001:db8::/32`, or an address, which is a network of its own. Bits behind the prefix are ignored. */
export function parseIpNetwork(text: string): IpNetwork | undefined {
  const slash = text.indexOf("/");
  const written = slash < 0 ? text : text.slice(0, slash);
  const address = parseIpAddress(written);
  if (address === undefined) return undefined;
  const bitsMax = address.words.length * 32;
  if (slash < 0) return { address, prefixBits: bitsMax };
  const bits = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(bits)) return undefined;
  // The 96 bits of the mapping are a part of `::ffff:10.0.0.0/104`.
  const prefixBits = Number(bits) - (address.family === 4 && written.includes(":") ? 96 : 0);
  return prefixBits < 0 || prefixBits > bitsMax ? undefined : { address, prefixBits };
}

/** Returns whether the address is in the network. IPv4 addresses are in no IPv6 network, and the other way round. */
export function isInNetwork({ family, words }: IpAddress, { address, prefixBits }: IpNetwork): boolean {
  if (family !== address.family) return false;
  let left = prefixBits;
  for (let index = 0; left > 0; index++, left -= 32) {
    const differs = words[index]! ^ address.words[index]!;
    if (left >= 32 ? differs !== 0 : differs >>> (32 - left) !== 0) return false;
  }
  return true;
}

/** Writes an address in its one usual form: RFC 5952 for IPv6. */
export function formatIpAddress({ family, words }: IpAddress): string {
  if (family === 4) return formatIpv4(words[0]!);
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  let [from, length] = [-1, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (end < 8 && groups[end] === 0) end++;
    if (end - at > length) [from, length] = [at, end - at];
  }
  const write = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  return from < 0 ? write(groups) : `${write(groups.slice(0, from))}::${write(groups.slice(from + length))}`;
}

const formatIpv4 = (word: number): string =>
  `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;

/** Returns the four numbers as one word. A leading zero is refused: some read what follows it as octal. */
function parseIpv4(text: string): number | undefined {
  let word = 0;
  let parts = 0;
  let digits = 0;
  let part = 0;
  for (let index = 0; index <= text.length; index++) {
    const code = index === text.length ? 0x2e : text.charCodeAt(index);
    if (code === 0x2e) {
      if (digits === 0 || part > 255 || ++parts > 4) return undefined;
      word = word * 256 + part;
      digits = 0;
      part = 0;
    } else {
      if (code < 0x30 || code > 0x39 || digits === 3 || (digits > 0 && part === 0)) return undefined;
      part = part * 10 + (code - 0x30);
      digits++;
    }
  }
  return parts === 4 ? word : undefined;
}

/** Returns the eight groups of 16 bits. */
function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => parseGroups(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  // `::` stands for one group of zeros at least.
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string, isLast: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else {
      const word = isLast && index === parts.length - 1 ? parseIpv4(part) : undefined;
      if (word === undefined) return undefined;
      groups.push(word >>> 16, word & 0xffff);
    }
  }
  return groups;
}
