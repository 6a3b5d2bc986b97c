import { bounds } from "../base/bounds.ts";
import { AwsServices } from "../gateway/integrations/aws-services.ts";
import { AlarmActions, type AlarmPost } from "../services/cloudwatch/alarm-actions.ts";
import { AlarmEvaluator } from "../services/cloudwatch/alarm-evaluator.ts";
import type { AlarmChange } from "../services/cloudwatch/alarm-families.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ServerConfig } from "./config.ts";
import type { FunctionRuntime } from "./function-runtime.ts";
import type { Ground } from "./ground.ts";
import type { ServerTelemetry } from "./server-telemetry.ts";

export interface AlarmsOptions {
  readonly config: ServerConfig;
  readonly ground: Pick<Ground, "clock" | "store">;
  readonly telemetry: Pick<ServerTelemetry, "cloudwatch">;
  readonly functions: FunctionRuntime;
  readonly logger: Logger;
}

/** CloudWatch's alarms at work: they are evaluated, and act. */
export class Alarms {
  readonly #actions: AlarmActions;
  readonly #evaluator: AlarmEvaluator;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor({ config, ground, telemetry, functions, logger }: AlarmsOptions) {
    const { clock, store } = ground;
    const { lambda } = functions;
    this.#actions = new AlarmActions({
      store,
      clock,
      logger,
      functions: {
        describe: (arn) => lambda.describe(arn),
        problemOf: (arn) => lambda.problemOf(arn),
        accept: lambda.acceptEvent,
      },
      findSns: snsFinder(config, clock),
      post,
      hasWebhooks: config.beyondAws.includes("alarm-webhooks"),
    });
    const act = (change: AlarmChange): void => this.#actions.act(change);
    this.#evaluator = new AlarmEvaluator({ store, metrics: telemetry.cloudwatch, clock, logger, act });
  }

  /** Runs the actions of an alarm's new state, without waiting for them. */
  act(change: AlarmChange): void {
    this.#actions.act(change);
  }

  start(): void {
    this.#evaluator.start();
    this.#timer = setInterval(() => void this.#evaluator.tick(), bounds.alarmTickMs.value).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#evaluator.close();
    await this.#actions.close();
  }
}

async function post({ url, headers: list, body, signal }: AlarmPost): Promise<number> {
  const headers = new Headers();
  for (let index = 0; index < list.length; index += 2) headers.append(list[index]!, list[index + 1]!);
  const response = await fetch(url, { method: "POST", headers, body, redirect: "error", signal });
  // Nobody reads what it says.
  await response.body?.cancel();
  return response.status;
}

/** Returns what finds SNS: as integrations find services, and otherwise at the upstream. */
function snsFinder({ services, upstream }: ServerConfig, clock: Ground["clock"]) {
  const awsServices = new AwsServices(services, clock);
  return (region: string, account: string) => {
    const sns = { names: ["sns"], host: `sns.${region}.amazonaws.com`, signingRegion: region };
    const origin = awsServices.originOf(sns) ?? upstream;
    if (origin === undefined)
      return { problem: awsServices.problemOf({ ...sns, signingName: "sns" }) ?? "SNS is nowhere" };
    const isAws = origin === `https://${sns.host}` && services.credentials !== undefined;
    // A local server recognises the account by the access key.
    const own = { accessKeyId: account, secretAccessKey: "portico" };
    return { origin, credentials: isAws ? services.credentials! : own };
  };
}
