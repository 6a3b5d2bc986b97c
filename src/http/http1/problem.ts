/** Why a request is refused by the codec itself, before any API sees it. `hint` is for developers, not on AWS's wire. */
export interface Problem {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly hint: string;
}

const badRequest = (hint: string): Problem => ({
  status: 400,
  contentType: "application/json",
  body: '{"message":"Bad Request"}',
  hint,
});

/** AWS's front end answers in plain text with this odd type if it refuses for size (observed on a 413). */
const plainText = "text; charset=utf-8";

/**
 * Every refusal of the codec. Unconfirmed: AWS's own front end answers malformed HTTP in more than one form; this is its
 * JSON one; see docs/compatibility.md, "HTTP, malformed requests".
 */
export const problems = {
  method: badRequest("The method is not a token of at most 32 characters."),
  methodUnknown: {
    status: 501,
    contentType: "application/json",
    body: '{"message":"Not Implemented"}',
    hint: "The method is not one that HTTP defines.",
  },
  methodRefused: {
    status: 405,
    contentType: "application/json",
    body: '{"message":"Method Not Allowed"}',
    hint: "CONNECT and TRACE are not served.",
  },
  target: badRequest("The request target is not a path, an absolute http URL, or *."),
  targetTooLong: { status: 414, contentType: plainText, body: "Request URI too long", hint: "The URL is too long." },
  version: badRequest("The request line does not end in HTTP/1.1 or HTTP/1.0 and CRLF."),
  versionUnsupported: {
    status: 505,
    contentType: "application/json",
    body: '{"message":"HTTP Version Not Supported"}',
    hint: "Only HTTP/1.1 and HTTP/1.0 are spoken here.",
  },
  headerName: badRequest("A header's name is empty, has a character that is no token's, or is followed by a space."),
  headerFold: badRequest("A header line begins with white space (line folding is obsolete)."),
  headerValue: badRequest("A header's value has a control character, or its line does not end in CRLF."),
  // Unconfirmed: the text is AWS's, the status is RFC 6585's; see docs/compatibility.md, "HTTP, headers".
  headersTooLarge: {
    status: 431,
    contentType: plainText,
    body: "HTTP header is larger than 10240 bytes.",
    hint: "The headers are too large.",
  },
  headersTooMany: {
    status: 431,
    contentType: plainText,
    body: "HTTP header is larger than 10240 bytes.",
    hint: "There are too many headers.",
  },
  hostMissing: badRequest("An HTTP/1.1 request needs exactly one Host."),
  host: badRequest("The Host is not a name or address with an optional port."),
  contentLength: badRequest("Content-Length is not one decimal number."),
  transferEncoding: badRequest("Transfer-Encoding is not exactly chunked, or came over HTTP/1.0."),
  framing: badRequest("Content-Length and Transfer-Encoding came together."),
  expect: {
    status: 417,
    contentType: "application/json",
    body: '{"message":"Expectation Failed"}',
    hint: "Only Expect: 100-continue is known.",
  },
  chunk: badRequest("The chunked body is malformed."),
  headerTimeout: {
    status: 408,
    contentType: "application/json",
    body: '{"message":"Request Timeout"}',
    hint: "The headers did not arrive in time.",
  },
  bodyTimeout: {
    status: 408,
    contentType: "application/json",
    body: '{"message":"Request Timeout"}',
    hint: "The body did not arrive in time.",
  },
  overloaded: {
    status: 503,
    contentType: "application/json",
    body: '{"message":"Service Unavailable"}',
    hint: "Too many request bodies are being buffered at a time.",
  },
  webSocketsCrowded: {
    status: 503,
    contentType: "application/json",
    body: '{"message":"Service Unavailable"}',
    hint: "There are as many WebSockets as leave room for other connections.",
  },
  internal: {
    status: 500,
    contentType: "application/json",
    body: '{"message": "Internal server error"}',
    hint: "Portico failed; its log has the reason.",
  },
} as const satisfies Record<string, Problem>;
