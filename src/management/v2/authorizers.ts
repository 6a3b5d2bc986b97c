import { type HttpAuthorizer, v2Kinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { v2Apis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of authorizers. */
export const authorizers = documents({
  kind: v2Kinds.authorizer,
  parent: v2Apis,
  member: "AuthorizerId",
  idOf: (authorizer: HttpAuthorizer) => authorizer.AuthorizerId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Authorizer identifier specified"),
});
