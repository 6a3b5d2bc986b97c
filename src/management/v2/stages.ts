import { v2Kinds } from "../../definition/http-api.ts";
import type { V2Stage } from "../../definition/v2-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { v2Apis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of an API's stages. */
export const stages = documents({
  kind: v2Kinds.stage,
  parent: v2Apis,
  member: "StageName",
  idOf: (stage: V2Stage) => stage.StageName,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid stage identifier specified"),
});
