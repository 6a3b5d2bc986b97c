import { bounds } from "../../base/bounds.ts";
import { tokenBytes } from "./characters.ts";

/** RFC 9110 §15 and its registry. An unknown status gets an empty phrase, as RFC 9112 §4 allows. */
const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  203: "Non-Authoritative Information",
  204: "No Content",
  205: "Reset Content",
  206: "Partial Content",
  207: "Multi-Status",
  208: "Already Reported",
  226: "IM Used",
  300: "Multiple Choices",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  304: "Not Modified",
  305: "Use Proxy",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  407: "Proxy Authentication Required",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  411: "Length Required",
  412: "Precondition Failed",
  413: "Request Entity Too Large",
  414: "Request URI Too Long",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  417: "Expectation Failed",
  418: "I'm a Teapot",
  421: "Misdirected Request",
  422: "Unprocessable Entity",
  423: "Locked",
  424: "Failed Dependency",
  425: "Too Early",
  426: "Upgrade Required",
  428: "Precondition Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  451: "Unavailable For Legal Reasons",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
  506: "Variant Also Negotiates",
  507: "Insufficient Storage",
  508: "Loop Detected",
  510: "Not Extended",
  511: "Network Authentication Required",
};

const statusLines: string[] = Array.from(
  { length: 1000 },
  (_, status) => `HTTP/1.1 ${status} ${reasons[status] ?? ""}\r\n`,
);

/** Returns `HTTP/1.1 200 OK CRLF`. `status` is 200 to 999. */
export const statusLine = (status: number): string => statusLines[status] as string;

/** Headers that the codec writes. Those of a handler are left out. Trailers are never sent. */
const reserved = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "proxy-connection",
]);

const knownNamesMax = bounds.headerNamesKnownMax.value;
const knownNameCharactersMax = bounds.headerNameKnownCharsMax.value;
const knownNames = new Map<string, boolean>();

/** Returns whether a header of this name may be sent. Decisions are remembered, for a bounded number of names. */
const isNameSendable = (name: string): boolean => {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const isSendable = isToken(name) && !reserved.has(name.toLowerCase());
  if (knownNames.size < knownNamesMax && name.length <= knownNameCharactersMax) knownNames.set(name, isSendable);
  return isSendable;
};

const isToken = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255 || tokenBytes[code] === 0) return false;
  }
  return text.length > 0;
};

/** Matches characters that can't be sent as they are. It is linear: one character class. */
const unsendable = /[^\t\x20-\x7e\x80-\xff]/;
const controls = /[^\t\x20-\x7e\x80-\xff]/g;

/**
 * Returns a value as it may be sent. Characters above U+00FF become UTF-8 (cut to one byte, U+010D would be a carriage
 * return), and control characters become spaces, so that a value never ends its line.
 */
const sendableValue = (value: string): string =>
  unsendable.test(value) ? Buffer.from(value, "utf8").toString("latin1").replace(controls, " ") : value;

/** Returns `Name: value CRLF` for each pair, without the codec's own headers and invalid names. */
export const headerLines = (headers: readonly string[]): string => {
  let lines = "";
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (isNameSendable(name)) lines += `${name}: ${sendableValue(headers[i + 1] as string)}\r\n`;
  }
  return lines;
};
