import type { Exchange } from "../exchange.ts";

/**
 * Something is done for the exchange that takes time. Answers what to ask when it is done, once: false, the client has gone
 * and the exchange is over.
 */
export function whileConnected(exchange: Exchange): () => boolean {
  let isGone = false;
  exchange.answer.onClose = () => {
    isGone = true;
    exchange.status = 499;
    exchange.complete();
  };
  return () => {
    if (isGone) return false;
    exchange.answer.onClose = undefined;
    return true;
  };
}
