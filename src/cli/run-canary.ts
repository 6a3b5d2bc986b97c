import { UserError } from "../base/user-error.ts";
import { readPercent, readVariables } from "./canary-options.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import type { Output } from "./output.ts";
import { connect, type PorticoCalls } from "./portico-calls.ts";
import { getStatus, refuseHttp, refuseWebSocket, type StageStatus, stageOf } from "./server-status.ts";

interface CanarySettings {
  readonly deploymentId?: string;
  readonly percentTraffic?: number;
  readonly stageVariableOverrides?: Readonly<Record<string, string>>;
  readonly useStageCache?: boolean;
}

/** What `portico canary` shows of a stage. */
interface CanaryState {
  readonly apiId: string;
  readonly stageName: string;
  readonly deploymentId: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly canarySettings?: CanarySettings;
}

interface CanaryCall {
  readonly calls: PorticoCalls;
  readonly stage: StageStatus;
  readonly options: Invocation["options"];
}

/** Does something to a stage's canary, and returns what happened in a sentence. */
type Action = (call: CanaryCall, state: CanaryState) => Promise<string>;

const actions: Readonly<Record<string, Action>> = {
  start: startCanary,
  promote: promoteCanary,
  rollback: async (call, state) => {
    requireCanary(state);
    await patch(call, [{ op: "remove", path: "/canarySettings" }]);
    return `The canary is gone: all requests go to the deployment ${state.deploymentId}.`;
  },
  status: async () => "",
};

/** `portico canary start|promote|rollback|status API [STAGE]`: a stage's canary, by the public management API. */
export async function runCanary({ args, options, output }: Invocation): Promise<number> {
  const [name = "", api = "", stageName] = args;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    const next = "For example `portico canary status Petstore prod`.";
    throw new UserError({
      what: `There is no canary action ${name}.`,
      why: `There are ${Object.keys(actions).join(", ")}.`,
      next,
    });
  }
  const endpoint = await findEndpoint(options);
  const stage = stageOf(await getStatus(endpoint), api, stageName, options);
  const next = `\`portico rollback ${stage.apiId}\` points its stage at an earlier deployment.`;
  refuseHttp(stage, next);
  refuseWebSocket(stage, "On AWS, too, only REST APIs have canaries.", next);
  const call = { calls: connect(endpoint, stage.account, stage.region), stage, options };
  const told = await action(call, await readState(call));
  const state = await readState(call);
  if (options["json"]) output.json(state);
  else {
    if (told !== "") output.line(told);
    showState(state, output);
  }
  return 0;
}

async function readState({ calls, stage: { apiId, stageName } }: CanaryCall): Promise<CanaryState> {
  const { deploymentId, variables, canarySettings } = await calls.call("apigateway", "GetStage", {
    restApiId: apiId,
    stageName,
  });
  return {
    apiId,
    stageName,
    deploymentId: String(deploymentId),
    ...(variables !== undefined && { variables: variables as Record<string, string> }),
    ...(canarySettings !== undefined && { canarySettings: canarySettings as CanarySettings }),
  };
}

/** Deploys the API as it is as the stage's canary; with `--deployment`, makes that deployment the canary's. */
async function startCanary(call: CanaryCall, { canarySettings }: CanaryState): Promise<string> {
  const { calls, stage, options } = call;
  const percent = readPercent(options["percent"]) ?? canarySettings?.percentTraffic ?? 10;
  const stageVariableOverrides = readVariables(options["variable"]);
  const useStageCache = options["stageCache"] === true;
  const deployment = options["deployment"];
  if (typeof deployment === "string") {
    const path = "/canarySettings";
    await patch(call, [
      { op: "replace", path: `${path}/deploymentId`, value: deployment },
      { op: "replace", path: `${path}/percentTraffic`, value: String(percent) },
      { op: "replace", path: `${path}/useStageCache`, value: String(useStageCache) },
      ...Object.entries(stageVariableOverrides).map(([name, value]) => ({
        ...{ op: "replace", value },
        path: `${path}/stageVariableOverrides/${name}`,
      })),
    ]);
    return `The deployment ${deployment} is the canary now.`;
  }
  const made = await calls.call("apigateway", "CreateDeployment", {
    ...{ restApiId: stage.apiId, stageName: stage.stageName },
    canarySettings: { percentTraffic: percent, stageVariableOverrides, useStageCache },
  });
  return `The API was deployed as the canary: ${String(made["id"])}.`;
}

/** AWS: API Gateway Developer Guide, "Promote a canary release", and then "Turn off a canary release". */
async function promoteCanary(call: CanaryCall, state: CanaryState): Promise<string> {
  const { stageVariableOverrides: overrides = {}, deploymentId } = requireCanary(state);
  await patch(call, [
    { op: "replace", path: "/canarySettings/percentTraffic", value: "0.0" },
    ...(Object.keys(overrides).length === 0
      ? []
      : [{ op: "copy", from: "/canarySettings/stageVariableOverrides", path: "/variables" }]),
    { op: "copy", from: "/canarySettings/deploymentId", path: "/deploymentId" },
    { op: "remove", path: "/canarySettings" },
  ]);
  return `The canary was promoted: all requests go to the deployment ${deploymentId}.`;
}

const patch = ({ calls, stage: { apiId, stageName } }: CanaryCall, patchOperations: readonly object[]) =>
  calls.call("apigateway", "UpdateStage", { restApiId: apiId, stageName, patchOperations });

function requireCanary({ canarySettings, stageName }: CanaryState): CanarySettings {
  if (canarySettings !== undefined) return canarySettings;
  const next = "`portico canary start` starts one.";
  throw new UserError({
    what: `The stage ${stageName} has no canary.`,
    why: "All of its requests go to one deployment.",
    next,
  });
}

function showState({ stageName, deploymentId, variables = {}, canarySettings }: CanaryState, output: Output): void {
  const side = (name: string, percent: number, id: string, own: Readonly<Record<string, string>>): string[] => [
    name,
    `${percent} %`,
    id,
    Object.entries(own)
      .map(([variable, value]) => `${variable}=${value}`)
      .join(" "),
  ];
  const {
    percentTraffic = 0,
    deploymentId: canaryId = deploymentId,
    stageVariableOverrides = {},
  } = canarySettings ?? {};
  const share = Math.round((100 - percentTraffic) * 1e6) / 1e6;
  output.table(
    ["SIDE", "TRAFFIC", "DEPLOYMENT", "VARIABLES"],
    [
      side(stageName, share, deploymentId, variables),
      ...(canarySettings === undefined ? [] : [side("canary", percentTraffic, canaryId, stageVariableOverrides)]),
    ],
  );
}
