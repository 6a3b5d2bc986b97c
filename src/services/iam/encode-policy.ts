/** AWS: IAM API reference, "GetRole": policies are answered percent-encoded, by RFC 3986. */
export const encodePolicy = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
