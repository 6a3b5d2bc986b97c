import type { TemplateMap } from "../../language/java/values.ts";
import type { Exchange } from "../exchange.ts";
import type { Payload } from "./payload.ts";

/** A template renders the request to the integration, or its answer. */
export type Side = "request" | "response";

/** One rendering: what `$input` and `$context` are about. */
export class Rendering {
  readonly exchange: Exchange;
  readonly side: Side;
  readonly payload: Payload;
  /** The parser's words, if the template asked for JSON and the payload is none. */
  malformed: string | undefined = undefined;
  /** Values of `$context` that count more than the exchange's: for a template that is rendered without a server. */
  readonly givenContext: TemplateMap | undefined;

  constructor(exchange: Exchange, side: Side, payload: Payload, givenContext?: TemplateMap) {
    this.exchange = exchange;
    this.side = side;
    this.payload = payload;
    this.givenContext = givenContext;
  }
}
