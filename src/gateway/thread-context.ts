import type { SigningKeys } from "../access/signing-key.ts";
import type { Clock } from "../base/clock.ts";
import type { RunJob } from "../base/job.ts";
import type { EventClient, FunctionClient } from "../functions/function-client.ts";
import type { Throttles } from "../limits/throttles.ts";
import type { AccessLogWriter } from "../telemetry/access-log-writer.ts";
import type { CanaryCounts } from "../telemetry/canary-counts.ts";
import type { ExecutionLogSink } from "../telemetry/execution-log.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { MetricRecorder } from "../telemetry/metric-recorder.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { TraceSink } from "../telemetry/traced-exchange.ts";
import type { ResultCache } from "./authorizers/result-cache.ts";
import type { UserPoolKeys } from "./authorizers/user-pool-keys.ts";
import type { VerifiedTokens } from "./authorizers/verified-tokens.ts";
import type { AwsServices } from "./integrations/aws-services.ts";
import type { BackendPools } from "./integrations/backend-pools.ts";
import type { PermissionCheck } from "./integrations/permission-check.ts";
import type { TlsIdentities } from "./integrations/tls-identities.ts";
import type { KeyAccess } from "./key-access.ts";
import type { KnownCallers } from "./known-callers.ts";
import type { ResponseCaches } from "./response-caches.ts";
import type { TraceSampling } from "./trace-sampling.ts";
import type { UnderWay } from "./under-way.ts";
import type { WebAcls } from "./web-acls.ts";
import type { LiveConnections } from "./websocket/live-connections.ts";

/** What all programs of a gateway thread share. */
export interface ThreadContext {
  /** Takes what would hold the thread's other requests for long. */
  readonly runJob: RunJob;
  readonly functions: FunctionClient;
  readonly events: EventClient;
  readonly metrics: Metrics;
  /** Measures for CloudWatch, if anybody takes it. */
  readonly recorder: MetricRecorder | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly payloadBytesMax: number;
  readonly accessLogs: AccessLogWriter;
  /** The routes (`GET /pets`) that definitions have and their stages don't serve, by stage key, for hints. */
  readonly undeployed: ReadonlyMap<string, readonly string[]>;
  readonly pools: BackendPools;
  readonly executionLogs: ExecutionLogSink;
  readonly sampling: TraceSampling;
  readonly traces: TraceSink;
  readonly identities: TlsIdentities;
  readonly permissions: PermissionCheck;
  readonly services: AwsServices;
  readonly throttles: Throttles;
  readonly keys: KeyAccess;
  readonly userPoolKeys: UserPoolKeys;
  readonly authorizerResults: ResultCache;
  readonly verifiedTokens: VerifiedTokens;
  readonly responseCaches: ResponseCaches;
  /** What the stages with canaries count, by their keys. */
  readonly canaryCounts: ReadonlyMap<string, CanaryCounts>;
  readonly webAcls: WebAcls;
  readonly knownCallers: KnownCallers;
  readonly signingKeys: SigningKeys;
  /** The WebSockets of this thread. */
  readonly connections: LiveConnections;
  readonly underWay: UnderWay;
  /** Returns the port that this server listens on, for addresses that lead to it from this machine. */
  readonly ownPort: () => number;
  /** Returns whether a host that a client called is a name of this server, which nobody else can point elsewhere. */
  readonly isOwnName: (host: string) => boolean;
}
