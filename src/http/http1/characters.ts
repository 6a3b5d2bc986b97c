/** Makes a table of allowed bytes (RFC 9110 §5.6.2, §5.5; RFC 3986): indexed by byte, 1 for allowed. */
const table = (allowed: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (allowed(byte) ? 1 : 0));

const isAlphanumeric = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
const isOneOf = (byte: number, characters: string): boolean => characters.includes(String.fromCharCode(byte));

/** `token`: methods and header names. */
export const tokenBytes = table((byte) => isAlphanumeric(byte) || isOneOf(byte, "!#$%&'*+-.^_`|~"));

/** `field-value`: visible characters, space, tab and the obsolete upper half. */
export const valueBytes = table((byte) => byte === 0x09 || (byte >= 0x20 && byte !== 0x7f));

/** The characters of a request target: visible ASCII without `#`, which has no meaning there (RFC 9112 §3.2). */
export const targetBytes = table((byte) => byte > 0x20 && byte < 0x7f && byte !== 0x23);

/** `host [":" port]` without user information. */
export const hostBytes = table((byte) => isAlphanumeric(byte) || isOneOf(byte, "-._~%:[]!$&'()*+,;="));

/** The value of a hexadecimal digit, 255 for anything else. */
export const hexValues = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return 255;
});
