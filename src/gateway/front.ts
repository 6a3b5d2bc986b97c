import type { PlanKind } from "../plan/kinds.ts";
import type { FrontRefusal } from "./program.ts";
import { makeExtendedRequestId, makeRequestId } from "./request-ids.ts";

/** What the front of a kind of API answers before there is an exchange. */
export interface Front {
  /** The whole answer where no stage can be reached. */
  readonly missing: Omit<FrontRefusal, "hint">;
  /** The answer to a request for which a bug of Portico's made no exchange. */
  readonly internal: Omit<FrontRefusal, "hint">;
  /** Makes the headers that every answer has. */
  headers(): string[];
}

/** The fronts of all kinds. An API of which nothing is known is taken for a REST API. */
export const fronts: Readonly<Record<PlanKind, Front>> = {
  rest: {
    missing: { status: 403, message: "Forbidden", errorType: "ForbiddenException" },
    internal: { status: 500, message: "Internal server error", errorType: "InternalServerErrorException" },
    headers: () => ["x-amzn-RequestId", makeRequestId(), "x-amz-apigw-id", makeExtendedRequestId()],
  },
  // Unconfirmed: the bodies; see docs/compatibility.md, "WebSocket APIs, handshakes".
  websocket: {
    missing: { status: 403, message: "Forbidden", errorType: "ForbiddenException" },
    internal: { status: 500, message: "Internal server error", errorType: "InternalServerErrorException" },
    headers: () => ["x-amzn-RequestId", makeExtendedRequestId()],
  },
  // AWS: API Gateway Developer Guide, "Create routes for HTTP APIs in API Gateway", "Routing API requests".
  // Unconfirmed: a disabled default endpoint answers so, too; see docs/compatibility.md, "HTTP APIs, routing".
  http: {
    missing: { status: 404, message: "Not Found" },
    internal: { status: 500, message: "Internal Server Error" },
    headers: () => ["apigw-requestid", makeExtendedRequestId()],
  },
};
