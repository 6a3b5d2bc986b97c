import { bounds } from "../../base/bounds.ts";
import type { IdSource } from "../../base/ids.ts";
import { documentationKinds } from "../../definition/documentation.ts";
import { endpointAccessModes, isVpcEndpointId, securityPolicies } from "../../definition/endpoint-rules.ts";
import { normalisePolicy } from "../../definition/policy-rules.ts";
import {
  type EndpointConfiguration,
  type Model,
  type Resource,
  type RestApi,
  type RestApiDefinition,
  restKinds,
} from "../../definition/rest-api.ts";
import { checkApiName } from "../../definition/rules.ts";
import { shortened } from "../../definition/text-lengths.ts";
import type { ViewingOperation } from "../../families/make-families.ts";
import {
  type Convert,
  type Draft,
  flag,
  invalidValue,
  member,
  memberInPath,
  memberInValue,
  nameMistake,
  oneOf,
  type PatchRule,
  type PatchStep,
  type PatchTable,
  text,
} from "../../families/patch.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest } from "../../protocol/errors.ts";
import { claimApiId, freeApiId, releaseApiId } from "../apis/api-ids.ts";
import { dropStageLinks } from "../apis/usage-plan-links.ts";
import type { ControlLimit } from "../control-limits.ts";
import { requireRoom } from "../control-service.ts";
import { domainsMappedTo } from "../domains/domain-names.ts";
import { checkTags, customIdTag, withShownTags } from "../tags/tag-rules.ts";
import { readDocumentedDefinition, writeDefinition } from "./definition-documents.ts";
import { refuseForeignRoles } from "./pass-role.ts";
import { restApis } from "./rest-apis.ts";
import { type Change, defineResource, operations, type Work, writing } from "./work.ts";

/**
 * Returns an API as it is shown. AWS quirk: the policy's text is escaped once more, including its slashes:
 * `{\"Version\":…\/pets\"}`. (As users quote AWS's control plane; Terraform's provider unquotes it before it compares.)
 */
export function viewRestApi(stored: RestApi, by: ViewingOperation, warnings: readonly string[] = []): unknown {
  const api = withShownTags(stored, by);
  const policy = api.policy === undefined ? undefined : JSON.stringify(api.policy).slice(1, -1).replaceAll("/", "\\/");
  return present({ ...api, policy, warnings: nonEmpty(warnings) });
}

/** Writes a new API, and claims its id in all accounts and regions, for ever. */
export async function writeNewDefinition(work: Change, definition: RestApiDefinition): Promise<void> {
  const { id } = definition.restApi;
  await claimApiId(work, id, restKinds.restApi);
  await writeDefinition(work.tx, undefined, definition);
}

// Creating

/** AWS: GetModel, the two models that every new API has. */
const defaultModels = (ids: IdSource): readonly Model[] => [
  {
    id: ids.id(6),
    name: "Empty",
    description: "This is a default empty schema model",
    contentType: "application/json",
    schema:
      '{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title" : "Empty Schema",\n  "type" : "object"\n}',
  },
  {
    id: ids.id(6),
    name: "Error",
    description: "This is a default error schema model",
    contentType: "application/json",
    schema:
      '{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n  "title" : "Error Schema",\n  "type" : "object",\n  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}',
  },
];

type EndpointType = EndpointConfiguration["types"][number];

const limitOfType: Readonly<Record<EndpointType, ControlLimit>> = {
  EDGE: "edgeApis",
  REGIONAL: "regionalApis",
  PRIVATE: "privateApis",
};

/** Refuses an API beyond the number that the account may have of its endpoint type. */
async function requireRoomForApi(work: Work, type: EndpointType): Promise<void> {
  const apis = await work.tx.list<RestApi>(restKinds.restApi);
  const count = apis.filter((api) => api.body.endpointConfiguration.types[0] === type).length;
  requireRoom(work, limitOfType[type], count);
}

