/** RFC 9110 §5.1: a field's name is a token; so is a method, §9.1. */
export const isToken = (text: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);

/** RFC 9110 §5.5: without these, a value ends where it seems to. */
export const isFieldValue = (text: string): boolean => !/[\0\r\n]/.test(text);

/** A value as Node's HTTP and HTTP/1.1 have it: UTF-8's bytes as latin1, without blanks around it. */
export const encodeFieldValue = (text: string): string => Buffer.from(text.trim()).toString("latin1");
