import { isToken } from "../base/header-field.ts";
import { UserError } from "../base/user-error.ts";
import type { Invocation } from "./commands.ts";
import { listAll, readApiState } from "./cors/api-state.ts";
import { type CorsChange, type CorsSettings, planCors, usualHeaders } from "./cors/plan-cors.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { connect, type PorticoCalls } from "./portico-calls.ts";
import { getStatus, listApis, refuseHttp, refuseWebSocket } from "./server-status.ts";
import { stageUrls } from "./up/render-routes.ts";

/** `portico cors API`: lets pages of other origins call an API, as AWS's console does under "Enable CORS". */
export async function runCors({ args, options, output }: Invocation): Promise<number> {
  const settings = readSettings(options);
  const endpoint = await findEndpoint(options);
  const { calls, restApiId, name } = await findApi(endpoint, args[0] ?? "", options);
  const state = await readApiState(calls, restApiId);
  const known = state.resources.map(({ path }) => path);
  const unknown = settings.paths?.find((path) => !known.includes(path));
  if (unknown !== undefined)
    throw new UserError({
      what: `${name} has no resource ${unknown} with methods.`,
      why: known.length > 0 ? `It has ${known.join(", ")}.` : "It has none at all.",
      next: "Name one of these with --path, or leave out --path for all of them.",
    });
  const plan = planCors(state, settings);
  const isDry = options["dryRun"] === true;
  const isJson = options["json"] === true;
  const stageName = typeof options["deploy"] === "string" && !isDry ? options["deploy"] : undefined;
  const api = output.paint("bold", `${name} (${restApiId})`);
  const print = isJson ? () => undefined : output.line;
  print(plan.changes.length === 0 ? `${api} is set up like that already.` : api);
  let of = "";
  for (const [index, change] of plan.changes.entries()) {
    if (change.of !== of) print(`  ${output.paint("cyan", change.of)}`);
    of = change.of;
    if (!isDry) await make(calls, change, `${index} of ${plan.changes.length} calls are made; nothing is deployed.`);
    for (const line of change.lines) print(`    ${line}`);
  }
  if (plan.notes.length > 0) print("\nLeft to you:");
  for (const note of plan.notes) print(`  ${output.paint("yellow", note)}`);
  if (stageName !== undefined) await calls.call("apigateway", "CreateDeployment", { restApiId, stageName });
  const url =
    stageName === undefined
      ? undefined
      : stageUrls(showEndpoint(endpoint), calls.region, { apiId: restApiId, stageName }).byPath;
  if (isJson)
    output.json({ apiId: restApiId, name, applied: !isDry, ...plan, ...(url !== undefined && { stageName, url }) });
  const count = `${plan.changes.length} call${plan.changes.length === 1 ? "" : "s"}`;
  if (isDry) print(`\n${count} would be made; this is a dry run.`);
  else if (url !== undefined) print(`\n${count} made, and deployed to ${stageName}: ${url}`);
  else if (plan.changes.length > 0) {
    print(`\n${count} made. A stage serves this when it is deployed: portico cors … --deploy STAGE, or`);
    print(output.paint("dim", `  aws apigateway create-deployment --rest-api-id ${restApiId} --stage-name STAGE`));
  }
  return 0;
}

async function make(calls: PorticoCalls, { of, operation, input }: CorsChange, soFar: string): Promise<void> {
  try {
    await calls.call("apigateway", operation, input);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ServiceError") throw error;
    const next = "Run it again when the reason is gone: what is made is not made twice.";
    throw refuse(`${of}: ${operation} was refused: ${error.message}`, soFar, next);
  }
}

/**
 * AWS: API Gateway Developer Guide, "Enable CORS on a resource using the API Gateway console": the fields of its form.
 */
