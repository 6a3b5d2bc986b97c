import { runHere } from "../../base/job.ts";
import { bindOperations } from "../../families/make-families.ts";
import type { Operations } from "../../protocol/operation.ts";
import type { ControlService } from "../control-service.ts";
import { noRoles, noUsage, type ServiceDependencies } from "../service-dependencies.ts";
import { httpApi } from "./api.ts";
import { deployment } from "./deployment.ts";
import { integration } from "./integration.ts";
import { route } from "./route.ts";
import { stage } from "./stage.ts";
import { tagOperations } from "./tags.ts";

/** Returns every operation of API Gateway's second version that is built; the others answer 501. */
export function makeV2Operations(dependencies: ServiceDependencies): Operations {
  const { store, limits, profile = "aws", run = runHere, findRole = noRoles, unsavedUsage = noUsage } = dependencies;
  const families = [httpApi, stage, deployment, route, integration, tagOperations];
  return bindOperations<ControlService>(Object.assign({}, ...families), store, {
    limits,
    profile,
    run,
    findRole,
    unsavedUsage,
  });
}
