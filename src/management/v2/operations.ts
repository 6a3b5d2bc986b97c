import { runHere } from "../../base/job.ts";
import { bindOperations } from "../../families/make-families.ts";
import type { Operations } from "../../protocol/operation.ts";
import { noRoles, noUsage, type ServiceDependencies } from "../service-dependencies.ts";
import { v2Api } from "./api.ts";
import { apiMapping } from "./api-mapping.ts";
import { authorizer } from "./authorizer.ts";
import { deployment } from "./deployment.ts";
import { domainName } from "./domain-name.ts";
import { exportOperations } from "./export.ts";
import { importOperations } from "./import.ts";
import { integration } from "./integration.ts";
import { integrationResponse } from "./integration-response.ts";
import { model } from "./model.ts";
import { portalOperations } from "./portal.ts";
import { portalProductOperations } from "./portal-product.ts";
import { productPage, productRestEndpointPage } from "./product-pages.ts";
import { route } from "./route.ts";
import { routeResponse } from "./route-response.ts";
import { routingRule } from "./routing-rule.ts";
import { stage } from "./stage.ts";
import { tagOperations } from "./tags.ts";
import { vpcLink } from "./vpc-link.ts";
import type { AskIssuer, V2Service } from "./work.ts";

export interface V2Dependencies extends ServiceDependencies {
  /** If it is absent, issuers of tokens are not asked when an authorizer is made. */
  readonly askIssuer?: AskIssuer;
}

/** Returns every operation of API Gateway's second version that is built; the others answer 501. */
export function makeV2Operations(dependencies: V2Dependencies): Operations {
  const { store, limits, profile = "aws", run = runHere, findRole = noRoles, unsavedUsage = noUsage } = dependencies;
  const { beyondAws = [] } = dependencies;
  const { askIssuer = nobodyAsked } = dependencies;
  const families = [
    v2Api,
    stage,
    deployment,
    route,
    integration,
    authorizer,
    routeResponse,
    integrationResponse,
    model,
    vpcLink,
    domainName,
    apiMapping,
    routingRule,
    portalOperations,
    portalProductOperations,
    productPage,
    productRestEndpointPage,
    tagOperations,
    importOperations,
    exportOperations,
  ];
  return bindOperations<V2Service>(Object.assign({}, ...families), store, {
    limits,
    profile,
    beyondAws,
    run,
    findRole,
    unsavedUsage,
    askIssuer,
  });
}

const nobodyAsked: AskIssuer = async () => undefined;
