import { normalisePolicy } from "../../definition/policy-rules.ts";
import type { RestApi, RestApiDefinition } from "../../definition/rest-api.ts";
import type { ImportOptions } from "../../openapi/import-rest-api.ts";
import { badRequest } from "../../protocol/errors.ts";
import { limitMessage } from "../control-limits.ts";
import { readDocumentedDefinition, writeDefinition } from "./definition-documents.ts";
import { newDefinition, viewRestApi } from "./rest-api.ts";
import { restApis } from "./rest-apis.ts";
import { type Change, operations, writing } from "./work.ts";

type Parameters = Readonly<Record<string, string>>;

const basepaths: readonly string[] = ["ignore", "prepend", "split"];

/** Runs the import; AWS's answer to what it refuses, and to warnings if they count as errors. */
async function importInto(
  base: RestApiDefinition,
  work: Change,
  options: {
    readonly body: Buffer;
    readonly mode: ImportOptions["mode"];
    readonly parameters: Parameters;
    readonly failOnWarnings: boolean;
  },
): Promise<{ readonly definition: RestApiDefinition; readonly warnings: readonly string[] }> {
  const basepath = options.parameters["basepath"] ?? "ignore";
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  if (!basepaths.includes(basepath)) {
    throw badRequest(`Invalid basepath parameter specified: ${basepath}. Must be one of: [${basepaths.join(", ")}]`);
  }
  // Loaded when it is asked for: YAML is not needed to serve.
  const { importRestApi } = await import("../../openapi/import-rest-api.ts");
  const result = importRestApi(options.body, base, {
    mode: options.mode,
    basepath: basepath as ImportOptions["basepath"],
    ids: work.call.ids,
    account: work.call.account,
    region: work.call.region,
    ignoreDocumentation: options.parameters["ignore"] === "documentation",
    profile: work.profile,
    integrationBounds: { timeoutInMillisMax: work.limits.integrationTimeoutMs },
  });
  if (result.kind === "refused") throw badRequest(result.message, { hint: result.reason });
  const { warnings } = result;
  const definition = withSavedPolicy(result.definition, base, work);
  if (warnings.length > 0 && options.failOnWarnings) {
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

/** A policy of the document is saved as UpdateRestApi would save it. */
function withSavedPolicy(definition: RestApiDefinition, base: RestApiDefinition, work: Change): RestApiDefinition {
  const { policy } = definition.restApi;
  if (policy === undefined || policy === base.restApi.policy) return definition;
  const { region, account } = work.call;
  const result = normalisePolicy(policy, { region, account, apiId: base.restApi.id });
  if (result.kind === "refused") throw badRequest(`Errors found during import:\n\t${result.message}`);
  return { ...definition, restApi: { ...definition.restApi, policy: result.policy } };
}

async function importRestApi(work: Change<"ImportRestApi">): Promise<unknown> {
  const { input } = work;
  const parameters: Parameters = input.parameters ?? {};
  const types = parameters["endpointConfigurationTypes"];
  const vpcEndpointIds = parameters["endpointConfigurationVpcEndpointIds"];
  const base = await newDefinition(work, {
    // The document's title takes its place.
    name: "imported",
    endpointConfiguration: {
      ...(types === undefined ? {} : { types: endpointTypes(types) }),
      ...(vpcEndpointIds === undefined ? {} : { vpcEndpointIds: vpcEndpointIds.split(",") }),
    },
  });
  const { definition, warnings } = await importInto(base, work, {
    body: input.body,
    mode: "create",
    parameters,
    failOnWarnings: input.failOnWarnings ?? false,
  });
  await writeDefinition(work.tx, undefined, definition);
  return viewRestApi(definition.restApi, warnings);
}

function endpointTypes(text: string): RestApi["endpointConfiguration"]["types"][number][] {
  const types = text.split(",");
  const isType = (type: string): type is "EDGE" | "REGIONAL" | "PRIVATE" =>
    ["EDGE", "REGIONAL", "PRIVATE"].includes(type);
  if (!types.every(isType)) throw badRequest(`Invalid endpoint configuration type specified: ${text}`);
  return types;
}

async function putRestApi(work: Change<"PutRestApi", RestApi>): Promise<unknown> {
  const { input, parent: api } = work;
  const before = await readDocumentedDefinition(work.tx, api);
  const { definition, warnings } = await importInto(before, work, {
    body: input.body,
    mode: input.mode ?? "merge",
    parameters: input.parameters ?? {},
    failOnWarnings: input.failOnWarnings ?? false,
  });
  // AWS: "Update a REST API": the endpoint's type never changes; neither do who it is and when it was made.
  const { id, createdDate, rootResourceId, endpointConfiguration, tags } = api;
  const restApi = {
    ...definition.restApi,
    id,
    createdDate,
    rootResourceId,
    endpointConfiguration: { ...definition.restApi.endpointConfiguration, types: endpointConfiguration.types },
    ...(tags === undefined ? {} : { tags }),
  };
  await writeDefinition(work.tx, before, { ...definition, restApi });
  return viewRestApi(restApi, warnings);
}

/** AWS: API Gateway REST API reference, "ImportRestApi", "PutRestApi". */
export const importOperations = operations({
  ImportRestApi: writing(importRestApi),
  PutRestApi: writing(putRestApi, restApis),
});
