import type { CreateAuthorizerRequest } from "@aws-sdk/client-api-gateway";
import { type Authorizer, restKinds } from "../../definition/rest-api.ts";
import { badRequest, conflict } from "../../protocol/errors.ts";
import { defineResource, documentsOfApi } from "./define-resource.ts";
import { methodsOf } from "./model.ts";
import { entryList, member, memberInValue, oneOf, text, wholeNumber } from "./patch.ts";
import { type Change, freshId, nonEmpty, present, requireApi, requireRoom } from "./work.ts";

export const authorizers = documentsOfApi<Authorizer>({
  kind: restKinds.authorizer,
  member: "authorizerId",
  idOf: (authorizer) => authorizer.id,
  missing: () => "Invalid Authorizer identifier specified",
});

/** AWS: CreateAuthorizer, authorizerResultTtlInSeconds: default 300, at most 3600. */
const ttlDefault = 300;
const ttlMax = 3600;

const functionUri = /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path\/\S+$/;
const userPool = /^arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool\/\S+$|^\$\{stageVariables\.\w+\}$/;
const identityOf =
  /^(method\.request\.(header|querystring|multivalueheader|multivaluequerystring)|stageVariables|context)\.[\w.$-]+$/;

/** What makes an authorizer whole. AWS: CreateAuthorizer, the notes on each member. */
// Unconfirmed: how AWS words all but the name and the ARN; see docs/compatibility.md.
function checkAuthorizer(authorizer: Authorizer): string | undefined {
  const { type, identitySource } = authorizer;
  const ttl = authorizer.authorizerResultTtlInSeconds ?? ttlDefault;
  if (ttl < 0 || ttl > ttlMax) return `Authorizer result TTL must be between 0 and ${ttlMax} seconds`;
  if (authorizer.name.trim() === "") return "Authorizer name must not be blank";
  if (type === "COGNITO_USER_POOLS") {
    if (authorizer.providerARNs === undefined)
      return "ProviderARNs must be specified for COGNITO_USER_POOLS authorizers";
    if (!authorizer.providerARNs.every((arn) => userPool.test(arn))) return "Invalid ARN specified in the request";
  } else if (!functionUri.test(authorizer.authorizerUri ?? "")) {
    return "Invalid Authorizer URI: it must be of the form arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{functionArn}/invocations";
  }
  if (identitySource === undefined) {
    return type === "REQUEST" && ttl === 0 ? undefined : "Identity source must be specified";
  }
  const sources = identitySource.split(",").map((source) => source.trim());
  const isHeader = (source: string) => /^method\.request\.header\.[\w.$-]+$/.test(source);
  const isValid =
    type === "REQUEST" ? sources.every((one) => identityOf.test(one)) : sources.length === 1 && sources.every(isHeader);
  return isValid ? undefined : `Invalid identity source specified: ${identitySource}`;
}

async function checked(authorizer: Authorizer, work: Change): Promise<Authorizer> {
  const message = checkAuthorizer(authorizer);
  if (message !== undefined) throw badRequest(message);
  const others = await authorizers.all(work);
  if (others.some((other) => other.id !== authorizer.id && other.name === authorizer.name)) {
    throw badRequest(`Authorizer name must be unique. Authorizer ${authorizer.name} already exists in this RestApi.`);
  }
  return authorizer;
}

async function createAuthorizer(work: Change): Promise<Authorizer> {
  const input = work.input as unknown as CreateAuthorizerRequest;
  const api = await requireApi(work);
  requireRoom(work, "authorizersPerApi", (await authorizers.all(work)).length);
  const isCognito = input.type === "COGNITO_USER_POOLS";
  const authorizer = present<Authorizer>({
    id: await freshId(work, restKinds.authorizer, api.id, 6),
    name: input.name!,
    type: input.type!,
    providerARNs: nonEmpty(input.providerARNs),
    authType: input.authType ?? (isCognito ? "cognito_user_pools" : "custom"),
    authorizerUri: input.authorizerUri || undefined,
    authorizerCredentials: input.authorizerCredentials || undefined,
    identitySource: input.identitySource || undefined,
    identityValidationExpression: input.identityValidationExpression || undefined,
    authorizerResultTtlInSeconds: input.authorizerResultTtlInSeconds ?? (isCognito ? undefined : ttlDefault),
  });
  return checked(authorizer, work);
}

/** AWS: API Gateway REST API reference, "Authorizer". */
export const authorizer = defineResource<Authorizer>({
  operations: {
    create: "CreateAuthorizer",
    get: "GetAuthorizer",
    list: "GetAuthorizers",
    update: "UpdateAuthorizer",
    delete: "DeleteAuthorizer",
  },
  place: authorizers,
  create: createAuthorizer,
  patch: {
    rules: {
      "/authorizerUri": member("authorizerUri", text, { clears: true }),
      "/authorizerCredentials": member("authorizerCredentials", text, { clears: true }),
      "/authorizerResultTtlInSeconds": member("authorizerResultTtlInSeconds", wholeNumber(0, ttlMax)),
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
