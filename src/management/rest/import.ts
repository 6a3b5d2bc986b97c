import { normalisePolicy } from "../../definition/policy-rules.ts";
import type { RestApi, RestApiDefinition } from "../../definition/rest-api.ts";
import type { ImportOptions, ImportResult } from "../../openapi/import-rest-api.ts";
import { badRequest } from "../../protocol/errors.ts";
import { limitMessage } from "../control-limits.ts";
import { problemOfTarget } from "../vpc-links/vpc-links.ts";
import { readVersionedDefinition, writeDefinition } from "./definition-documents.ts";
import { importJob } from "./document-jobs.ts";
import { refuseForeignRoles } from "./pass-role.ts";
import { newDefinition, viewRestApi, writeNewDefinition } from "./rest-api.ts";
import { restApis } from "./rest-apis.ts";
import { type Change, operations, preparedWrite, type Work } from "./work.ts";

type Parameters = Readonly<Record<string, string>>;

const basepaths: readonly string[] = ["ignore", "prepend", "split"];

/** Returns what an import of a document into an API works on. */
function importInput(
  work: Work,
  base: RestApiDefinition,
  { document, parameters, mode }: { document: Uint8Array; parameters: Parameters; mode: ImportOptions["mode"] },
) {
  const basepath = parameters["basepath"] ?? "ignore";
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (!basepaths.includes(basepath)) {
    throw badRequest(`Invalid basepath parameter specified: ${basepath}. Must be one of: [${basepaths.join(", ")}]`);
  }
  const options = {
    mode,
    basepath: basepath as ImportOptions["basepath"],
    account: work.call.account,
    region: work.call.region,
    ignoreDocumentation: parameters["ignore"] === "documentation",
    profile: work.profile,
    integrationBounds: { timeoutInMillisMax: work.limits.integrationTimeoutMs },
  };
  return { document, base, options };
}

type ImportedApi = Omit<Extract<ImportResult, { kind: "imported" }>, "kind">;

/**
 * Returns the imported definition as it is stored. Throws AWS's error for what AWS refuses, and for warnings if they
 * count as errors.
 */
async function checkImported(
  work: Change<"ImportRestApi" | "PutRestApi">,
  base: RestApiDefinition,
  result: ImportResult,
): Promise<ImportedApi> {
  if (result.kind === "refused") throw badRequest(result.message, { hint: result.reason });
  const { warnings } = result;
  const definition = withSavedPolicy(result.definition, base, work);
  refuseForeignRoles(definition, base, work.call);
  await refuseMissingTargets(definition, work);
  if (warnings.length > 0 && work.input.failOnWarnings === true) {
    throw badRequest(`Warnings found during import:${warnings.map((warning) => `\n\t${warning}`).join("")}`);
  }
  const tooMany = definition.resources[work.limits.resourcesPerApi];
  if (tooMany !== undefined) {
    throw badRequest(
      `Errors found during import:\n\tUnable to create resource at path '${tooMany.path}': ${limitMessage("resourcesPerApi")}`,
    );
  }
  if (definition.authorizers.length > work.limits.authorizersPerApi) {
    throw badRequest(`Errors found during import:\n\t${limitMessage("authorizersPerApi")}`);
  }
  if ((definition.documentationParts?.length ?? 0) > work.limits.documentationPartsPerApi) {
    throw badRequest(`Errors found during import:\n\t${limitMessage("documentationPartsPerApi")}`, {
      hint: "each description of the document is a documentation part; parameters ignore=documentation leaves them out",
    });
  }
  return { definition, warnings };
}

async function refuseMissingTargets({ resources }: RestApiDefinition, work: Change): Promise<void> {
  for (const { path, resourceMethods } of resources) {
    for (const { httpMethod, methodIntegration } of Object.values(resourceMethods ?? {})) {
      const problem = methodIntegration && (await problemOfTarget(methodIntegration, work));
      if (problem === undefined) continue;
      const place = `'${httpMethod}' for resource at path '${path}'`;
      throw badRequest(`Errors found during import:\n\tUnable to put integration on ${place}: ${problem}`);
    }
  }
}

/** Returns the definition with the document's policy in the form in which UpdateRestApi would store it. */
function withSavedPolicy(definition: RestApiDefinition, base: RestApiDefinition, work: Change): RestApiDefinition {
  const { policy } = definition.restApi;
  if (policy === base.restApi.policy) return definition;
  const { region, account, authority } = work.call;
  authority?.require({
    action: "apigateway:UpdateRestApiPolicy",
    resource: `arn:aws:apigateway:${region}::/restapis/${base.restApi.id}`,
  });
  if (policy === undefined) return definition;
  const result = normalisePolicy(policy, { region, account, apiId: base.restApi.id });
  if (result.kind === "refused") throw badRequest(`Errors found during import:\n\t${result.message}`);
  return { ...definition, restApi: { ...definition.restApi, policy: result.policy } };
}

const importRestApi = preparedWrite({
  job: importJob,
  async prepare(work: Work<"ImportRestApi">) {
    const { body: document, parameters = {} } = work.input;
    const types = parameters["endpointConfigurationTypes"];
    const vpcEndpointIds = parameters["endpointConfigurationVpcEndpointIds"];
    const base = await newDefinition(work, {
      // The document's title replaces this name.
      name: "imported",
      endpointConfiguration: {
        ...(types === undefined ? {} : { types: endpointTypes(types) }),
        ...(vpcEndpointIds === undefined ? {} : { vpcEndpointIds: vpcEndpointIds.split(",") }),
      },
    });
    return { input: importInput(work, base, { document, parameters, mode: "create" }), version: "new" };
  },
  async apply(work, { base }, result) {
    const { definition, warnings } = await checkImported(work, base, result);
    await writeNewDefinition(work, definition);
    return viewRestApi(definition.restApi, "create", warnings);
  },
});

function endpointTypes(text: string): RestApi["endpointConfiguration"]["types"][number][] {
  const types = text.split(",");
  const isType = (type: string): type is "EDGE" | "REGIONAL" | "PRIVATE" =>
    ["EDGE", "REGIONAL", "PRIVATE"].includes(type);
  if (!types.every(isType)) throw badRequest(`Invalid endpoint configuration type specified: ${text}`);
  return types;
}

const putRestApi = preparedWrite({
  job: importJob,
  async prepare(work: Work<"PutRestApi">) {
    const { restApiId, body: document, parameters = {}, mode = "merge" } = work.input;
    const stored = await readVersionedDefinition(work.tx, restApiId);
    const definition = stored?.definition ?? (await newDefinition(work, { name: "imported" }));
    const version = stored?.version ?? "missing";
    return { input: importInput(work, definition, { document, parameters, mode }), version };
  },
  async apply(work, { base }, result) {
    const { definition, warnings } = await checkImported(work, base, result);
    // Recorded: a bad document is refused before the API is looked for.
    await restApis.find(work);
    // AWS: "Update a REST API": the endpoint's type never changes; neither do who it is and when it was made.
    const { id, createdDate, rootResourceId, endpointConfiguration, tags } = base.restApi;
    const restApi = {
      ...definition.restApi,
      id,
      createdDate,
      rootResourceId,
      endpointConfiguration: { ...definition.restApi.endpointConfiguration, types: endpointConfiguration.types },
      ...(tags === undefined ? {} : { tags }),
    };
    await writeDefinition(work.tx, base, { ...definition, restApi });
    return viewRestApi(restApi, "update", warnings);
  },
});

/** AWS: API Gateway REST API reference, "ImportRestApi", "PutRestApi". */
export const importOperations = operations({ ImportRestApi: importRestApi, PutRestApi: putRestApi });
