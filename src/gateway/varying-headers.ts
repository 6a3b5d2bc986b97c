import type { ParameterPlan } from "../plan/steps.ts";
import type { Exchange } from "./exchange.ts";
import { forwardingHeader, isForwardingHeader } from "./forwarding-headers.ts";
import { asText, linkValue, type ReadValue } from "./values.ts";

/**
 * Returns a text that differs wherever a request header differs, for the gateway or for the integration; undefined if nobody
 * can tell what the integration got.
 */
export type ReadVarying = (exchange: Exchange, lowerName: string) => string | undefined;

const unknown = (): undefined => undefined;

/** Links what compares headers. `mapped` are those that the integration gets from elsewhere: `integration.request.header.X`. */
export function linkVarying(mapped: readonly ParameterPlan[]): ReadVarying {
  const readers = new Map<string, ReadValue | typeof unknown>();
  // A body is forgotten before the answer comes.
  for (const { name, value } of mapped)
    readers.set(name.toLowerCase(), value.kind === "body" ? unknown : linkValue(value));
  return (exchange, lowerName) => {
    if (exchange.overrides?.of("request", "header").has(lowerName) === true) return undefined;
    const sent = headerText(exchange.request, lowerName);
    const read = readers.get(lowerName);
    if (read === unknown) return undefined;
    const other =
      read === undefined
        ? isForwardingHeader(lowerName) && forwardingHeader(exchange, lowerName)
        : asText(read(exchange));
    // No header's line begins with a line's end.
    return typeof other === "string" ? `${sent}\n${other}` : sent;
  };
}

/** Returns all lines of a request's header as one text that no other lines give. */
export function headerText(
  { headerNames, rawHeaders }: Pick<Exchange["request"], "headerNames" | "rawHeaders">,
  lowerName: string,
): string {
  let text = "";
  for (let index = 0; index < headerNames.length; index++) {
    // No header's value has a line's end.
    if (headerNames[index] === lowerName) text += `${rawHeaders[2 * index + 1]}\n`;
  }
  return text;
}
