import { type V2Model, v2Kinds } from "../../definition/http-api.ts";
import { notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { v2Apis } from "./apis.ts";
import { documents, type Work } from "./work.ts";

/** The documents of models. */
export const models = documents({
  kind: v2Kinds.model,
  parent: v2Apis,
  member: "ModelId",
  idOf: (model: V2Model) => model.ModelId,
  order: creationOrder,
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  missing: () => notFound("Invalid Model identifier specified"),
});

/** Returns the names of the models of the API that an input names. */
export const modelNamesOf = async ({
  tx,
  input: { ApiId },
}: Pick<Work, "tx"> & { readonly input: { readonly ApiId: string } }): Promise<ReadonlySet<string>> =>
  new Set((await tx.list<V2Model>(v2Kinds.model, { prefix: `${ApiId}/` })).map(({ body }) => body.Name));
