import { type RequestValidator, type RestApi, restKinds } from "../../definition/rest-api.ts";
import { flag, listPaths, member, text } from "../../families/patch.ts";
import { present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { methodsOf } from "./model.ts";
import { restApis } from "./rest-apis.ts";
import { type Change, defineResource, documents } from "./work.ts";

const validators = documents({
  kind: restKinds.requestValidator,
  parent: restApis,
  speaksForParent: true,
  member: "requestValidatorId",
  idOf: (validator: RequestValidator) => validator.id,
  order: creationOrder,
  missing: () => notFound("Invalid Request Validator identifier specified"),
});

// Unconfirmed: the rest of AWS's message after "unique"; see docs/compatibility.md, "REST control plane, words".
async function checked(validator: RequestValidator, work: Change<never, RestApi>): Promise<RequestValidator> {
  if (validator.name.trim() === "") throw badRequest("Request Validator name cannot be blank");
  const others = await validators.all(work);
  if (others.some((other) => other.id !== validator.id && other.name === validator.name)) {
    throw badRequest(
      `Request Validator name must be unique. Request Validator ${validator.name} already exists in this RestApi.`,
    );
  }
  return validator;
}

/** AWS: API Gateway REST API reference, "RequestValidator". */
export const requestValidator = defineResource({
  operations: {
    create: "CreateRequestValidator",
    get: "GetRequestValidator",
    list: "GetRequestValidators",
    update: "UpdateRequestValidator",
    delete: "DeleteRequestValidator",
  },
  place: validators,
  // Recorded.
  missingParent: { create: () => badRequest("Invalid REST API identifier specified") },
  async create(work) {
    const { input } = work;
    const id = await validators.freshId(work, 6);
    const validator = present<RequestValidator>({
      id,
      // AWS's model does not require it.
      name: input.name ?? id,
      validateRequestBody: input.validateRequestBody ?? false,
      validateRequestParameters: input.validateRequestParameters ?? false,
    });
    return checked(validator, work);
  },
  patch: {
    refuse: listPaths,
    rules: {
      "/name": member("name", text),
      "/validateRequestParameters": member("validateRequestParameters", flag),
      "/validateRequestBody": member("validateRequestBody", flag),
    },
  },
  complete: (item, _, work) => checked(item, work),
  async onDelete(validator, work) {
    for await (const { path, method } of methodsOf(work)) {
      if (method.requestValidatorId !== validator.id) continue;
      throw conflict(
        `Cannot delete request validator '${validator.id}', is referenced in method: ${method.httpMethod}/${path}`,
      );
    }
  },
});
