// A writer of databases in MaxMind's format, since no registry has one with made-up data. MaxMind DB File Format
// Specification 2.0.
import { parseCidr } from "../../src/waf/ip-ranges.ts";

/** Makes a database of blocks of addresses (`192.0.2.0/24`, `2001:db8::/32`) and what it says of each. */
export function writeMmdb(databaseType: string, entries: Readonly<Record<string, object>>): Buffer {
  const nodes: [number, number][] = [[-1, -1]];
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const [cidr, value] of Object.entries(entries)) {
    const { first, bits, version } = parseCidr(cidr)!;
    // The format has IPv4 addresses in the first 96 zero bits.
    const address = version === "IPV4" ? "\0".repeat(12) + first.slice(12) : first;
    const length = version === "IPV4" ? 96 + bits : bits;
    const pointer = -2 - dataBytes;
    let node = 0;
    for (let bit = 0; bit < length; bit++) {
      const side = ((address.charCodeAt(bit >> 3) >> (7 - (bit & 7))) & 1) as 0 | 1;
      if (bit === length - 1) nodes[node]![side] = pointer;
      else {
        if (nodes[node]![side] === -1) nodes[node]![side] = nodes.push([-1, -1]) - 1;
        node = nodes[node]![side]!;
      }
    }
    const written = write(value);
    data.push(written);
    dataBytes += written.length;
  }
  const tree = Buffer.alloc(nodes.length * 8);
  nodes.flat().forEach((record, index) => {
    const count = nodes.length;
    // No data is the number of nodes; data is counted from 16 bytes in front of it.
    tree.writeUInt32BE(record === -1 ? count : record >= 0 ? record : count + 16 + (-2 - record), index * 4);
  });
  const metadata = write({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: databaseType,
    description: {},
    ip_version: 6,
    languages: [],
    node_count: nodes.length,
    record_size: 32,
  });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from("\xab\xcd\xefMaxMind.com", "latin1"), metadata]);
}

/** Writes a value of the data section: texts, whole numbers, lists and maps. */
function write(value: unknown): Buffer {
  if (typeof value === "string") return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(11, value.length), ...value.map(write)]);
  const members = Object.entries(value as object);
  return Buffer.concat([
    control(7, members.length),
    ...members.flatMap(([name, member]) => [write(name), write(member)]),
  ]);
}

const control = (type: number, size: number): Buffer => {
  if (size > 28) throw new Error("the test's values are short");
  return type > 7 ? Buffer.from([size, type - 7]) : Buffer.from([(type << 5) | size]);
};
