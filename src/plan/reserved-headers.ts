/**
 * Request headers, by lower-case name, into which no mapping may go: the method answers 500, whatever its integration's type.
 * Recorded: docs/internals/aws-facts/recorded.md, row 4.
 */
export const reservedHeaders: ReadonlySet<string> = new Set(["content-length", "transfer-encoding"]);

/** Likewise, for the types `AWS` and `AWS_PROXY`. */
export const reservedHeadersOfServices: ReadonlySet<string> = new Set([
  ...reservedHeaders,
  ...["authorization", "connection", "expect", "proxy-authenticate", "te"],
]);
