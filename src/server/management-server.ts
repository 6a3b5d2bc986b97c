import { canCallService } from "../access/principal.ts";
import type { Credentials } from "../access/request-signer.ts";
import { bounds } from "../base/bounds.ts";
import { randomIds } from "../base/ids.ts";
import type { RunJob } from "../base/job.ts";
import { oncePerTurn } from "../base/once-per-turn.ts";
import { linkIssuer } from "../gateway/authorizers/issuers.ts";
import { discoveryOf, problemOfIssuerAt, UserPoolKeys } from "../gateway/authorizers/user-pool-keys.ts";
import { AwsServices } from "../gateway/integrations/aws-services.ts";
import { accountThrottle, makeControlLimits } from "../management/control-limits.ts";
import { makeRestOperations } from "../management/rest/operations.ts";
import { makeManagement } from "../protocol/management.ts";
import type { Service } from "../protocol/operation.ts";
import type { AccessKeyUses } from "../services/iam/access-key-uses.ts";
import { loadRole } from "../services/iam/load-role.ts";
import { Sessions } from "../services/sts/sessions.ts";
import type { FindProviderKey } from "../services/sts/web-identity.ts";
import type { Logger } from "../telemetry/logger.ts";
import { renderMetrics } from "../telemetry/metrics.ts";
import { renderProcessMetrics } from "../telemetry/process-metrics.ts";
import { Reservoirs } from "../telemetry/sampling-rule.ts";
import type { Alarms } from "./alarms.ts";
import { makeAuthorizerTest } from "./authorizer-test.ts";
import { answerCanary } from "./canaries/answer-canary.ts";
import type { CanaryGuards } from "./canaries/canary-guards.ts";
import type { CompileSettings } from "./compile-stage.ts";
import type { ServerConfig } from "./config.ts";
import { type ControlServer, makeControlServer } from "./control-server.ts";
import type { DataPlane } from "./data-plane.ts";
import { readDeploymentHistory } from "./deployment-history.ts";
import { ensureAdministrator } from "./enforcement/administrator.ts";
import { Authentication } from "./enforcement/authentication.ts";
import { ManagementEnforcement } from "./enforcement/enforcement.ts";
import { makeExplain } from "./explain.ts";
import { findServedPlan } from "./find-served-plan.ts";
import type { FunctionRuntime } from "./function-runtime.ts";
import { type GeoFiles, openGeoDatabase } from "./geo-databases.ts";
import type { Ground } from "./ground.ts";
import type { ServerFacts } from "./operations-endpoints.ts";
import { answerPortal } from "./pages/portals.ts";
import { answerReference } from "./pages/reference.ts";
import type { ServerTelemetry } from "./server-telemetry.ts";
import { closedParts, readStageStatus } from "./stage-status.ts";
import { makeTestInvocation } from "./test-invocation.ts";
import { makeUpstream, type Upstream } from "./upstream.ts";

export interface ManagementServerOptions {
  readonly config: ServerConfig;
  readonly ground: Pick<Ground, "clock" | "store" | "controlSocket">;
  readonly telemetry: Pick<ServerTelemetry, "metrics" | "logs" | "traces" | "sampling" | "cloudwatch">;
  readonly functions: FunctionRuntime;
  readonly dataPlane: DataPlane;
  readonly compileSettings: CompileSettings;
  readonly geoFiles: GeoFiles;
  readonly accessKeyUses: AccessKeyUses;
  readonly alarms: Alarms;
  readonly guards: CanaryGuards;
  readonly run: RunJob;
  readonly logger: Logger;
}

/** How long management calls that are still under way may take when the threads have stopped. */
const closeMs = 1_000;

/** The management APIs and operations endpoints, on control's Unix socket. */
export class ManagementServer {
  readonly #options: ManagementServerOptions;
  readonly #sessions: Sessions;
  readonly #upstream: Upstream | undefined;
  readonly #control: ControlServer;

