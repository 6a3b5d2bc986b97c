import { createHash } from "node:crypto";
import type { AliasSpec, FunctionSpec } from "../../functions/function-spec.ts";
import type { Scope } from "../../store/store.ts";
import type { Statement } from "./resource-policy.ts";

/** The kind of function documents; their id is the function's name. */
export const functionKind = "lambda-function";

/** The kind of published versions; their ids are `versionId`s, in the versions' order. */
export const versionKind = "lambda-version";

/** The kind of aliases; their ids are the function's name, a slash and theirs. */
export const aliasKind = "lambda-alias";

/**
 * The kind of the numbers that were last given to versions; their ids are the functions' names. They outlive the
 * functions. AWS: Lambda Developer Guide, "Manage Lambda function versions": no number is used again, even for a function
 * that was deleted and created anew.
 */
export const versionNumberKind = "lambda-version-number";

export interface VersionNumberDocument {
  readonly last: number;
}

/** A function as it is stored: `$LATEST`. */
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

/** A published version as it is stored. It never changes but for its policy. */
export interface VersionDocument extends FunctionDocument {
  readonly version: string;
  /** The description of `$LATEST` when it was published, which PublishVersion may have replaced. */
  readonly descriptionBefore: string;
}

/** An alias as it is stored. */
export interface AliasDocument {
  readonly name: string;
  /** Unqualified. */
  readonly functionArn: string;
  readonly functionVersion: string;
  readonly description: string;
  /** The version that gets a part of the invocations, from 0 to 1. */
  readonly additional?: { readonly version: string; readonly weight: number } | undefined;
  readonly revisionId: string;
  readonly policy?: PolicyDocument | undefined;
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

/** Enough digits for any number, so that ids are in the order of the versions. */
const versionDigits = 10;

/** Returns the id of a version's document. */
export const versionId = (functionName: string, version: string): string =>
  `${functionName}/${version.padStart(versionDigits, "0")}`;

/** Returns `$LATEST` for a function's own document, and the number of a published version. */
export const versionOf = (document: FunctionDocument | VersionDocument): string =>
  "version" in document ? document.version : "$LATEST";

/** Returns a key that sorts functions by their names, and `$LATEST` before their versions. */
export const versionSortKey = (document: FunctionDocument | VersionDocument): string =>
  versionId(document.functionName, "version" in document ? document.version : "");

/** Returns a published version's own ARN. */
export const versionArn = ({ functionArn, version }: VersionDocument): string => `${functionArn}:${version}`;

/** Returns the ARN by which the manager knows a version: unqualified for `$LATEST`. */
const runnableArn = (functionArn: string, version: string): string =>
  version === "$LATEST" ? functionArn : `${functionArn}:${version}`;

export const aliasArn = ({ functionArn, name }: Pick<AliasDocument, "functionArn" | "name">): string =>
  `${functionArn}:${name}`;

/** Returns whether an alias names a version, alone or beside another one. */
export const aliasNames =
  (version: string) =>
  ({ functionVersion, additional }: AliasDocument): boolean =>
    functionVersion === version || additional?.version === version;

/** Returns what the function manager needs to choose a version by an alias. */
export function toAliasSpec(alias: AliasDocument): AliasSpec {
  const { functionArn, functionVersion, additional, policy } = alias;
  return {
    aliasArn: aliasArn(alias),
    functionArn: runnableArn(functionArn, functionVersion),
    additional: additional && {
      functionArn: runnableArn(functionArn, additional.version),
      weight: additional.weight,
    },
    policy: policy && policyText(policy),
    policyRevision: policy?.revisionId ?? "",
  };
}

/** Returns what the function manager needs to run the function, or one of its versions. */
export function toSpec(document: FunctionDocument | VersionDocument, scope: Scope): FunctionSpec {
  const { policy } = document;
  const version = versionOf(document);
  return {
    functionArn: runnableArn(document.functionArn, version),
    name: document.functionName,
    version,
    account: scope.account,
    region: scope.region,
    runtime: document.runtime,
    handler: document.handler,
    timeoutSeconds: document.timeoutSeconds,
    memoryMb: document.memoryMb,
    role: document.role,
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

/** Returns the hash of the code as AWS writes it. */
export const codeSha256 = ({ packageHash }: FunctionDocument): string =>
  Buffer.from(packageHash, "hex").toString("base64");

/** The members of `FunctionConfiguration`. AWS: Lambda API reference, "FunctionConfiguration". */
export function toConfiguration(
  document: FunctionDocument | VersionDocument,
  functionArn = document.functionArn,
): object {
  const version = versionOf(document);
  const isSnapped = version !== "$LATEST" && document.snapStartApplyOn === "PublishedVersions";
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
    CodeSha256: codeSha256(document),
    Version: version,
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
    SnapStart: { ApplyOn: document.snapStartApplyOn, OptimizationStatus: isSnapped ? "On" : "Off" },
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
