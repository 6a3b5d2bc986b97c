import type { PorticoCalls } from "../portico-calls.ts";
import type { ApiDocument } from "./api-document.ts";
import { addPermission } from "./deploy-functions.ts";
import { locate } from "./read-yaml.ts";
import { type Problem, problemAt } from "./source-text.ts";

/**
 * Lets an API call the versions and aliases of the project's functions that its document names: each has a policy of its
 * own. Those that are not there are warnings; AWS accepts such a document, and answers 500 later.
 */
export async function permitQualified(
  calls: PorticoCalls,
  document: ApiDocument,
  project: { readonly functions: ReadonlySet<string>; readonly apiId: string },
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const known = new Map<string, Promise<boolean>>();
  for (const { name, qualifier, account, region, pointer } of document.functions) {
    if (qualifier === undefined || account !== document.account || region !== document.region) continue;
    const key = `${name}:${qualifier}`;
    if (!known.has(key)) known.set(key, permitOne(calls, name, qualifier, project));
    if (await known.get(key)) continue;
    problems.push(
      problemAt("warning", missing(name, qualifier), document.source, await locate(document.source, pointer)),
    );
  }
  return problems;
}

/** Returns false for a version or alias that is not there, although its function is. */
async function permitOne(
  calls: PorticoCalls,
  name: string,
  qualifier: string,
  project: { readonly functions: ReadonlySet<string>; readonly apiId: string },
): Promise<boolean> {
  const named = { FunctionName: name, Qualifier: qualifier };
  if (await calls.find("lambda", "GetFunctionConfiguration", named)) {
    if (project.functions.has(name)) await addPermission(calls, named, project.apiId);
    return true;
  }
  // What has no function has its own warning.
  return (await calls.find("lambda", "GetFunctionConfiguration", { FunctionName: name })) === undefined;
}

function missing(name: string, qualifier: string): string {
  const isVersion = /^\d+$/.test(qualifier);
  const make = isVersion
    ? `aws lambda publish-version --function-name ${name}`
    : `aws lambda create-alias --function-name ${name} --name ${qualifier} --function-version '$LATEST'`;
  return (
    `The function ${name} has no ${isVersion ? "version" : "alias"} ${qualifier}: make it with \`${make}\`, and save a ` +
    "file. The API is deployed; until then this route answers 500, as on AWS"
  );
}
