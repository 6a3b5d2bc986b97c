import { referencedModels } from "../../definition/model-schema.ts";
import { modelTemplate } from "../../definition/model-template.ts";
import { type Method, type Model, type Resource, type RestApi, restKinds } from "../../definition/rest-api.ts";
import { checkModel, missingSchema } from "../../definition/rules.ts";
import { listPaths, member, text } from "../../families/patch.ts";
import { present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { restApis } from "./rest-apis.ts";
import { type Change, childrenOf, defineResource, documents, operations, viewing, type Work } from "./work.ts";

const models = documents({
  kind: restKinds.model,
  parent: restApis,
  speaksForParent: true,
  member: "modelName",
  idOf: (model: Model) => model.name,
  missing: (name) => notFound(`Invalid model name specified: ${name}`),
});

async function checked(model: Model, others: readonly Model[]): Promise<Model> {
  const names = new Set(others.map((other) => other.name));
  const message =
    checkModel(model.name, model.schema, (name) => names.has(name)) ??
    (model.schema === undefined ? missingSchema : undefined);
  if (message !== undefined) throw badRequest(message);
  return model;
}

async function createModel(work: Change<"CreateModel", RestApi>): Promise<Model> {
  const { input } = work;
  const others = await models.all(work);
  const model = present<Model>({
    // This is not the document's id, because models are found by their names.
    id: work.call.ids.id(6),
    name: input.name,
    // Recorded: an empty one is not shown.
    description: input.description || undefined,
    schema: input.schema || undefined,
    contentType: input.contentType,
  });
  await checked(model, others);
  if (others.some((other) => other.name === model.name)) throw conflict("Model name already exists for this REST API");
  return model;
}

/** Yields each method of an API with its path, for checks of what methods refer to. */
export async function* methodsOf({
  tx,
  parent,
}: Work<never, RestApi>): AsyncGenerator<{ readonly path: string; readonly method: Method }> {
  const resources = await childrenOf<Resource>(tx, restKinds.resource, parent.id);
  for (const { path, resourceMethods } of resources) {
    for (const method of Object.values(resourceMethods ?? {})) yield { path, method };
  }
}

/** Refuses to delete a model that a method or another model uses, as AWS does. */
async function refuseInUse(model: Model, work: Change<never, RestApi>): Promise<void> {
  const uses = (models: Readonly<Record<string, string>> | undefined) =>
    Object.values(models ?? {}).includes(model.name);
  const refuse = (user: string) => conflict(`Cannot delete model '${model.name}', is referenced in ${user}`);
  for await (const { path, method } of methodsOf(work)) {
    if (uses(method.requestModels)) throw refuse(`method request: ${path}/${method.httpMethod}`);
    if (Object.values(method.methodResponses ?? {}).some((response) => uses(response.responseModels))) {
      throw refuse(`method response: ${path}/${method.httpMethod}`);
    }
  }
  const others = await models.all(work);
  const user = others.find((other) => other.name !== model.name && referencedModels(other.schema).includes(model.name));
  if (user !== undefined) throw refuse(`model: ${user.name}`);
}

/** Returns the model for `flatten=true`: the models that its schema refers to become its `definitions`. */
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

const family = defineResource({
  operations: {
    create: "CreateModel",
    get: "GetModel",
    list: "GetModels",
    update: "UpdateModel",
    delete: "DeleteModel",
  },
  place: models,
  create: createModel,
  patch: {
    refuse: listPaths,
    rules: {
      "/description": member("description", text, { clears: true }),
      "/schema": member("schema", text, { clears: true }),
    },
  },
  complete: async (item, _, work) => checked(item, await models.all(work)),
  onDelete: refuseInUse,
  view: async (item, work) => (work.input.flatten === true ? flattened(item, await models.all(work)) : item),
});

/** AWS: API Gateway REST API reference, "Model". */
export const model = {
  ...family,
  ...operations({
    GetModelTemplate: viewing(models, async (found, work) => {
      const schemas = new Map((await models.all(work)).map((other) => [other.name, other.schema]));
      return { value: modelTemplate(found.schema, (name) => schemas.get(name)) };
    }),
  }),
};
