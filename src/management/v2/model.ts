import type { V2Model } from "../../definition/http-api.ts";
import { referencedModels } from "../../definition/model-schema.ts";
import { modelTemplate } from "../../definition/model-template.ts";
import { checkModel } from "../../definition/rules.ts";
import { checkLengths } from "../../definition/text-lengths.ts";
import type { V2Api } from "../../definition/v2-api.ts";
import { mergedAs, unlessEqual, unmerged } from "../../families/merge.ts";
import { present } from "../../families/work.ts";
import { conflict } from "../../protocol/errors.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { models } from "./models.ts";
import { inUse, refuse, refuseOnHttp } from "./refusals.ts";
import { routeResponsesOf } from "./route-responses.ts";
import { routes } from "./routes.ts";
import { type Change, defineResource, operations, viewing, type Work } from "./work.ts";

const lengths = { Name: [1, 128], ContentType: [1, 256], Description: [0, 1024], Schema: [1, 32_768] } as const;

/** Checks a new or changed model. */
async function checked(model: V2Model, work: Work<never, V2Api>): Promise<V2Model> {
  refuse(checkLengths(model, lengths));
  const others = (await models.all(work)).filter(({ ModelId }) => ModelId !== model.ModelId);
  const names = new Set(others.map(({ Name }) => Name));
  // AWS's words for models of REST APIs. Unconfirmed: that they are these; see docs/compatibility.md, "WebSocket APIs, words
  // of management".
  refuse(checkModel(model.Name, model.Schema, (name) => names.has(name)));
  if (names.has(model.Name)) throw conflict("Model name already exists for this API");
  return model;
}

async function createModel(work: Change<"CreateModel", V2Api>): Promise<V2Model> {
  const { input } = work;
  if (!work.beyondAws.includes("http-request-validation")) refuseOnHttp(work.parent, "Models");
  const model = present<V2Model>({
    ModelId: await models.freshId(work, 6),
    Name: input.Name,
    Schema: input.Schema,
    ContentType: input.ContentType || undefined,
    Description: input.Description || undefined,
  });
  return checked(model, work);
}

/** Returns what uses a model, in the words of a refusal. */
async function userOf({ Name }: V2Model, work: Work<never, V2Api>): Promise<string | undefined> {
  const uses = (named: Readonly<Record<string, string>> | undefined) => Object.values(named ?? {}).includes(Name);
  const all = await routes.all(work);
  const route = all.find(({ RequestModels }) => uses(RequestModels));
  if (route !== undefined) return `route: ${route.RouteKey}`;
  const response = (await routeResponsesOf(work)).find(({ ResponseModels }) => uses(ResponseModels));
  if (response !== undefined) {
    return `route response: ${all.find(({ RouteId }) => RouteId === response.RouteId)?.RouteKey ?? response.RouteId}`;
  }
  const model = (await models.all(work)).find(
    (one) => one.Name !== Name && referencedModels(one.Schema).includes(Name),
  );
  return model && `model: ${model.Name}`;
}

/** Refuses to delete or rename a model that is used. */
async function refuseUsed(model: V2Model, verb: "delete" | "rename", work: Work<never, V2Api>): Promise<void> {
  const user = await userOf(model, work);
  if (user !== undefined) throw inUse(`Cannot ${verb} model '${model.Name}', is referenced in ${user}`);
}

/** AWS: API Gateway version 2 API reference, "Model". */
export const model = {
  ...defineResource({
    operations: {
      create: "CreateModel",
      get: "GetModel",
      list: "GetModels",
      update: "UpdateModel",
      delete: "DeleteModel",
    },
    place: models,
    create: createModel,
    merge: {
      ApiId: unmerged,
      // Neither is lost by an empty text.
      Name: mergedAs("Name"),
      Schema: mergedAs("Schema"),
    },
    async complete(item, before, work) {
      if (item.Name !== before.Name) await refuseUsed(before, "rename", work);
      return unlessEqual(await checked(item, work), before);
    },
    onDelete: (item, work) => refuseUsed(item, "delete", work),
    afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
  }),
  ...operations({
    GetModelTemplate: viewing(models, async (found, work) => {
      const schemas = new Map((await models.all(work)).map(({ Name, Schema }) => [Name, Schema]));
      return { Value: modelTemplate(found.Schema, (name) => schemas.get(name)) };
    }),
  }),
};
