import { authorizerTtlMax, checkAuthorizer } from "../../definition/authorizer-rules.ts";
import { type Authorizer, type RestApi, restKinds } from "../../definition/rest-api.ts";
import { entryList, listPaths, member, memberInValue, oneOf, text, wholeNumber } from "../../families/patch.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import { creationOrder } from "../../store/store.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { requireRoom } from "../control-service.ts";
import { methodsOf } from "./model.ts";
import { restApis } from "./rest-apis.ts";
import { type Change, defineResource, documents } from "./work.ts";

export const authorizers = documents({
  kind: restKinds.authorizer,
  parent: restApis,
  speaksForParent: true,
  member: "authorizerId",
  idOf: (authorizer: Authorizer) => authorizer.id,
  order: creationOrder,
  missing: () => notFound("Invalid Authorizer identifier specified"),
});

async function checked(authorizer: Authorizer, work: Change<never, RestApi>): Promise<Authorizer> {
  const message = checkAuthorizer(authorizer);
  if (message !== undefined) throw badRequest(message);
  refuseForeignRole(authorizer.authorizerCredentials, work.call);
  const others = await authorizers.all(work);
  if (others.some((other) => other.id !== authorizer.id && other.name === authorizer.name)) {
    throw badRequest(`Authorizer name must be unique. Authorizer ${authorizer.name} already exists in this RestApi.`);
  }
  return authorizer;
}

async function createAuthorizer(work: Change<"CreateAuthorizer", RestApi>): Promise<Authorizer> {
  const { input } = work;
  requireRoom(work, "authorizersPerApi", await authorizers.count(work));
  const authorizer = present<Authorizer>({
    id: await authorizers.freshId(work, 6),
    name: input.name,
    type: input.type,
    providerARNs: nonEmpty(input.providerARNs),
    authType: input.authType ?? (input.type === "COGNITO_USER_POOLS" ? "cognito_user_pools" : "custom"),
    authorizerUri: input.authorizerUri || undefined,
    authorizerCredentials: input.authorizerCredentials || undefined,
    identitySource: input.identitySource || undefined,
    identityValidationExpression: input.identityValidationExpression || undefined,
    authorizerResultTtlInSeconds: input.authorizerResultTtlInSeconds,
  });
  return checked(authorizer, work);
}

/** AWS: API Gateway REST API reference, "Authorizer". */
export const authorizer = defineResource({
  operations: {
    create: "CreateAuthorizer",
    get: "GetAuthorizer",
    list: "GetAuthorizers",
    update: "UpdateAuthorizer",
    delete: "DeleteAuthorizer",
  },
  place: authorizers,
  // AWS quirk, as recorded.
  missingParent: {
    create: () => conflict("Unable to complete operation due to concurrent modification. Please try again later."),
  },
  create: createAuthorizer,
  patch: {
    refuse: listPaths,
    rules: {
      "/authorizerUri": member("authorizerUri", text, { clears: true }),
      "/authorizerCredentials": member("authorizerCredentials", text, { clears: true }),
      "/authorizerResultTtlInSeconds": member("authorizerResultTtlInSeconds", wholeNumber(0, authorizerTtlMax)),
      "/authType": member("authType", text),
      "/identitySource": entryList("identitySource"),
      "/identityValidationExpression": member("identityValidationExpression", text, { clears: true }),
      "/name": member("name", text),
      "/providerARNs": memberInValue("providerARNs", ["add", "remove"]),
      "/type": member("type", oneOf("TOKEN", "REQUEST", "COGNITO_USER_POOLS")),
    },
  },
  complete: (item, _, work) => checked(item, work),
  async onDelete(item, work) {
    for await (const { path, method } of methodsOf(work)) {
      if (method.authorizerId !== item.id) continue;
      // AWS quirk: verb, slash, path – `GET//test`.
      throw conflict(`Cannot delete authorizer '${item.name}', is referenced in method: ${method.httpMethod}/${path}`);
    }
  },
});
