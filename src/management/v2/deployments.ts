import { type HttpDeployment, v2Kinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { v2Apis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of an API's deployments; each has a snapshot. */
export const deployments = documents({
  kind: v2Kinds.deployment,
  parent: v2Apis,
  member: "DeploymentId",
  idOf: (deployment: HttpDeployment) => deployment.DeploymentId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Deployment identifier specified"),
});
