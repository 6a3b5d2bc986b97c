import type { CreateModelRequest } from "@aws-sdk/client-api-gateway";
import { referencedModels } from "../../definition/model-schema.ts";
import { modelTemplate } from "../../definition/model-template.ts";
import { type Method, type Model, type Resource, restKinds } from "../../definition/rest-api.ts";
import { checkModel } from "../../definition/rules.ts";
import { member, text } from "../../families/patch.ts";
import { badRequest, conflict } from "../../protocol/errors.ts";
import { type DefinedResource, defineResource, documentsOfApi, reading } from "./define-resource.ts";
import { type Change, childrenOf, present, requireApi, type Work } from "./work.ts";

const documents = documentsOfApi<Model>({
  kind: restKinds.model,
  member: "modelName",
  idOf: (model) => model.name,
  missing: (name) => `Invalid model name specified: ${name}`,
});

async function checked(model: Model, others: readonly Model[]): Promise<Model> {
  const names = new Set(others.map((other) => other.name));
  const message = checkModel(model.name, model.schema, (name) => names.has(name));
  if (message !== undefined) throw badRequest(message);
  return model;
}

async function createModel(work: Change): Promise<Model> {
  const input = work.input as unknown as CreateModelRequest;
  const api = await requireApi(work);
  const others = await childrenOf<Model>(work.tx, restKinds.model, api.id);
  const model = present<Model>({
    // No document's id: models are found by their names.
    id: work.call.ids.id(6),
    name: input.name!,
    description: input.description,
    schema: input.schema || undefined,
    contentType: input.contentType!,
  });
  await checked(model, others);
  if (others.some((other) => other.name === model.name)) throw conflict("Model name already exists for this REST API");
  return model;
}

/** Each method of an API with its path, for what refers to something. */
export async function* methodsOf(work: Work): AsyncGenerator<{ readonly path: string; readonly method: Method }> {
  const resources = await childrenOf<Resource>(work.tx, restKinds.resource, work.input["restApiId"] as string);
  for (const { path, resourceMethods } of resources) {
    for (const method of Object.values(resourceMethods ?? {})) yield { path, method };
  }
}

/** AWS refuses to delete a model that a method or another model uses. */
async function refuseInUse(model: Model, work: Change): Promise<void> {
  const uses = (models: Readonly<Record<string, string>> | undefined) =>
    Object.values(models ?? {}).includes(model.name);
  const refuse = (user: string) => conflict(`Cannot delete model '${model.name}', is referenced in ${user}`);
  for await (const { path, method } of methodsOf(work)) {
    if (uses(method.requestModels)) throw refuse(`method request: ${path}/${method.httpMethod}`);
    if (Object.values(method.methodResponses ?? {}).some((response) => uses(response.responseModels))) {
      throw refuse(`method response: ${path}/${method.httpMethod}`);
    }
  }
  const others = await childrenOf<Model>(work.tx, restKinds.model, work.input["restApiId"] as string);
  const user = others.find((other) => other.name !== model.name && referencedModels(other.schema).includes(model.name));
  if (user !== undefined) throw refuse(`model: ${user.name}`);
}

/** `flatten=true`: the models that the schema refers to become its `definitions`. */
function flattened(model: Model, all: readonly Model[]): Model {
  if (model.schema === undefined) return model;
  const definitions: Record<string, unknown> = {};
  const inline = (schema: string): unknown => {
    for (const name of referencedModels(schema)) {
      if (Object.hasOwn(definitions, name)) continue;
      definitions[name] = {};
      definitions[name] = inline(all.find((other) => other.name === name)?.schema ?? "{}");
    }
    const address = /^https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/]+\/models\//;
    return JSON.parse(schema, (key, value: unknown) =>
      key === "$ref" && typeof value === "string" ? value.replace(address, "#/definitions/") : value,
    );
  };
  const schema = inline(model.schema) as Record<string, unknown>;
  if (Object.keys(definitions).length === 0) return model;
  const merged = { ...schema, definitions: { ...(schema["definitions"] as object | undefined), ...definitions } };
  return { ...model, schema: JSON.stringify(merged) };
}

const family = defineResource<Model>({
  operations: {
    create: "CreateModel",
    get: "GetModel",
    list: "GetModels",
    update: "UpdateModel",
    delete: "DeleteModel",
  },
  place: {
    ...documents,
    async find(work) {
      const found = await documents.find(work);
      return work.input["flatten"] === true ? flattened(found, await documents.all(work)) : found;
    },
  },
  create: createModel,
  patch: {
    rules: { "/description": member("description", text), "/schema": member("schema", text, { clears: true }) },
  },
  complete: async (item, _, work) => checked(item, await documents.all(work)),
  onDelete: refuseInUse,
});

/** AWS: API Gateway REST API reference, "Model". */
export const model: DefinedResource = (dependencies) => ({
  ...family(dependencies),
  GetModelTemplate: reading(dependencies, async (work) => {
    const found = await documents.find(work);
    const schemas = new Map((await documents.all(work)).map((other) => [other.name, other.schema]));
    return { value: modelTemplate(found.schema, (name) => schemas.get(name)) };
  }),
});
