import type { InboundRequest } from "../http/inbound.ts";

/**
 * Returns the entries of a header that is a list, from all of its lines, in lower case and without empty entries. RFC
 * 9110 §5.3, §5.6.1.
 */
export function headerList(request: InboundRequest, lowerName: string): string[] {
  const entries: string[] = [];
  if (request.header(lowerName) === undefined) return entries;
  const { headerNames, rawHeaders } = request;
  for (let index = 0; index < headerNames.length; index++) {
    if (headerNames[index] !== lowerName) continue;
    for (const part of rawHeaders[2 * index + 1]!.split(",")) {
      const entry = part.trim().toLowerCase();
      if (entry !== "") entries.push(entry);
    }
  }
  return entries;
}

/** Returns the last value of a header in a list of names and values. */
export function lastHeader(headers: readonly string[], lowerName: string): string | undefined {
  for (let index = headers.length - 2; index >= 0; index -= 2) {
    const name = headers[index]!;
    // Lower case is made only for names that could be this one.
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return headers[index + 1];
  }
  return undefined;
}

/** Sets a header, replacing every line of it that is there, whatever its case. */
export function setHeader(headers: string[], name: string, value: string): void {
  const lower = name.toLowerCase();
  let isSet = false;
  for (let index = 0; index < headers.length; ) {
    if (headers[index]!.toLowerCase() !== lower) index += 2;
    else if (isSet) headers.splice(index, 2);
    else {
      headers[index] = name;
      headers[index + 1] = value;
      isSet = true;
      index += 2;
    }
  }
  if (!isSet) headers.push(name, value);
}
