import type { RunStep } from "../program.ts";

/** Answers for a route `$connect` that has no integration to ask. */
export const linkWebSocketAccept = (): RunStep => (exchange) => {
  exchange.respond(200, [], undefined);
  return false;
};
