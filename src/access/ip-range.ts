import { isIPv4, isIPv6 } from "node:net";

/** An address of either family as 128 bits: an IPv4 address is written as the IPv6 address that stands for it. */
interface Address {
  readonly isV4: boolean;
  readonly words: readonly [number, number, number, number];
}

/** Returns an address; undefined if the text is none. An IPv4 address written as an IPv6 one (`::ffff:…`) is IPv4. */
function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) {
    const [a, b, c, d] = text.split(".").map(Number);
    return { isV4: true, words: [0, 0, 0xffff, ((a! << 24) | (b! << 16) | (c! << 8) | d!) >>> 0] };
  }
  if (!isIPv6(text)) return undefined;
  // A zone names an interface of this machine, and is no part of the address.
  const zone = text.indexOf("%");
  const groups = groupsOf(zone < 0 ? text : text.slice(0, zone));
  const word = (index: number): number => ((groups[2 * index]! << 16) | groups[2 * index + 1]!) >>> 0;
  const words = [word(0), word(1), word(2), word(3)] as const;
  return { isV4: words[0] === 0 && words[1] === 0 && words[2] === 0xffff, words };
}

/** Returns the eight groups of a valid IPv6 address. */
function groupsOf(text: string): readonly number[] {
  const read = (part: string): readonly number[] =>
    part === ""
      ? []
      : part.split(":").flatMap((group) => {
          if (!group.includes(".")) return [Number.parseInt(group, 16)];
          const [a, b, c, d] = group.split(".").map(Number);
          return [(a! << 8) | b!, (c! << 8) | d!];
        });
  const [before = "", after] = text.split("::");
  if (after === undefined) return read(before);
  const first = read(before);
  const last = read(after);
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

let lastText = "";
let lastAddress: Address | undefined;

/** One call's address is compared with many ranges. */
function parseOnce(text: string): Address | undefined {
  if (text !== lastText) {
    lastAddress = parseAddress(text);
    lastText = text;
  }
  return lastAddress;
}

/**
 * Returns a function that says whether an address is in a range; it returns undefined for a text that is no address. The
 * range is an address or `address/bits`, of either family; returns undefined if it is neither.
 * AWS: IAM User Guide, "IAM JSON policy elements: Condition operators", IP address condition operators.
 */
export function compileIpRange(range: string): ((address: string) => boolean | undefined) | undefined {
  const [text, bitsText, ...rest] = range.split("/");
  const base = text!.includes("%") ? undefined : parseAddress(text!);
  if (base === undefined || rest.length > 0) return undefined;
  const isWrittenAsV4 = isIPv4(text!);
  if (bitsText !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(bitsText)) return undefined;
  const bits = bitsText === undefined ? 128 : Number(bitsText) + (isWrittenAsV4 ? 96 : 0);
  if (bits > 128) return undefined;
  // A range of IPv6 addresses is none of IPv4's, even if it begins where they are written.
  const isV4 = base.isV4 && bits >= 96;
  const masks = [0, 1, 2, 3].map((index) => maskOf(bits - 32 * index)) as [number, number, number, number];
  const wanted = base.words.map((word, index) => (word & masks[index]!) >>> 0);
  return (address) => {
    const actual = parseOnce(address);
    if (actual === undefined) return undefined;
    if (actual.isV4 !== isV4) return false;
    for (let index = 3; index >= 0; index--) {
      if ((actual.words[index]! & masks[index]!) >>> 0 !== wanted[index]) return false;
    }
    return true;
  };
}

const maskOf = (bits: number): number => (bits <= 0 ? 0 : bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0);
