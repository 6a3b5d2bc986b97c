import { bounds } from "../base/bounds.ts";
import type { Invocation } from "./commands.ts";
import { findEndpoint } from "./endpoint.ts";
import type { Output } from "./output.ts";
import { getServerStatus, type ServerStatus, type StageStatus } from "./server-status.ts";

/**
 * `portico status` shows which stages lag behind their definition, and how.
 * See docs/internals/architecture.md, "Undeployed is visible".
 */
export async function runStatus({ options, output }: Invocation): Promise<number> {
  const { stages, accountThrottle } = await getServerStatus(await findEndpoint(options));
  if (options["json"]) {
    output.json(stages);
    return 0;
  }
  if (stages.length === 0) {
    output.line("Nothing is deployed. `portico up PATH` deploys an OpenAPI document.");
    return 0;
  }
  output.table(
    ["API", "ID", "STAGE", "DEPLOYMENT", "DEPLOYED", "STATE"],
    stages.map((stage) => [
      stage.apiName,
      stage.apiId,
      stage.stageName,
      stage.deploymentId,
      stage.deployedAt === undefined ? "" : new Date(stage.deployedAt * 1000).toISOString().replace(".000Z", "Z"),
      stateOf(stage),
    ]),
  );
  for (const stage of stages) {
    const isNamesake = stages.some((other) => other.apiName === stage.apiName && other.apiId !== stage.apiId);
    printDetails(stage, isNamesake ? `${stage.apiName} (${stage.apiId})` : stage.apiName, output);
  }
  if (accountThrottle !== undefined) output.line(output.paint("dim", `\n${describeThrottle(accountThrottle)}`));
  return 0;
}

/** AWS: "Amazon API Gateway quotas": it raises the rate on request. */
function describeThrottle({ ratePerSecond, burst }: NonNullable<ServerStatus["accountThrottle"]>): string {
  const isAws = ratePerSecond === bounds.throttlingRatePerSecond.value && burst === bounds.throttlingBurst.value;
  const ofAws = isAws ? "as on AWS" : "AWS: 10000 and 5000";
  return `throttle of each account and region: ${ratePerSecond} requests a second, ${burst} at once (${ofAws})`;
}

function stateOf({ differences, problem, closedRoutes }: StageStatus): string {
  const closed = closedRoutes.length > 0 ? `, ${count(closedRoutes.length, "route")} closed` : "";
  if (problem) return "closed";
  return (differences.length === 0 ? "up to date" : `${count(differences.length, "change")} not deployed`) + closed;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Says how an API is deployed to a stage. AWS refuses a deployment to a stage with a canary, but one of the canary. */
function howToDeploy({ protocol, apiId, stageName, canary }: StageStatus): string {
  if (canary !== undefined) return `portico canary start ${apiId} ${stageName}  deploys them as the canary`;
  const command =
    protocol === "HTTP" || protocol === "WEBSOCKET"
      ? `aws apigatewayv2 create-deployment --api-id ${apiId} --stage-name '${stageName}'`
      : `aws apigateway create-deployment --rest-api-id ${apiId} --stage-name ${stageName}`;
  return `${command}  deploys them`;
}

function describeDomain(
  { name, basePath, condition, closed }: NonNullable<StageStatus["domains"]>[number],
  output: Output,
): string {
  const words = `custom domain ${name}${basePath}${condition === undefined ? "" : `, for requests with ${condition}`}`;
  return closed === undefined ? words : output.paint("yellow", `${words} is closed: ${closed}`);
}

/** AWS's sizes are in GB; a cache here has what the machine gives. */
function describeCache({ size, bytes }: NonNullable<StageStatus["cache"]>): string {
  const given =
    bytes === 0 ? "no memory is left for it, so nothing is cached" : `has ${Math.floor(bytes / mib)} MB here`;
  return `response cache of ${size} GB: ${given} (--cache-memory)`;
}

const mib = 1_048_576;
const linesShown = 20;

function printDetails(stage: StageStatus, apiName: string, output: Output): void {
  const { differences, withoutEffect, closedRoutes, failingRoutes, unsentHeaders, beyondAws, problem, cache, canary } =
    stage;
  const { sharedAnswers = [] } = stage;
  const domains = stage.domains ?? [];
  const lines = [
    ...(problem ? [output.paint("red", `answers 501: ${problem}`)] : []),
    ...domains.map((domain) => describeDomain(domain, output)),
    ...differences.map(({ sentence }) => sentence),
    ...closedRoutes.map(({ route, reason }) => output.paint("yellow", `${route} answers 501: ${reason}`)),
    ...failingRoutes.map(({ route, reason, status = 500 }) =>
      output.paint("yellow", `${route} answers ${status}: ${reason}`),
    ),
    ...[...unsentHeaders, ...sharedAnswers].map(({ route, reason }) => output.paint("yellow", `${route} ${reason}`)),
    ...(canary === undefined
      ? []
      : [`a canary has ${canary.percentTraffic} % of the requests, with the deployment ${canary.deploymentId}`]),
    ...(cache === undefined ? [] : [describeCache(cache)]),
    ...beyondAws.map((what) => output.paint("yellow", `AWS would refuse: ${what}`)),
    ...withoutEffect.map((setting) => output.paint("dim", `without effect yet: ${setting}`)),
  ];
  if (lines.length === 0) return;
  output.line(`\n${output.paint("bold", `${apiName} ${stage.stageName}`)}`);
  for (const line of lines.slice(0, linesShown)) output.line(`  ${line}`);
  if (lines.length > linesShown) output.line(`  … and ${lines.length - linesShown} more; --json has all`);
  if (differences.length > 0) output.line(output.paint("dim", `  ${howToDeploy(stage)}`));
}
