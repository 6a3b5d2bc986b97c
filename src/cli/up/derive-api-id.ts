import { createHash } from "node:crypto";

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/**
 * Returns an API's id made from its name: the same on each run and each machine, so that its URLs stay.
 * See docs/internals/architecture.md, "Stable addresses".
 */
export function deriveApiId(account: string, region: string, name: string): string {
  const digest = createHash("sha256").update(`${account}/${region}/${name}`).digest();
  let number = digest.readBigUInt64BE(0);
  let id = "";
  for (let i = 0; i < 10; i++) {
    id += alphabet[Number(number % 36n)];
    number /= 36n;
  }
  return id;
}
