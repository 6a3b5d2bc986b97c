import { createHash } from "node:crypto";
import type { FunctionSpec } from "../../functions/function-spec.ts";
import type { Statement } from "./resource-policy.ts";

/** The kind of function documents; their id is the function's name. */
export const functionKind = "lambda-function";

/** A function as it is stored. */
export interface FunctionDocument {
  readonly functionName: string;
  /** Unqualified. */
  readonly functionArn: string;
  readonly runtime: string;
  readonly role: string;
  readonly handler: string;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>> | undefined;
  readonly architecture: string;
  readonly ephemeralStorageMb: number;
  readonly tracingMode: string;
  readonly snapStartApplyOn: string;
  readonly logging: LoggingDocument;
  readonly vpc: VpcDocument | undefined;
  readonly deadLetterTargetArn: string | undefined;
  readonly kmsKeyArn: string | undefined;
  /** The zip's SHA-256 in hexadecimal: its name in the package store. */
  readonly packageHash: string;
  readonly codeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  readonly revisionId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy: PolicyDocument | undefined;
}

export interface LoggingDocument {
  readonly format: string;
  readonly group: string;
  readonly applicationLevel: string | undefined;
  readonly systemLevel: string | undefined;
}

export interface VpcDocument {
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
}

export interface PolicyDocument {
  readonly statements: readonly Statement[];
  readonly revisionId: string;
}

/** Returns the resource policy as AWS returns it. */
export const policyText = (policy: PolicyDocument): string =>
  JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: policy.statements });

/** Returns what the function manager needs to run the function. */
export function toSpec(document: FunctionDocument, scope: { account: string; region: string }): FunctionSpec {
  const { policy } = document;
  return {
    functionArn: document.functionArn,
    name: document.functionName,
    account: scope.account,
    region: scope.region,
    runtime: document.runtime,
    handler: document.handler,
    timeoutSeconds: document.timeoutSeconds,
    memoryMb: document.memoryMb,
    environment: document.environment ?? {},
    isJsonLog: document.logging.format === "JSON",
    logLevel: document.logging.applicationLevel,
    systemLogLevel: document.logging.systemLevel as FunctionSpec["systemLogLevel"],
    logGroup: document.logging.group,
    packageHash: document.packageHash,
    revisionId: document.revisionId,
    policy: policy && policyText(policy),
    policyRevision: policy?.revisionId ?? "",
  };
}

/** The members of `FunctionConfiguration`. AWS: Lambda API reference, "FunctionConfiguration". */
export function toConfiguration(document: FunctionDocument, functionArn = document.functionArn): object {
  const { environment, vpc, logging, deadLetterTargetArn, kmsKeyArn } = document;
  return {
    FunctionName: document.functionName,
    FunctionArn: functionArn,
    Runtime: document.runtime,
    Role: document.role,
    Handler: document.handler,
    CodeSize: document.codeBytes,
    Description: document.description,
    Timeout: document.timeoutSeconds,
    MemorySize: document.memoryMb,
    LastModified: lastModified(document.modifiedAt),
    CodeSha256: Buffer.from(document.packageHash, "hex").toString("base64"),
    Version: "$LATEST",
    ...(vpc ? { VpcConfig: { SubnetIds: vpc.subnetIds, SecurityGroupIds: vpc.securityGroupIds, VpcId: "" } } : {}),
    ...(deadLetterTargetArn ? { DeadLetterConfig: { TargetArn: deadLetterTargetArn } } : {}),
    ...(environment ? { Environment: { Variables: environment } } : {}),
    ...(kmsKeyArn ? { KMSKeyArn: kmsKeyArn } : {}),
    TracingConfig: { Mode: document.tracingMode },
    RevisionId: document.revisionId,
    State: "Active",
    LastUpdateStatus: "Successful",
    PackageType: "Zip",
    Architectures: [document.architecture],
    EphemeralStorage: { Size: document.ephemeralStorageMb },
    SnapStart: { ApplyOn: document.snapStartApplyOn, OptimizationStatus: "Off" },
    RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(document) },
    LoggingConfig: {
      LogFormat: logging.format,
      ...(logging.applicationLevel ? { ApplicationLogLevel: logging.applicationLevel } : {}),
      ...(logging.systemLevel ? { SystemLogLevel: logging.systemLevel } : {}),
      LogGroup: logging.group,
    },
  };
}

/** Returns a time in ISO 8601 with AWS's offset: `2026-11-20T08:30:00.123+0000`. */
const lastModified = (ms: number): string => new Date(ms).toISOString().replace("Z", "+0000");

/** On AWS this ARN names the runtime's build. Ours is derived from the runtime and does not change. */
function runtimeVersionArn({ functionArn, runtime }: FunctionDocument): string {
  const region = functionArn.split(":")[3];
  return `arn:aws:lambda:${region}::runtime:${createHash("sha256").update(runtime).digest("hex")}`;
}
