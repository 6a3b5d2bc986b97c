import { runHere } from "../../base/job.ts";
import { bindOperations } from "../../families/make-families.ts";
import type { Operations } from "../../protocol/operation.ts";
import type { ControlService } from "../control-service.ts";
import { noRoles, noUsage } from "../service-dependencies.ts";
import { account } from "./account.ts";
import { apiKey } from "./api-key.ts";
import { authorizer } from "./authorizer.ts";
import { basePathMapping } from "./base-path-mapping.ts";
import { clientCertificate } from "./client-certificate.ts";
import { deployment } from "./deployment.ts";
import { documentationPart } from "./documentation-part.ts";
import { documentationVersion } from "./documentation-version.ts";
import { domainName } from "./domain-name.ts";
import { domainNameAccessAssociation } from "./domain-name-access-association.ts";
import { exportOperations } from "./export.ts";
import { gatewayResponse } from "./gateway-response.ts";
import { importOperations } from "./import.ts";
import { integration, integrationResponse } from "./integration.ts";
import { method, methodResponse } from "./method.ts";
import { model } from "./model.ts";
import { requestValidator } from "./request-validator.ts";
import { resource } from "./resource.ts";
import { restApi } from "./rest-api.ts";
import { sdkOperations } from "./sdk.ts";
import { stage } from "./stage.ts";
import { stageCacheOperations } from "./stage-cache.ts";
import { tagOperations } from "./tags.ts";
import { testAuthorizerOperations } from "./test-authorizer.ts";
import { testInvokeOperations } from "./test-invoke.ts";
import { usageOperations } from "./usage.ts";
import { usagePlan } from "./usage-plan.ts";
import { usagePlanKey } from "./usage-plan-key.ts";
import { vpcLink } from "./vpc-link.ts";
import type { Dependencies } from "./work.ts";

/** Returns every operation of REST APIs (service `apigateway`) that is built; the others answer 501. */
export function makeRestOperations(dependencies: Dependencies): Operations {
  const { store, limits, profile = "aws", run = runHere, findRole = noRoles, unsavedUsage = noUsage } = dependencies;
  const { beyondAws = [] } = dependencies;
  const { testInvocation, authorizerTest } = dependencies;
  const families = [
    restApi,
    resource,
    method,
    methodResponse,
    integration,
    integrationResponse,
    model,
    requestValidator,
    gatewayResponse,
    authorizer,
    deployment,
    stage,
    account,
    documentationPart,
    documentationVersion,
    domainName,
    basePathMapping,
    domainNameAccessAssociation,
    importOperations,
    exportOperations,
    sdkOperations,
    apiKey,
    usagePlan,
    usagePlanKey,
    clientCertificate,
    vpcLink,
    stageCacheOperations,
    usageOperations,
    tagOperations,
    testInvocation && testInvokeOperations(testInvocation),
    authorizerTest && testAuthorizerOperations(authorizerTest),
  ];
  return bindOperations<ControlService>(Object.assign({}, ...families), store, {
    limits,
    profile,
    beyondAws,
    run,
    findRole,
    unsavedUsage,
  });
}
