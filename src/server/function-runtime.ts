import { sdkIdsOf } from "../access/service-facts.ts";
import { FunctionManager } from "../functions/manager.ts";
import { PackageStore } from "../functions/packages.ts";
import { LambdaService } from "../services/lambda/lambda-service.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ServerConfig } from "./config.ts";
import { FunctionCredentials } from "./enforcement/function-credentials.ts";
import type { Ground } from "./ground.ts";
import { AuthorityFolder } from "./server-authority.ts";
import type { ServerTelemetry } from "./server-telemetry.ts";

/** The functions of a server: their processes, and the `lambda` service that runs them. */
export interface FunctionRuntime {
  readonly manager: FunctionManager;
  readonly lambda: LambdaService;
  /** Starts with the functions and the asynchronous invocations that the store holds. */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface FunctionRuntimeOptions {
  readonly config: ServerConfig;
  readonly ground: Pick<Ground, "authority" | "clock" | "store" | "functionsPath" | "scratchPath" | "url">;
  readonly telemetry: Pick<ServerTelemetry, "logs" | "controlMetrics">;
  readonly logger: Logger;
}

/**
 * Returns where AWS SDKs in functions send their calls: to this server, and those of a service that the settings have an
 * endpoint for to that. AWS: SDKs and Tools Reference Guide, "Service-specific endpoints".
 */
export function sdkVariables(
  ownUrl: string | undefined,
  endpoints: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = ownUrl === undefined ? {} : { AWS_ENDPOINT_URL: ownUrl };
  for (const [service, url] of Object.entries(endpoints)) {
    if (service === "*") continue;
    for (const id of sdkIdsOf(service))
      variables[`AWS_ENDPOINT_URL_${id.toUpperCase().replaceAll(/[ -]/g, "_")}`] = url;
  }
  return variables;
}

export function makeFunctionRuntime(options: FunctionRuntimeOptions): FunctionRuntime {
  const { config, ground, telemetry, logger } = options;
  const packages = new PackageStore(ground.functionsPath);
  const credentials =
    config.auth === "enforce" ? new FunctionCredentials({ store: ground.store, clock: ground.clock }) : undefined;
  const authorities = new AuthorityFolder(ground.authority, ground.scratchPath);
  const manager = new FunctionManager({
    ...(credentials && { credentialsOf: credentials.of }),
    packages,
    logger,
    logs: telemetry.logs.sink,
    onStarted: (hasFailed) => telemetry.controlMetrics.add(hasFailed ? "functionStartsFailed" : "functionStarts"),
    sdkVariables: () => sdkVariables(ground.url, config.services.endpoints),
    authorities,
    awsSdk: config.awsSdk,
    isInvocationLogged: config.logLevel === "info" || config.logLevel === "debug",
  });
  const lambda = new LambdaService({ store: ground.store, manager, packages, logger, clock: ground.clock });
  return {
    manager,
    lambda,
    async start() {
      await credentials?.start();
      await lambda.start();
    },
    async close() {
      credentials?.close();
      await lambda.close();
      await manager.close();
    },
  };
}
