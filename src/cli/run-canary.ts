import { UserError } from "../base/user-error.ts";
import { readGuard, readPercent, readVariables } from "./canary-options.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import type { Output } from "./output.ts";
import { askOwn, unanswered } from "./own-endpoints.ts";
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

/** What the requests of one side have counted, in the answer of `/_portico/canary`. */
interface SideFacts {
  readonly requests: number;
  readonly errors: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** A guard in that answer. */
interface GuardFacts {
  readonly state: string;
  /** The deployment of the canary that it is for. */
  readonly canaryId: string;
  readonly settings: { readonly steps: readonly number[] };
  readonly step: number;
  readonly waitsFor?: string;
  readonly report: readonly {
    readonly atMs: number;
    readonly percent: number;
    readonly outcome: string;
    readonly reasons: readonly string[];
  }[];
}

interface CanaryFacts {
  readonly guard?: GuardFacts;
  readonly sides?: { readonly stable: SideFacts; readonly canary: SideFacts };
}

interface CanaryCall {
  readonly endpoint: string;
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
  unguard: async (call) => {
    await askCanary(call, { guard: null });
    return "The guard ended; the canary stays as it is.";
  },
  status: async () => "",
};

/** `portico canary start|promote|rollback|unguard|status API [STAGE]`: a stage's canary, by the public management API. */
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
  const call = { endpoint, calls: connect(endpoint, stage.account, stage.region), stage, options };
  const told = await action(call, await readState(call));
  const state = await readState(call);
  const facts = await askCanary(call, {});
  if (options["json"]) output.json({ ...state, ...facts });
  else {
    if (told !== "") output.line(told);
    showState(state, facts, output);
    if (facts.guard !== undefined) showGuard(facts.guard, state, output);
  }
  return 0;
}

/** Asks how the canary does, or who guards it. Who may only see the stage sees the stage. */
async function askCanary(
  { endpoint, stage: { account, region, apiId, stageName } }: CanaryCall,
  wish: { readonly guard?: object | null },
): Promise<CanaryFacts> {
  const answer = await askOwn(endpoint, "/_portico/canary", { account, region, apiId, stageName, ...wish });
  if (answer.status === 200) return answer.body;
  if (answer.status === 403 && wish.guard === undefined) return {};
  const what = wish.guard === null ? "No guard was ended." : "The server does not say how the canary does.";
  throw unanswered(what, answer, `\`portico canary status ${apiId} ${stageName}\` shows the canary and its guard.`);
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
  const guard = readGuard(call.options);
  const percent = guard?.steps[0] ?? readPercent(call.options["percent"]) ?? canarySettings?.percentTraffic ?? 10;
  const told = await makeCanary(call, percent);
  if (guard === undefined) return told;
  try {
    await askCanary(call, { guard });
  } catch (error) {
    const { apiId, stageName } = call.stage;
    throw new UserError({
      what: `The canary takes ${percent} % of the requests, and nobody guards it.`,
      why: error instanceof UserError ? error.why : String(error),
      next: `\`portico canary rollback ${apiId} ${stageName}\` ends it.`,
    });
  }
  return `${told} The server guards it.`;
}

async function makeCanary(call: CanaryCall, percent: number): Promise<string> {
  const { calls, stage, options } = call;
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

function showState(
  { stageName, deploymentId, variables = {}, canarySettings }: CanaryState,
  { sides }: CanaryFacts,
  output: Output,
): void {
  const side = (
    name: string,
    [percent, id]: readonly [number, string],
    own: Readonly<Record<string, string>>,
    counted: SideFacts | undefined,
  ): string[] => [
    name,
    `${percent} %`,
    id,
    ...(counted === undefined ? [] : cellsOf(counted)),
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
    ["SIDE", "TRAFFIC", "DEPLOYMENT", ...(sides === undefined ? [] : ["REQUESTS", "5XX", "P50", "P99"]), "VARIABLES"],
    [
      side(stageName, [share, deploymentId], variables, sides?.stable),
      ...(canarySettings === undefined
        ? []
        : [side("canary", [percentTraffic, canaryId], stageVariableOverrides, sides?.canary)]),
    ],
  );
}

const cellsOf = ({ requests, errors, p50Ms, p99Ms }: SideFacts): string[] => [
  String(requests),
  String(errors),
  ...[p50Ms, p99Ms].map((ms) => (ms === undefined ? "-" : `${Number(ms.toPrecision(2))} ms`)),
];

function showGuard(guard: GuardFacts, { deploymentId, canarySettings }: CanaryState, output: Output): void {
  const { state, canaryId, settings, step, waitsFor, report } = guard;
  const { steps } = settings;
  // The report stays when another canary has begun.
  const isOfThis = canaryId === (canarySettings?.deploymentId ?? deploymentId);
  const whose = isOfThis ? "Guard" : `Guard of the earlier canary ${canaryId}`;
  output.line();
  output.line(
    `${output.paint("bold", `${whose}: ${state}`)}, step ${step + 1} of ${steps.length} (${steps.join(", ")} %)`,
  );
  for (const { atMs, percent, outcome, reasons } of report) {
    output.line(
      `  ${new Date(atMs).toISOString()}  ${outcome}${outcome === "started" || outcome === "raised" ? ` to ${percent} %` : ""}`,
    );
    for (const reason of reasons) output.line(output.paint("dim", `    ${reason}`));
  }
  if (state !== "running") return;
  if (!isOfThis) output.line("  It ends now: its canary is gone.");
  else if (waitsFor !== undefined) output.line(`  ${waitsFor}`);
}