/** Returns a new API's endpoint configuration, with AWS's defaults and exactly one type. */
function completeEndpoint(input: CreateInput["endpointConfiguration"]): EndpointConfiguration {
  const types = (input?.types ?? ["EDGE"]) as readonly EndpointType[];
  const [type] = types;
  if (type === undefined) throw badRequest("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.");
  if (types.length > 1) throw badRequest("Cannot create an api with multiple Endpoint Types.");
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
  const vpcEndpointIds = nonEmpty(input?.vpcEndpointIds);
  if (vpcEndpointIds !== undefined && type !== "PRIVATE") {
    throw badRequest("VPC endpoint ids are only supported for PRIVATE endpoints");
  }
  const misspelt = vpcEndpointIds?.find((id) => !isVpcEndpointId(id));
  if (misspelt !== undefined) throw badRequest(`Invalid VPC endpoint id specified: ${shortened(misspelt)}`);
  const ipAddressType = input?.ipAddressType ?? (type === "PRIVATE" ? "dualstack" : "ipv4");
  if (type === "PRIVATE" && ipAddressType !== "dualstack") {
    throw badRequest("Only dualstack ipAddressType is supported for Private APIs.");
  }
  return present<EndpointConfiguration>({ types: [type], ipAddressType, vpcEndpointIds });
}

type CreateInput = Work<"CreateRestApi">["input"];

/** Recorded: said before all other checks. */
const emptyDescription = "Description cannot be an empty string";

/** Returns an API that has only its root resource, with which a create and an import begin. It writes nothing. */
export async function newDefinition(work: Work, input: CreateInput): Promise<RestApiDefinition> {
  if (input.description === "") throw badRequest(emptyDescription);
  const { [customIdTag]: wantedId, ...tags } = input.tags ?? {};
  checkTags(tags, work.limits);
  const endpointConfiguration = completeEndpoint(input.endpointConfiguration);
  await requireRoomForApi(work, endpointConfiguration.types[0]!);
  const badName = checkApiName(input.name);
  if (badName !== undefined) throw badRequest(badName);
  const id = await freeApiId(work, wantedId);
  const rootResourceId = work.call.ids.id(10);
  const restApi = present<RestApi>({
    id,
    name: input.name,
    description: input.description,
    version: input.version,
    createdDate: nowSeconds(work.call),
    binaryMediaTypes: nonEmpty(input.binaryMediaTypes),
    minimumCompressionSize: checkCompression(input.minimumCompressionSize),
    apiKeySource: (input.apiKeySource ?? "HEADER") as RestApi["apiKeySource"],
    endpointConfiguration,
    policy: input.policy ? savedPolicy(work, id, input.policy) : undefined,
    tags: nonEmpty(tags as Record<string, string>),
    disableExecuteApiEndpoint: input.disableExecuteApiEndpoint ?? false,
    rootResourceId,
    securityPolicy: input.securityPolicy,
    endpointAccessMode: input.endpointAccessMode,
    apiStatus: "AVAILABLE",
    warnings: undefined,
  });
  return {
    restApi,
    resources: [{ id: rootResourceId, path: "/" }],
    models: defaultModels(work.call.ids),
    requestValidators: [],
    gatewayResponses: [],
    authorizers: [],
  };
}

/** AWS: CreateRestApi, minimumCompressionSize: 0 to 10485760. */
const compressionMax = bounds.minimumCompressionSizeMax.value;

function checkCompression(size: number | undefined): number | undefined {
  if (size !== undefined && (size < 0 || size > compressionMax)) {
    throw badRequest(`Invalid minimum compression size, must be between 0 and ${compressionMax}`);
  }
  return size;
}

function savedPolicy(work: Work, apiId: string, policy: string): string {
  const { region, account } = work.call;
  const result = normalisePolicy(policy, { region, account, apiId });
  if (result.kind === "refused") throw badRequest(result.message);
  return result.policy;
}

