import { type HttpStage, httpApiKinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { httpApis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of an API's stages. */
export const stages = documents({
  kind: httpApiKinds.stage,
  parent: httpApis,
  member: "StageName",
  idOf: (stage: HttpStage) => stage.StageName,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid stage identifier specified"),
});
