import { type HttpDeployment, httpApiKinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { httpApis } from "./apis.ts";
import { documents } from "./work.ts";

/** The documents of an API's deployments; each has a snapshot. */
export const deployments = documents({
  kind: httpApiKinds.deployment,
  parent: httpApis,
  member: "DeploymentId",
  idOf: (deployment: HttpDeployment) => deployment.DeploymentId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Deployment identifier specified"),
});
