import { authorizerTtlDefault } from "../../definition/authorizer-rules.ts";
import type { HttpAuthorizer } from "../../definition/http-api.ts";
import { checkHttpAuthorizer } from "../../definition/http-authorizer-rules.ts";
import type { Authorizer } from "../../definition/rest-api.ts";
import type { Obstacle, PartConversion } from "./conversion-loss.ts";
import { sharedContext } from "./shared-context.ts";

/**
 * Converts an authorizer of a REST API.
 * AWS: API Gateway Developer Guide, "Choose between REST APIs and HTTP APIs", "Control access to HTTP APIs with AWS Lambda
 * authorizers", "Control access to HTTP APIs with JWT authorizers".
 */
export function convertAuthorizer(
  authorizer: Authorizer,
  audiences: readonly string[],
): PartConversion<HttpAuthorizer> {
  if (authorizer.identityValidationExpression !== undefined && authorizer.identityValidationExpression !== "") {
    return impossible(
      `authorizer ${authorizer.name}: identityValidationExpression`,
      "Refuse such tokens in the authorizer's function, or with the JWT authorizer's audience, and remove the expression",
    );
  }
  const made =
    authorizer.type === "COGNITO_USER_POOLS"
      ? convertUserPool(authorizer, audiences)
      : convertFunctionAuthorizer(authorizer);
  if (made.kind === "impossible") return made;
  const problem = checkHttpAuthorizer(made.value);
  return problem === undefined
    ? made
    : impossible(`authorizer ${authorizer.name}: ${problem}`, "Make an authorizer of the HTTP API by hand");
}

const impossible = (what: string, advice: string): { kind: "impossible"; obstacles: readonly Obstacle[] } => ({
  kind: "impossible",
  obstacles: [{ what, advice }],
});

function convertFunctionAuthorizer(authorizer: Authorizer): PartConversion<HttpAuthorizer> {
  const { name, type, authorizerUri, authorizerCredentials, identitySource = "" } = authorizer;
  const given = identitySource
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  const sources = given.map(identitySourceOf);
  const unknown = given.find((_, index) => sources[index] === undefined);
  if (unknown !== undefined) {
    return impossible(
      `authorizer ${name}: identity source ${unknown}`,
      "Take a header, a query parameter or a stage variable as the identity source",
    );
  }
  return {
    kind: "converted",
    value: {
      AuthorizerId: authorizer.id,
      Name: name,
      AuthorizerType: "REQUEST",
      IdentitySource: sources as string[],
      ...(authorizerUri !== undefined && { AuthorizerUri: authorizerUri }),
      ...(authorizerCredentials !== undefined && { AuthorizerCredentialsArn: authorizerCredentials }),
      AuthorizerPayloadFormatVersion: "1.0",
      AuthorizerResultTtlInSeconds: authorizer.authorizerResultTtlInSeconds ?? authorizerTtlDefault,
    },
    changes:
      type === "TOKEN"
        ? [
            {
              what: `authorizer ${name}: TOKEN becomes REQUEST with format 1.0`,
              advice:
                "The event still has authorizationToken and methodArn; its type is REQUEST, and it has the whole request",
            },
          ]
        : [],
  };
}

function identitySourceOf(source: string): string | undefined {
  const [, context = ""] = /^context\.(.+)$/.exec(source) ?? [];
  if (sharedContext.has(context)) return `$context.${context}`;
  const [, place, name] = /^(?:method\.request\.(header|querystring)|stageVariables)\.(.+)$/.exec(source) ?? [];
  if (name === undefined) return undefined;
  return place === undefined ? `$stageVariables.${name}` : `$request.${place}.${name}`;
}

/** AWS: Amazon Cognito Developer Guide, "Understanding the identity (ID) token", `iss`. */
function convertUserPool(authorizer: Authorizer, audiences: readonly string[]): PartConversion<HttpAuthorizer> {
  const { name, providerARNs = [], identitySource = "" } = authorizer;
  const [pool, ...others] = providerARNs.map((arn) =>
    /^arn:aws([a-z-]*):cognito-idp:([a-z0-9-]+):\d{12}:userpool\/([\w-]+)$/.exec(arn),
  );
  if (others.length > 0 || !pool) {
    return impossible(
      `authorizer ${name}: ${others.length > 0 ? "several user pools" : "its provider ARN names no user pool"}`,
      "A JWT authorizer has one issuer: give each pool an authorizer and routes of its own",
    );
  }
  if (audiences.length === 0) {
    return impossible(
      `authorizer ${name}: a JWT authorizer needs the ids of the app clients whose tokens it takes`,
      "Name them with --audience, once for each",
    );
  }
  const source = identitySourceOf(identitySource);
  if (source === undefined) {
    return impossible(
      `authorizer ${name}: identity source ${identitySource}`,
      "Take one header as the identity source",
    );
  }
  const [, partition = "", region = "", id = ""] = pool;
  const domain = partition === "-cn" ? "amazonaws.com.cn" : "amazonaws.com";
  return {
    kind: "converted",
    value: {
      AuthorizerId: authorizer.id,
      Name: name,
      AuthorizerType: "JWT",
      IdentitySource: [source],
      JwtConfiguration: { Issuer: `https://cognito-idp.${region}.${domain}/${id}`, Audience: audiences },
    },
    changes: [
      {
        what: `authorizer ${name}: a user pool becomes a JWT authorizer with the pool as issuer`,
        advice:
          "Routes without scopes also take access tokens of these app clients; claims are in requestContext.authorizer.claims as before",
      },
    ],
  };
}