/** Copies everything of an API for `cloneFrom`, except stages, deployments and tags; the copies have new ids. */
async function cloneDefinition(work: Change, blank: RestApiDefinition, sourceId: string): Promise<RestApiDefinition> {
  const stored = await work.tx.get<RestApi>(restKinds.restApi, sourceId);
  // Unconfirmed: AWS's status and message for a missing source; see docs/compatibility.md, "CreateRestApi, cloneFrom".
  if (stored === undefined) throw badRequest(`Invalid API identifier specified ${work.call.account}:${sourceId}`);
  const source = await readDocumentedDefinition(work.tx, stored.body);
  const ids = new Map<string, string>([[source.restApi.rootResourceId, blank.restApi.rootResourceId]]);
  const fresh = (id: string): string => {
    if (!ids.has(id)) ids.set(id, work.call.ids.id(6));
    return ids.get(id)!;
  };
  const withNewId = <Item extends { readonly id: string }>(item: Item): Item => ({ ...item, id: fresh(item.id) });
  const models = source.models.map((model) => ({
    ...withNewId(model),
    ...(model.schema === undefined
      ? {}
      : { schema: model.schema.replaceAll(`/restapis/${sourceId}/models/`, `/restapis/${blank.restApi.id}/models/`) }),
  }));
  const requestValidators = source.requestValidators.map(withNewId);
  const documentationParts = (source.documentationParts ?? []).map(withNewId);
  const authorizers = source.authorizers.map(withNewId);
  const resources = source.resources.map((resource): Resource => {
    const methods = Object.entries(resource.resourceMethods ?? {}).map(([verb, method]) => [
      verb,
      {
        ...method,
        ...(method.authorizerId === undefined ? {} : { authorizerId: fresh(method.authorizerId) }),
        ...(method.requestValidatorId === undefined ? {} : { requestValidatorId: fresh(method.requestValidatorId) }),
        ...(method.methodIntegration?.cacheNamespace === resource.id
          ? { methodIntegration: { ...method.methodIntegration, cacheNamespace: fresh(resource.id) } }
          : {}),
      },
    ]);
    return {
      ...withNewId(resource),
      ...(resource.parentId === undefined ? {} : { parentId: fresh(resource.parentId) }),
      ...(methods.length === 0 ? {} : { resourceMethods: Object.fromEntries(methods) }),
    };
  });
  const { binaryMediaTypes, minimumCompressionSize, policy } = source.restApi;
  const restApi = present<RestApi>({
    ...blank.restApi,
    binaryMediaTypes: blank.restApi.binaryMediaTypes ?? binaryMediaTypes,
    minimumCompressionSize: blank.restApi.minimumCompressionSize ?? minimumCompressionSize,
    // Unconfirmed: that AWS copies the policy as well; see docs/compatibility.md, "CreateRestApi, cloneFrom".
    policy: blank.restApi.policy ?? policy?.replaceAll(`:${sourceId}/`, `:${blank.restApi.id}/`),
  } as RestApi);
  return { ...source, restApi, resources, models, requestValidators, authorizers, documentationParts };
}

const createRestApi = async (work: Change<"CreateRestApi">): Promise<unknown> => {
  const { input } = work;
  const blank = await newDefinition(work, input);
  const definition = input.cloneFrom ? await cloneDefinition(work, blank, input.cloneFrom) : blank;
  if (work.call.authority !== undefined) refuseForeignRoles(definition, blank, work.call);
  await writeNewDefinition(work, definition);
  return viewRestApi(definition.restApi, "create");
};

// Changing

const endpointTypes: readonly string[] = ["REGIONAL", "EDGE", "PRIVATE"] satisfies EndpointType[];

function endpointType(text: string | undefined): EndpointType {
  if (!endpointTypes.includes(text ?? "")) {
    throw badRequest(`Invalid EndpointTypes specified. Valid options are ${endpointTypes.join(",")}`);
  }
  return text as EndpointType;
}

/** AWS: "Change a public or private API endpoint type in API Gateway": PRIVATE can only become REGIONAL. */
function replaceEndpointType(draft: Draft, step: PatchStep): void {
  const wanted = endpointType(step.value);
  const current = draft["endpointConfiguration"] as EndpointConfiguration;
  const [index] = step.keys;
  if (index !== undefined && index !== "0" && index !== current.types[0]) {
    throw badRequest(`${step.path} Invalid request input`);
  }
  if (current.types[0] === "PRIVATE" && wanted === "EDGE") {
    // Unconfirmed: how AWS words it; see docs/compatibility.md, "REST control plane, words".
    throw badRequest("Cannot change the endpoint type of a PRIVATE API to EDGE");
  }
  const { vpcEndpointIds, ...rest } = current;
  draft["endpointConfiguration"] = present({
    ...rest,
    types: [wanted],
    ipAddressType: wanted === "PRIVATE" ? "dualstack" : rest.ipAddressType,
    vpcEndpointIds: wanted === "PRIVATE" ? vpcEndpointIds : undefined,
  });
}

/** A type more or less, named by the path or the value: what remains has to be one. */
function changeEndpointTypes(draft: Draft, step: PatchStep): void {
  const current = draft["endpointConfiguration"] as EndpointConfiguration;
  const named = endpointType(step.keys[0] ?? step.value);
  const others = current.types.filter((type) => type !== named);
  draft["endpointConfiguration"] = { ...current, types: step.op === "add" ? [...others, named] : others };
}

/** Recorded: the refusal of another op quotes these three. */
const endpointTypeOps = ["add", "remove", "replace"] as const;

