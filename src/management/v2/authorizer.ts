import type { HttpAuthorizer } from "../../definition/http-api.ts";
import { checkHttpAuthorizer, invalidIssuer } from "../../definition/http-authorizer-rules.ts";
import { isWebSocketApi, type V2Api } from "../../definition/v2-api.ts";
import { checkWebSocketAuthorizer } from "../../definition/websocket-authorizer-rules.ts";
import { type MergeRules, mergeInto, unlessEqual, unmerged } from "../../families/merge.ts";
import { nonEmpty, present } from "../../families/work.ts";
import { badRequest } from "../../protocol/errors.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { v2Apis } from "./apis.ts";
import { authorizers } from "./authorizers.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { inUse, refuse, requireRoom } from "./refusals.ts";
import { routes } from "./routes.ts";
import { defineResource, operations, spanning, type V2Service, type Work } from "./work.ts";

/** Checks a new or changed authorizer, except whether its issuer can be asked. */
async function checked(authorizer: HttpAuthorizer, work: Work<never, V2Api>): Promise<HttpAuthorizer> {
  refuse(
    isWebSocketApi(work.parent)
      ? checkWebSocketAuthorizer(authorizer)
      : checkHttpAuthorizer(authorizer, { acceptsPlainIssuers: work.profile === "relaxed" }),
  );
  refuseForeignRole(authorizer.AuthorizerCredentialsArn, work.call);
  const others = (await authorizers.all(work)).filter(({ AuthorizerId }) => AuthorizerId !== authorizer.AuthorizerId);
  if (others.some(({ Name }) => Name === authorizer.Name)) {
    throw badRequest(`Authorizer name must be unique. Authorizer ${authorizer.Name} already exists in this RestApi.`);
  }
  return authorizer;
}

/** Returns the routes that an authorizer guards. */
const routesWith = async (work: Work<never, V2Api>, { AuthorizerId }: HttpAuthorizer) =>
  (await routes.all(work)).filter((route) => route.AuthorizerId === AuthorizerId);

async function newAuthorizer(work: Work<"CreateAuthorizer", V2Api>): Promise<HttpAuthorizer> {
  const { input } = work;
  requireRoom(work, "authorizersPerApi", await authorizers.count(work));
  const authorizer = present<HttpAuthorizer>({
    AuthorizerId: await authorizers.freshId(work, 6),
    Name: input.Name,
    AuthorizerType: input.AuthorizerType,
    IdentitySource: nonEmpty(input.IdentitySource),
    AuthorizerUri: input.AuthorizerUri || undefined,
    AuthorizerCredentialsArn: input.AuthorizerCredentialsArn || undefined,
    AuthorizerPayloadFormatVersion: input.AuthorizerPayloadFormatVersion || undefined,
    AuthorizerResultTtlInSeconds: input.AuthorizerResultTtlInSeconds,
    EnableSimpleResponses: input.EnableSimpleResponses,
    IdentityValidationExpression: input.IdentityValidationExpression || undefined,
    JwtConfiguration: input.JwtConfiguration && nonEmpty(present({ ...input.JwtConfiguration })),
  });
  return checked(authorizer, work);
}

const merge: MergeRules<HttpAuthorizer, Work<"UpdateAuthorizer">["input"]> = {
  ApiId: unmerged,
  // Neither is lost by an empty text.
  Name: (Name) => ({ Name }),
  IdentitySource: (sources) => ({ IdentitySource: nonEmpty(sources) }),
  JwtConfiguration: (given, before) => ({
    JwtConfiguration: nonEmpty(present({ ...before.JwtConfiguration, ...present(given) })),
  }),
};

/** Returns an authorizer as it is, and as an update makes it. */
async function changedAuthorizer(work: Work<"UpdateAuthorizer", V2Api>) {
  const before = await authorizers.find(work);
  const after = await checked(mergeInto(before, work.input, merge, "as-in-model"), work);
  if (after.AuthorizerType !== before.AuthorizerType) {
    const [user] = await routesWith(work, before);
    // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
    if (user !== undefined) {
      throw badRequest(
        `Cannot change the type of authorizer '${before.Name}', is referenced in route: ${user.RouteKey}`,
      );
    }
  }
  return { before, after: unlessEqual(after, before) };
}

/**
 * Asks the issuer of an authorizer's tokens for its configuration, as AWS does. With the relaxed profile one that does not
 * answer is accepted; its tokens are refused until it does.
 */
async function requireIssuer(
  { askIssuer, profile }: Pick<V2Service, "askIssuer" | "profile">,
  { JwtConfiguration: { Issuer: issuer } = {} }: HttpAuthorizer,
): Promise<void> {
  if (issuer === undefined || profile === "relaxed") return;
  const problem = await askIssuer(issuer);
  if (problem !== undefined) throw badRequest(invalidIssuer(issuer), { hint: problem });
}

/** AWS: API Gateway version 2 API reference, "Authorizer". */
export const authorizer = {
  ...defineResource({
    operations: { get: "GetAuthorizer", list: "GetAuthorizers", delete: "DeleteAuthorizer" },
    place: authorizers,
    async onDelete(item, work) {
      const [user] = await routesWith(work, item);
      // AWS's words, as users quote them.
      if (user !== undefined) {
        throw inUse(`Cannot delete authorizer '${item.Name}', is referenced in route: ${user.RouteKey}`);
      }
    },
    afterWrite: (work) => deployAutomatically(work, work.input.ApiId),
  }),
  // These are not the family's, because no transaction waits for an issuer.
  ...operations({
    CreateAuthorizer: spanning(async (call) => {
      await requireIssuer(call, await call.read(newAuthorizer, v2Apis));
      return call.write(async (work) => {
        const made = await newAuthorizer(work);
        await authorizers.put(made, work);
        await deployAutomatically(work, work.input.ApiId);
        return made;
      }, v2Apis);
    }),
    UpdateAuthorizer: spanning(async (call) => {
      const { before, after } = await call.read(changedAuthorizer, v2Apis);
      if (after.JwtConfiguration?.Issuer !== before.JwtConfiguration?.Issuer) await requireIssuer(call, after);
      return call.write(async (work) => {
        const changed = await changedAuthorizer(work);
        if (changed.after !== changed.before) {
          await authorizers.put(changed.after, work);
          await deployAutomatically(work, work.input.ApiId);
        }
        return changed.after;
      }, v2Apis);
    }),
  }),
};
