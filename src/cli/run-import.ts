import { resolve } from "node:path";
import { UserError } from "../base/user-error.ts";
import { ServiceError } from "../protocol/client.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { connect, hasCode, type PorticoCalls } from "./portico-calls.ts";
import { type ApiDocument, importProblems, locateImportProblems, readApiDocument } from "./up/api-document.ts";
import { importDocument } from "./up/import-document.ts";
import { findProject } from "./up/project.ts";
import { stageUrls } from "./up/render-routes.ts";

/** `portico import FILE`: makes one new API. */
export async function runImport({ args, options, output }: Invocation): Promise<number> {
  const text = (name: string): string | undefined => (typeof options[name] === "string" ? options[name] : undefined);
  const name = text("name");
  const { documentFile } = findProject(resolve(args[0] ?? "."));
  const document = await readApiDocument(documentFile, {
    ...(name !== undefined && { name }),
    ...(options["http"] === true && { protocol: "HTTP" }),
  });
  const endpoint = await findEndpoint(options);
  const account = text("account") ?? document.account;
  const region = text("region") ?? document.region;
  const calls = connect(endpoint, account, region);
  const isHttp = document.protocol === "HTTP";
  const { id, warnings } = await importOnce(document, calls);
  for (const problem of await locateImportProblems(warnings, "warning", document)) output.problem(problem);
  const stageName = text("stage") ?? (options["deploy"] ? (isHttp ? "$default" : "dev") : undefined);
  if (stageName !== undefined && isHttp) {
    await calls.call("apigatewayv2", "CreateStage", { ApiId: id, StageName: stageName, AutoDeploy: true });
  } else if (stageName !== undefined) await deploy(calls, id, stageName);
  const urls =
    stageName === undefined ? undefined : stageUrls(showEndpoint(endpoint), region, { apiId: id, stageName });
  if (options["json"])
    output.json({ id, name: document.name, account, region, ...(urls && { stageName, url: urls.byPath }) });
  else {
    output.line(`${document.name} is imported as ${id}.`);
    if (urls) output.line(`Stage ${stageName} answers at ${urls.byPath}\n              and at ${urls.byHost}`);
    else {
      const command = isHttp
        ? `aws apigatewayv2 create-stage --api-id ${id} --stage-name '$default' --auto-deploy`
        : `aws apigateway create-deployment --rest-api-id ${id} --stage-name dev`;
      output.line(`${command}  deploys it.`);
    }
  }
  return 0;
}

/** Deploys the API. If that fails, the API stays, and the message has its id. */
async function deploy(calls: PorticoCalls, restApiId: string, stageName: string): Promise<void> {
  try {
    await calls.call("apigateway", "CreateDeployment", { restApiId, stageName });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const isWithoutIntegration = error.message === "No integration defined for method";
    throw new UserError({
      what: `It is imported as ${restApiId}, and can't be deployed: ${error.message}`,
      why: isWithoutIntegration ? "Every method needs an x-amazon-apigateway-integration." : "",
      next: isWithoutIntegration ? "`portico up FILE --mock` answers those without one with examples." : "",
      cause: error,
    });
  }
}

async function importOnce(
  document: ApiDocument,
  calls: PorticoCalls,
): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
  try {
    if (document.protocol === "HTTP") {
      const { ApiId, Warnings } = await calls.call("apigatewayv2", "ImportApi", { Body: document.body.toString() });
      return { id: String(ApiId), warnings: Array.isArray(Warnings) ? Warnings.map(String) : [] };
    }
    const call = (input: Readonly<Record<string, unknown>>) => calls.call("apigateway", "ImportRestApi", input);
    const { answer, warnings } = await importDocument({ body: document.body }, call);
    return { id: String(answer["id"]), warnings };
  } catch (error) {
    if (!hasCode(error, "BadRequestException", "LimitExceededException")) throw error;
    throw await importProblems(error, document);
  }
}
