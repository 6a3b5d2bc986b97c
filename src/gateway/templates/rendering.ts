import type { TemplateMap } from "../../language/java/values.ts";
import type { Exchange } from "../exchange.ts";
import type { Payload } from "./payload.ts";

/** Whether a template renders the request to the integration or the integration's answer. */
export type Side = "request" | "response";

/** One rendering: the exchange and the payload that `$input` and `$context` read. */
export class Rendering {
  readonly exchange: Exchange;
  readonly side: Side;
  readonly payload: Payload;
  /** The parser's message, if the template asked for JSON and the payload is not JSON. */
  malformed: string | undefined = undefined;
  /**
   * Values of `$context` that take precedence over the exchange's, for a template that is rendered without a server.
   */
  readonly givenContext: TemplateMap | undefined;

  constructor(exchange: Exchange, side: Side, payload: Payload, givenContext?: TemplateMap) {
    this.exchange = exchange;
    this.side = side;
    this.payload = payload;
    this.givenContext = givenContext;
  }
}
