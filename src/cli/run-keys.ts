import type { Invocation } from "./commands.ts";
import { findEndpoint, showEndpoint } from "./endpoint.ts";
import { connect, type PorticoCalls } from "./portico-calls.ts";
import { getServerStatus, refuseHttp, type StageStatus, stageOf } from "./server-status.ts";
import { stageUrls } from "./up/render-routes.ts";

interface UsagePlan {
  readonly id: string;
  readonly name: string;
  readonly apiStages?: readonly { readonly apiId?: string; readonly stage?: string }[];
}

interface PlanKey {
  readonly id: string;
  readonly name?: string;
}

/** With it, HTTP APIs have API keys. */
const httpKeys = "http-api-keys";

/**
 * `portico keys API [STAGE]`: lists the API keys that a stage lets in, by its usage plans. `--make NAME` makes one, in the
 * stage's usage plan, which is made if there is none.
 */
export async function runKeys({ args, options, output }: Invocation): Promise<number> {
  const endpoint = await findEndpoint(options);
  const [api = "", stageName] = args;
  const { stages, beyondAws = [] } = await getServerStatus(endpoint);
  const stage = stageOf(stages, api, stageName, options);
  if (!beyondAws.includes(httpKeys)) {
    const next = `Authorizers say who may call it. On a server with --beyond-aws ${httpKeys} it has keys: docs/guide/http-apis.md.`;
    refuseHttp(stage, next);
  }
  const calls = connect(endpoint, stage.account, stage.region);
  const name = options["make"];
  if (typeof name === "string") {
    const made = await makeKey(calls, stage, name);
    if (options["json"]) output.json(made);
    else {
      const { byPath } = stageUrls(showEndpoint(endpoint), stage.region, stage);
      output.line(
        `${output.paint("bold", made.value)} is the API key ${made.id} in the usage plan ${made.usagePlanId}.`,
      );
      output.line(output.paint("dim", `curl -H 'X-API-Key: ${made.value}' ${byPath}/…`));
    }
    return 0;
  }
  const rows: { id: string; name: string; enabled: boolean; usagePlanId: string }[] = [];
  for (const plan of await plansOf(calls, stage)) {
    for (const key of await keysOf(calls, plan.id)) {
      // One that was deleted meanwhile is left out.
      const found = await calls.find("apigateway", "GetApiKey", { apiKey: key.id });
      if (found)
        rows.push({ id: key.id, name: key.name ?? "", enabled: found["enabled"] === true, usagePlanId: plan.id });
    }
  }
  if (options["json"]) output.json(rows);
  else if (rows.length === 0) {
    output.line(`No API key may call the stage ${stage.stageName} of ${stage.apiName}. --make NAME makes one.`);
  } else {
    output.table(
      ["KEY", "NAME", "STATE", "USAGE PLAN"],
      rows.map((row) => [row.id, row.name, row.enabled ? "enabled" : "disabled", row.usagePlanId]),
    );
  }
  return 0;
}

async function makeKey(
  calls: PorticoCalls,
  { apiId, apiName, stageName }: StageStatus,
  name: string,
): Promise<{ readonly id: string; readonly value: string; readonly usagePlanId: string }> {
  const [first] = await plansOf(calls, { apiId, stageName });
  const plan =
    first ??
    ((await calls.call("apigateway", "CreateUsagePlan", {
      name: `${apiName} ${stageName}`,
      apiStages: [{ apiId, stage: stageName }],
    })) as unknown as UsagePlan);
  const key = await calls.call("apigateway", "CreateApiKey", { name, enabled: true });
  await calls.call("apigateway", "CreateUsagePlanKey", { usagePlanId: plan.id, keyId: key["id"], keyType: "API_KEY" });
  return { id: String(key["id"]), value: String(key["value"]), usagePlanId: plan.id };
}

async function plansOf(
  calls: PorticoCalls,
  { apiId, stageName }: Pick<StageStatus, "apiId" | "stageName">,
): Promise<readonly UsagePlan[]> {
  const plans = await allOf<UsagePlan>(calls, "GetUsagePlans", {});
  return plans.filter(({ apiStages = [] }) => apiStages.some((one) => one.apiId === apiId && one.stage === stageName));
}

const keysOf = (calls: PorticoCalls, usagePlanId: string): Promise<readonly PlanKey[]> =>
  allOf<PlanKey>(calls, "GetUsagePlanKeys", { usagePlanId });

async function allOf<Item>(calls: PorticoCalls, operation: string, input: object): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let position: unknown; ; ) {
    const page = await calls.call("apigateway", operation, {
      ...input,
      limit: 500,
      ...(position === undefined ? {} : { position }),
    });
    items.push(...((page["items"] ?? []) as Item[]));
    position = page["position"];
    if (position === undefined) return items;
  }
}