function readSettings(options: Readonly<Record<string, unknown>>): CorsSettings {
  const text = (name: string): string | undefined => (typeof options[name] === "string" ? options[name] : undefined);
  const list = (name: string): readonly string[] | undefined =>
    text(name)
      ?.split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const origin = text("origin") ?? "*";
  const methods = list("methods")?.map((method) => method.toUpperCase());
  const headers = list("headers") ?? usualHeaders;
  const credentials = options["credentials"] === true;
  const maxAge = text("maxAge");
  if (origin !== "*" && !isOrigin(origin))
    throw usage(
      `"${origin}" is not an origin.`,
      "An origin is scheme, host and port: no path, no slash at its end, and only one.",
      "Say --origin https://shop.example, or leave it out for every origin.",
    );
  // Fetch Standard, "CORS protocol and credentials": with credentials `*` stands only for itself.
  if (credentials && [origin, ...(methods ?? []), ...headers].includes("*"))
    throw usage(
      "--credentials needs names.",
      "With credentials browsers take no `*` for the origin, methods or headers.",
      "Say --origin https://shop.example, and name methods and headers.",
    );
  for (const name of [...(methods ?? []), ...headers])
    if (!isToken(name))
      throw usage(
        `"${name}" can't be the name of a method or header.`,
        "RFC 9110 §5.6.2 says what a name is made of.",
        "",
      );
  const unknown = methods?.find((method) => method !== "*" && !verbs.includes(method));
  if (unknown !== undefined)
    throw usage(
      `--methods: API Gateway has no method ${unknown}.`,
      "",
      `Name any of ${verbs.join(", ")}, or say * for all of them.`,
    );
  if (maxAge !== undefined && !/^\d{1,6}$/.test(maxAge))
    throw usage(
      `--max-age ${maxAge} is not accepted.`,
      "It is a number of seconds.",
      "Say --max-age 600, for instance.",
    );
  return {
    origin,
    methods,
    headers,
    credentials,
    maxAgeSeconds: maxAge === undefined ? undefined : Number(maxAge),
    paths: list("path"),
    allAnswers: options["allAnswers"] === true,
  };
}

const refuse = (what: string, why: string, next: string): UserError => new UserError({ what, why, next });

/** Says what is wrong with the command line. */
const usage = (what: string, why: string, next: string): UserError => new UserError({ what, why, next, isUsage: true });

/** AWS: API Gateway REST API reference, "PutMethod", httpMethod; ANY stands for all of them and is no method of HTTP. */
const verbs: readonly string[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** Finds an API by its id or its name. */
async function findApi(
  endpoint: string,
  api: string,
  options: Readonly<Record<string, unknown>>,
): Promise<{ readonly calls: PorticoCalls; readonly restApiId: string; readonly name: string }> {
  // Its stage tells account and region. For an API without a stage the caller may have to name them.
  const stage = (await getStatus(endpoint)).find((one) => one.apiId === api || one.apiName === api);
  const account = String(options["account"] ?? stage?.account ?? "000000000000");
  const region = String(options["region"] ?? stage?.region ?? "us-east-1");
  const calls = connect(endpoint, account, region);
  const apis = await listAll<{ id: string; name: string }>(calls, "GetRestApis", {});
  const found = apis.filter(({ id, name }) => id === api || name === api);
  if (found.length === 0 && stage !== undefined) {
    refuseHttp(stage, `aws apigatewayv2 update-api --api-id ${stage.apiId} --cors-configuration … sets up CORS.`);
    refuseWebSocket(
      stage,
      "There is no CORS for WebSockets: a browser lets pages of every origin open one, and asks nobody.",
      "An authorizer of the route $connect can look at the header Origin: docs/guide/websocket-apis.md.",
    );
  }
  const [one, second] = found.some(({ id }) => id === api) ? found.filter(({ id }) => id === api) : found;
  if (one && !second) return { calls, restApiId: one.id, name: one.name };
  throw second
    ? refuse(
        `Several APIs are named ${api}.`,
        `They are ${found.map(({ id }) => id).join(", ")}.`,
        "Give the id instead of the name.",
      )
    : refuse(
        `There is no API ${api} in account ${account}, region ${region}.`,
        apis.length > 0 ? `It has ${listApis(apis)}.` : "It has none.",
        "Name one of these, or say --account and --region.",
      );
}
