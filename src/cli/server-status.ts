import { bounds } from "../base/bounds.ts";
import { UserError } from "../base/user-error.ts";
import { fetchSigned } from "./signed-calls.ts";

/** A stage in the answer of `/_portico/status`. */
export interface StageStatus {
  readonly account: string;
  readonly region: string;
  readonly apiId: string;
  /** The kind of the API; absent if the server is older, or can't read it. */
  readonly protocol?: "REST" | "HTTP" | "WEBSOCKET";
  readonly apiName: string;
  readonly stageName: string;
  readonly deploymentId: string;
  /** Seconds since 1970. */
  readonly deployedAt?: number;
  /** The changes that deploying now would make. */
  readonly differences: readonly { readonly sentence: string }[];
  /** Settings that are stored and have no effect yet. */
  readonly withoutEffect: readonly string[];
  /** Routes that answer 501, and why. */
  readonly closedRoutes: readonly { readonly route: string; readonly reason: string }[];
  /** Routes that need an API key; absent if the server is older. */
  readonly keyedRoutes?: readonly string[];
  /** Routes that answer 500 as they would on AWS, always or where they need a template, and why. */
  readonly failingRoutes: readonly { readonly route: string; readonly reason: string; readonly status?: number }[];
  /** Routes that a server in AWS's place may not understand, and why. */
  readonly unsentHeaders: readonly { readonly route: string; readonly reason: string }[];
  /** Routes of which one cached answer goes to requests that should get others; absent if the server is older. */
  readonly sharedAnswers?: readonly { readonly route: string; readonly reason: string }[];
  /** The size and the bytes of the stage's response cache; absent if it has none. */
  readonly cache?: { readonly size: string; readonly bytes: number };
  /** The stage's canary; absent if it has none. */
  readonly canary?: { readonly percentTraffic: number; readonly deploymentId: string };
  /** Routes that AWS would refuse unless a quota was raised there. */
  readonly beyondAws: readonly string[];
  /** The custom domain names that lead to it; absent if the server is older. */
  readonly domains?: readonly {
    readonly name: string;
    readonly basePath: string;
    readonly condition?: string;
    readonly closed?: string;
  }[];
  /** Why the whole stage answers 501. */
  readonly problem?: string;
}

const timeoutMs = bounds.cliStatusMsMax.value;

/** Refuses an HTTP API for a command that deals with what only REST APIs have: API keys, methods. */
export function refuseHttp({ protocol, apiName }: StageStatus, next: string): void {
  if (protocol !== "HTTP") return;
  const why = "On AWS, too, only REST APIs have what this command deals with.";
  throw new UserError({ what: `${apiName} is an HTTP API.`, why, next });
}

/** Refuses a WebSocket API for a command that deals with what it does not need. */
export function refuseWebSocket({ protocol, apiName }: StageStatus, why: string, next: string): void {
  if (protocol === "WEBSOCKET") throw new UserError({ what: `${apiName} is a WebSocket API.`, why, next });
}

/** Refuses a WebSocket API for a command that works on OpenAPI documents. */
export const refuseUndocumented = (stage: StageStatus): void =>
  refuseWebSocket(
    stage,
    "OpenAPI can't describe messages: on AWS, too, WebSocket APIs are neither imported nor exported.",
    `\`portico routes ${stage.apiId}\` lists its routes, and \`portico ws ${stage.apiId}\` talks to it.`,
  );

/** Returns every stage of a running server, in all accounts and regions. */
export const getStatus = async (endpoint: string): Promise<readonly StageStatus[]> =>
  (await getServerStatus(endpoint)).stages;

export interface ServerStatus {
  readonly stages: readonly StageStatus[];
  /** The throttle of each account in each region; absent if the server is older. */
  readonly accountThrottle?: { readonly ratePerSecond: number; readonly burst: number };
  /** The names of `--beyond-aws`; absent if the server is older. */
  readonly beyondAws?: readonly string[];
}

/** Returns what `/_portico/status` tells. */
export async function getServerStatus(endpoint: string): Promise<ServerStatus> {
  const response = await fetchSigned(endpoint, {
    method: "GET",
    path: "/_portico/status",
    service: "portico",
    timeoutMs,
  });
  const answer = (await response.json()) as Partial<ServerStatus> & { readonly message?: string };
  const { stages, accountThrottle, beyondAws } = answer;
  if (response.ok && stages)
    return { stages, ...(accountThrottle && { accountThrottle }), ...(beyondAws && { beyondAws }) };
  throw new UserError({
    what: `The server at ${endpoint} does not tell its state.`,
    why: answer.message ?? `It answered ${response.status}.`,
    next:
      response.status === 403
        ? "The credentials have to be an access key of that server, whose policies allow portico:GET."
        : "Look into its log.",
  });
}

const statesShown = 20;

/** Lists each existing API once, for the message "there is no such API". */
export function listApis(apis: readonly { readonly id: string; readonly name: string }[]): string {
  const known = [...new Set(apis.map(({ id, name }) => `${name} (${id})`))];
  const more = known.length - statesShown;
  return known.slice(0, statesShown).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Returns the stages of the API with this id or name. */
export function stagesOf(stages: readonly StageStatus[], api: string): readonly StageStatus[] {
  const found = stages.filter((stage) => stage.apiId === api || stage.apiName === api);
  if (found.length > 0) return found;
  const known = listApis(stages.map(({ apiId, apiName }) => ({ id: apiId, name: apiName })));
  throw new UserError({
    what: `There is no deployed API ${api}.`,
    why: known === "" ? "Nothing is deployed on this server." : `Deployed are: ${known}.`,
    next: `${known === "" ? "Deploy one" : "Name one of these, or deploy it"} with \`portico up\` or \`aws apigateway create-deployment\`.`,
  });
}

/** Refuses a name that several APIs have, and tells them apart by their stages. */
export function refuseSeveral(stages: readonly StageStatus[], api: string): void {
  const ids = [...new Set(stages.map(({ apiId }) => apiId))];
  if (ids.length < 2) return;
  const named = ids.map((id) => {
    const names = stages.filter(({ apiId }) => apiId === id).map(({ stageName }) => stageName);
    return `${id} (${names.join(", ")})`;
  });
  throw new UserError({
    what: `Several APIs are named ${api}.`,
    why: `They are, with their stages, ${named.join(", ")}.`,
    next: "Give the id instead of the name.",
  });
}

/**
 * Returns one stage of the API with this id or name, in the account and region of the options, if they name them.
 * Without a stage's name the API must have only one.
 */
export function stageOf(
  stages: readonly StageStatus[],
  api: string,
  stageName: string | undefined,
  options: Readonly<Record<string, unknown>>,
): StageStatus {
  const own = stagesOf(stages, api).filter(
    (one) =>
      (options["account"] === undefined || one.account === options["account"]) &&
      (options["region"] === undefined || one.region === options["region"]),
  );
  const found = own.filter((one) => stageName === undefined || one.stageName === stageName);
  const [stage, second] = found;
  if (stage && !second) return stage;
  const names = own.map((one) => one.stageName).join(", ");
  refuseSeveral(found, api);
  throw new UserError({
    what: second ? `${api} has several stages.` : `${api} has no stage ${stageName ?? "there"}.`,
    why: names === "" ? "It has none in that account and region." : `It has ${names}.`,
    next: "Name one of these.",
  });
}
