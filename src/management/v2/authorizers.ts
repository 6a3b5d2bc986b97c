import { type HttpAuthorizer, httpApiKinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { httpApis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of authorizers. */
export const authorizers = documents({
  kind: httpApiKinds.authorizer,
  parent: httpApis,
  member: "AuthorizerId",
  idOf: (authorizer: HttpAuthorizer) => authorizer.AuthorizerId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Authorizer identifier specified"),
});
