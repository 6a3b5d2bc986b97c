import { isDeepStrictEqual } from "node:util";
import { checkCors } from "../../definition/cors-rules.ts";
import type { HttpApi, HttpApiDefinition, HttpAuthorizer, HttpIntegration } from "../../definition/http-api.ts";
import type { HttpImportResult } from "../../openapi/import-http-api.ts";
import { badRequest } from "../../protocol/errors.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { limitMessage } from "../control-limits.ts";
import { httpVpcLinks } from "../vpc-links/vpc-links.ts";
import { checkApiTexts, newHttpApi, viewV2Api, writeNewApi } from "./api.ts";
import { httpApis } from "./apis.ts";
import { deployAutomatically } from "./auto-deploy.ts";
import { type HttpImportInput, importHttpApiJob } from "./document-jobs.ts";
import { readVersionedHttpApi, writeHttpApiDefinition } from "./v2-api-documents.ts";
import { type Change, operations, preparedWrite, type Work } from "./work.ts";

const basepaths: readonly string[] = ["ignore", "prepend", "split"];

/** Returns what an import of a document into an API works on. */
async function importInput(
  work: Work<"ImportApi" | "ReimportApi">,
  base: HttpImportInput["base"],
): Promise<HttpImportInput> {
  const { Body: document, Basepath: basepath = "ignore" } = work.input;
  // Unconfirmed: the words; see docs/compatibility.md, "HTTP APIs, words of management".
  if (!basepaths.includes(basepath)) {
    throw badRequest(`Invalid basepath parameter specified: ${basepath}. Must be one of: [${basepaths.join(", ")}]`);
  }
  const links = await httpVpcLinks(work);
  return {
    document,
    base,
    options: {
      basepath: basepath as HttpImportInput["options"]["basepath"],
      account: work.call.account,
      region: work.call.region,
      vpcLinkIds: links.map(({ link }) => link.id),
      timeoutInMillisMax: work.limits.httpIntegrationTimeoutMs,
      beyondAws: work.beyondAws,
      acceptsPlainIssuers: work.profile === "relaxed",
    },
  };
}

/** Returns what was imported. Throws AWS's error for what AWS refuses, and for warnings if they count as errors. */
function checkImported(
  work: Change<"ImportApi" | "ReimportApi">,
  { base }: HttpImportInput,
  result: HttpImportResult,
): Extract<HttpImportResult, { kind: "imported" }> {
  if (result.kind === "refused") throw badRequest(result.message, { hint: result.reason });
  const { definition, warnings } = result;
  const cors = definition.api.CorsConfiguration;
  const problem = checkApiTexts(definition.api) ?? (cors && checkCors(cors));
  if (problem !== undefined) throw badRequest(`Errors found during import:\n\t${problem}`);
  // A role that the API has already is given anew to what uses it differently now.
  const known = roleUsersIn(base);
  for (const user of roleUsersIn(definition)) {
    if (!known.some((one) => isDeepStrictEqual(one, user))) refuseForeignRole(roleOf(user), work.call);
  }
  if (warnings.length > 0 && work.input.FailOnWarnings === true) {
    throw badRequest(`Warnings found during import:${warnings.map((warning) => `\n\t${warning}`).join("")}`);
  }
  for (const [limit, count] of [
    ["routesPerApi", definition.routes.length],
    ["integrationsPerApi", definition.integrations.length],
    ["authorizersPerApi", definition.authorizers.length],
  ] as const) {
    if (count > work.limits[limit]) throw badRequest(`Errors found during import:\n\t${limitMessage(limit)}`);
  }
  return result;
}

type RoleUser = Partial<HttpIntegration & HttpAuthorizer>;

const roleOf = ({ CredentialsArn, AuthorizerCredentialsArn }: RoleUser): string | undefined =>
  CredentialsArn ?? AuthorizerCredentialsArn;

/** Returns the integrations and authorizers that have a role, without their ids. */
const roleUsersIn = ({ integrations, authorizers }: HttpApiDefinition): readonly RoleUser[] =>
  [
    ...integrations.map(({ IntegrationId: _, ...user }): RoleUser => user),
    ...authorizers.map(({ AuthorizerId: _, ...user }): RoleUser => user),
  ].filter((user) => roleOf(user) !== undefined);

/** Returns an API as an import answers it. */
const viewImported = (
  api: HttpApi,
  work: Work,
  { info, warnings }: { info: readonly string[]; warnings: readonly string[] },
) => ({
  ...(viewV2Api(api, work.call) as object),
  ...(info.length > 0 && { ImportInfo: info }),
  ...(warnings.length > 0 && { Warnings: warnings }),
});

const importApi = preparedWrite({
  job: importHttpApiJob,
  async prepare(work: Work<"ImportApi">) {
    // The document's title replaces this name.
    const api = await newHttpApi(work, { Name: "imported", ProtocolType: "HTTP" });
    const base = { api, routes: [], integrations: [], authorizers: [] };
    return { input: await importInput(work, base), version: "new" };
  },
  async apply(work, input, result) {
    const imported = checkImported(work, input, result);
    const { definition } = imported;
    await writeNewApi(work, definition.api);
    await writeHttpApiDefinition(work.tx, { ...input.base, api: definition.api }, definition);
    return viewImported(definition.api, work, imported);
  },
});

const reimportApi = preparedWrite(
  {
    job: importHttpApiJob,
    async prepare(work: Work<"ReimportApi", HttpApi>) {
      const { definition, version } = await readVersionedHttpApi(work.tx, work.parent);
      return { input: await importInput(work, definition), version };
    },
    async apply(work, input, result) {
      const imported = checkImported(work, input, result);
      await writeHttpApiDefinition(work.tx, input.base, imported.definition);
      await deployAutomatically(work, work.parent.ApiId);
      return viewImported(imported.definition.api, work, imported);
    },
  },
  httpApis,
);

/** AWS: API Gateway version 2 API reference, "ImportApi", "ReimportApi". */
export const importOperations = operations({ ImportApi: importApi, ReimportApi: reimportApi });
