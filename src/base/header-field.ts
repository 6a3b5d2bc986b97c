/** Returns whether a text is a token: a field's name (RFC 9110 §5.1) or a method (§9.1). */
export const isToken = (text: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);

/** Returns whether a text may be a field's value (RFC 9110 §5.5), which has no characters that would end it early. */
export const isFieldValue = (text: string): boolean => !/[\0\r\n]/.test(text);

/** Encodes a value for HTTP/1.1 and Node's HTTP: UTF-8's bytes as latin1, without blanks around it. */
export const encodeFieldValue = (text: string): string => Buffer.from(text.trim()).toString("latin1");