const endpointTypesRule: PatchRule = {
  ops: endpointTypeOps,
  apply: (draft, step) => (step.op === "replace" ? replaceEndpointType : changeEndpointTypes)(draft, step),
};

const ipAddressType: Convert = ({ value }) => {
  if (value !== "ipv4" && value !== "dualstack") throw badRequest("ipAddressType must be either ipv4 or dualstack.");
  return value;
};

const compressionSize: Convert = ({ value = "" }) => checkCompression(/^-?\d{1,15}$/.test(value) ? Number(value) : -1);

const description: Convert = ({ value }) => {
  if (value === "") throw badRequest(emptyDescription);
  return value;
};

const checkVpcEndpoint = (step: PatchStep): void => {
  if (!isVpcEndpointId(step.value ?? "")) throw invalidValue(step, "Must be a VPC endpoint id");
};

const patch: PatchTable = {
  refuse: nameMistake,
  rules: {
    "/name": member("name", text),
    "/description": member("description", description),
    "/version": member("version", text, { clears: true }),
    "/apiKeySource": member("apiKeySource", oneOf("HEADER", "AUTHORIZER")),
    "/binaryMediaTypes/{mediaType}": memberInPath("binaryMediaTypes", ["add", "replace", "remove"]),
    "/minimumCompressionSize": member("minimumCompressionSize", compressionSize, { clears: true }),
    "/endpointConfiguration/types/{type}": endpointTypesRule,
    "/endpointConfiguration/types": endpointTypesRule,
    "/endpointConfiguration/vpcEndpointIds": memberInValue(
      "endpointConfiguration.vpcEndpointIds",
      ["add", "remove"],
      checkVpcEndpoint,
    ),
    "/endpointConfiguration/ipAddressType": member("endpointConfiguration.ipAddressType", ipAddressType),
    "/policy": member("policy", text, { clears: true }),
    "/disableExecuteApiEndpoint": member("disableExecuteApiEndpoint", flag),
    "/securityPolicy": member("securityPolicy", oneOf(...securityPolicies), { clears: true }),
    "/endpointAccessMode": member("endpointAccessMode", oneOf(...endpointAccessModes), { clears: true }),
  },
};

async function completeRestApi(item: RestApi, before: RestApi, work: Change): Promise<RestApi> {
  const badName = checkApiName(item.name);
  if (badName !== undefined) throw badRequest(badName);
  const endpointConfiguration = completeEndpoint(item.endpointConfiguration as CreateInput["endpointConfiguration"]);
  const type = endpointConfiguration.types[0]!;
  if (type !== before.endpointConfiguration.types[0]) await requireRoomForApi(work, type);
  const policy = item.policy !== before.policy && item.policy ? savedPolicy(work, item.id, item.policy) : item.policy;
  return present<RestApi>({ ...item, endpointConfiguration, policy } as RestApi);
}

/** The kinds of everything that belongs to an API. */
const childKinds = [
  restKinds.resource,
  restKinds.model,
  restKinds.requestValidator,
  restKinds.gatewayResponse,
  restKinds.authorizer,
  restKinds.deployment,
  restKinds.snapshot,
  restKinds.stage,
  documentationKinds.part,
  documentationKinds.version,
  documentationKinds.snapshot,
];

async function deleteChildren(api: RestApi, work: Change): Promise<void> {
  const domains = await domainsMappedTo(work, api.id);
  if (domains.length > 0) {
    throw badRequest(
      `Deleting RestApi ${api.id} failed. Please remove all base path mappings related to the RestApi in your domains: ${domains.join(", ")}.`,
    );
  }
  for (const kind of childKinds) await work.tx.deleteAll(kind, `${api.id}/`);
  await work.tx.delete(restKinds.defaultEndpoint, api.id);
  await dropStageLinks(work, api.id);
  await releaseApiId(work, api.id);
}

/** AWS: API Gateway REST API reference, "RestApi". */
export const restApi = {
  ...defineResource({
    operations: {
      get: "GetRestApi",
      list: "GetRestApis",
      update: "UpdateRestApi",
      delete: "DeleteRestApi",
    },
    place: restApis,
    patch,
    complete: completeRestApi,
    onDelete: deleteChildren,
    view: (item, _, by) => viewRestApi(item, by),
  }),
  // This is not the family's create, because it writes more than one document.
  ...operations({ CreateRestApi: writing(createRestApi) }),
};
