/** Returns a text's UTF-8 bytes, each as a character, as web ACLs see texts. */
export const bytesOf = (text: string): string => Buffer.from(text, "utf8").toString("latin1");