  constructor(options: ManagementServerOptions) {
    const { config, ground, dataPlane, logger } = options;
    this.#options = options;
    this.#sessions = new Sessions(ground.store);
    this.#upstream = config.upstream === undefined ? undefined : makeUpstream(config.upstream, logger);
    const enforcement =
      config.auth === "enforce" ? new ManagementEnforcement({ store: ground.store, clock: ground.clock }) : undefined;
    const { accessKeyUses } = options;
    const sessions = this.#sessions;
    this.#control = makeControlServer({
      management: makeManagement(makeServices(options, this.#sessions), {
        clock: ground.clock,
        ids: randomIds,
        bodyBytesMax: config.managementPayloadMax,
        logger,
        runJob: options.run,
        ...(enforcement && { enforcement }),
        identify: async (scope, token, nowMs) => {
          const decision = await this.#sessions.identify(scope.accessKeyId, token, nowMs);
          if (decision.kind !== "known") return decision;
          const { caller } = decision;
          if (caller.session === undefined) options.accessKeyUses.note(scope.accessKeyId, scope.service, scope.region);
          return canCallService(caller, scope.service) ? decision : { kind: "invalid" };
        },
      }),
      upstream: this.#upstream,
      guard: {
        domains: config.domain,
        allowedOrigins: config.allowOrigin,
        isEnforced: enforcement !== undefined,
      },
      facts: makeFacts(options),
      bodyBytesMax: Math.max(config.managementPayloadMax, bounds.lambdaRequestBytesMax.value),
      inEffect: (commits) => dataPlane.inEffect(commits),
      logger,
      gate: enforcement && {
        enforcement,
        metricsToken: config.metricsToken,
        authentication: new Authentication({ sessions, accessKeyUses, clock: ground.clock }),
      },
    });
  }

  /** Starts listening; resolves when it does. */
  async start(): Promise<void> {
    await this.#sessions.start();
    await this.#control.listen(this.#options.ground.controlSocket);
  }

  async close(): Promise<void> {
    await this.#control.close(closeMs);
    this.#upstream?.close();
    this.#sessions.close();
  }
}

function makeServices(options: ManagementServerOptions, sessions: Sessions): readonly Service[] {
  const { config, ground, telemetry, functions, dataPlane, compileSettings, accessKeyUses, run } = options;
  const { store } = ground;
  const providerKeys = new UserPoolKeys(ground.clock);
  const awsServices = new AwsServices(config.services, ground.clock);
  const findKey: FindProviderKey = async (issuer, keyId) => providerKeys.find(discoveryOf(issuer), keyId);
  const probing = { ...compileSettings, store, probe: dataPlane.probe, answerBytesMax: config.payloadMax };
  return [
    {
      model: "apigateway",
      operations: makeRestOperations({
        store,
        limits: makeControlLimits(config.limit, config.profile),
        profile: config.profile,
        beyondAws: config.beyondAws,
        run,
        findRole: loadRole,
        unsavedUsage: dataPlane.apiKeys.unsavedUsage,
        testInvocation: makeTestInvocation(probing),
        authorizerTest: makeAuthorizerTest(probing),
      }),
    },
    {
      model: "apigatewayv2",
      // `--limit httpIntegrationTimeoutMs` raises its greatest value.
      ownChecks: ["IntegerWithLengthBetween50And30000"],
      operations: async () =>
        (await import("../management/v2/operations.ts")).makeV2Operations({
          store,
          limits: makeControlLimits(config.limit, config.profile),
          profile: config.profile,
          beyondAws: config.beyondAws,
          run,
          findRole: loadRole,
          askIssuer: (issuer) => problemOfIssuerAt(linkIssuer(issuer, awsServices).address),
        }),
    },
    {
      model: "lambda",
      operations: functions.lambda.operations,
      // The operation refuses unknown runtimes, because it knows which ones this machine has.
      ownChecks: ["Runtime"],
      bodyBytesMax: bounds.lambdaRequestBytesMax.value,
    },
    {
      model: "iam",
      operations: async () =>
        (await import("../services/iam/operations.ts")).makeIamOperations(store, {
          accessKeyUses,
          profile: config.profile,
        }),
    },
    {
      model: "sts",
      operations: async () =>
        (await import("../services/sts/operations.ts")).makeStsOperations(store, sessions, findKey),
    },
    { model: "logs", operations: telemetry.logs.allOperations },
    {
      model: "cloudwatch",
      operations: async () => ({
        ...telemetry.cloudwatch.operations,
        ...(await import("../services/cloudwatch/alarm-operations.ts")).makeAlarmOperations(store, {
          beyondAws: config.beyondAws,
          act: (change) => options.alarms.act(change),
        }),
      }),
    },
    {
      model: "xray",
      operations: async () => ({
        ...telemetry.traces.operations,
        ...(await import("../services/xray/sampling-rules.ts")).makeSamplingOperations(store, {
          clock: ground.clock,
          reservoirs: new Reservoirs(telemetry.sampling),
        }),
      }),
    },
    {
      model: "wafv2",
      operations: async () =>
        (await import("../services/wafv2/operations.ts")).makeWafOperations(store, {
          geo: openGeoDatabase(options.geoFiles),
          beyondAws: config.beyondAws,
          samples: (key) => dataPlane.threads.wafSamples(key),
        }),
    },
  ];
}

