/** RFC 4648 §6. */
const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/**
 * Makes an access key's id: `AKIA` (a user's or a root's own) or `ASIA` (a session's), and 16 characters that hold the
 * account's number and randomness, as AWS's ids do. AWS: STS API reference, "GetAccessKeyInfo". The account is no secret;
 * nothing else can be read from an id.
 */
export function makeAccessKeyId(prefix: "AKIA" | "ASIA", account: string, random: Buffer): string {
  // 80 bits: one that is set, the account in 40, and 39 random ones.
  const bits = (1n << 79n) | (BigInt(account) << 39n) | (random.readBigUInt64BE(0) & ((1n << 39n) - 1n));
  let text = "";
  for (let shift = 75n; shift >= 0n; shift -= 5n) text += base32[Number((bits >> shift) & 31n)];
  return prefix + text;
}

/** Returns the account that an access key's id holds, or undefined if the text is not such an id. */
export function accountOfAccessKey(id: string): string | undefined {
  if (!/^A[KS]IA[A-Z2-7]{16}$/.test(id)) return undefined;
  let bits = 0n;
  for (const letter of id.slice(4)) bits = (bits << 5n) | BigInt(base32.indexOf(letter));
  const account = ((bits >> 39n) & ((1n << 40n) - 1n)).toString().padStart(12, "0");
  return account.length === 12 ? account : undefined;
}