function makeFacts(options: ManagementServerOptions): ServerFacts {
  const { config, ground, telemetry, functions, dataPlane, compileSettings } = options;
  const { store, clock } = ground;
  const awsServices = new AwsServices(config.services, clock);
  return {
    isReady: () => dataPlane.isReady,
    // With all its routes it is 2 MB, which take 10 ms.
    metrics: oncePerTurn(() =>
      Buffer.from(
        renderMetrics(telemetry.metrics) +
          renderProcessMetrics([
            { name: "control", busyMs: performance.eventLoopUtilization().active },
            ...dataPlane.threads.times,
          ]),
      ),
    ),
    accountThrottle: accountThrottle(makeControlLimits(config.limit, config.profile)),
    beyondAws: config.beyondAws,
    status: () =>
      readStageStatus({
        store,
        plan: (key) => findServedPlan(dataPlane.reconciler, key),
        problems: {
          ofService: (service) => awsServices.problemOf(service),
          ofFunction: (functionArn) => functions.lambda.problemOf(functionArn),
        },
        isAws: (service) => awsServices.isAws(service),
        cacheOf: (key) => dataPlane.caches.grantOf(key),
        customDomain: (name) => dataPlane.reconciler.find("custom-domain", name)?.value,
      }),
    code: (path) => functions.lambda.readCode(path),
    reference: (path) =>
      answerReference(path, {
        store,
        run: options.run,
        closedParts: (key) => closedParts(findServedPlan(dataPlane.reconciler, key)),
      }),
    portal: (asked) => answerPortal(asked, store),
    canary: (asked) => answerCanary(asked, { guards: options.guards, counts: dataPlane.canaryCounts }),
    deployments: (asked) => readDeploymentHistory(store, asked),
    explain: makeExplain({
      ...compileSettings,
      store,
      probe: dataPlane.probe,
      port: () => dataPlane.port ?? 0,
      answerBytesMax: config.payloadMax,
      customDomain: (name) => dataPlane.reconciler.find("custom-domain", name)?.value,
    }),
    reset: config.memory || config.allowReset ? () => reset(options) : undefined,
    clock: config.memory ? movable(clock, dataPlane) : undefined,
  };
}

/** What was counted before the clock is moved is counted for the time before. */
const movable = (clock: Ground["clock"], { apiKeys }: DataPlane): NonNullable<ServerFacts["clock"]> => ({
  now: () => clock.now(),
  async advance(ms) {
    await apiKeys.saver.save();
    clock.advance(ms);
  },
});

/** Empties everything (`POST /_portico/reset`). */
async function reset(options: ManagementServerOptions): Promise<Credentials | undefined> {
  const { config, ground, telemetry, functions, dataPlane } = options;
  await ground.store.reset();
  // Nobody could call the server any more.
  const administrator = config.auth === "enforce" ? await ensureAdministrator(ground.store, ground.clock) : undefined;
  await dataPlane.allInEffect();
  await Promise.all([telemetry.logs.reset(), telemetry.traces.reset(), telemetry.cloudwatch.reset()]);
  dataPlane.fillThrottles();
  await functions.manager.collectPackages();
  return administrator;
}
