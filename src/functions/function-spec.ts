import { createHash } from "node:crypto";

/** The facts that the function manager needs to run a function. */
export interface FunctionSpec {
  /** `arn:aws:lambda:{region}:{account}:function:{name}`, with `:{version}` for a published version. */
  readonly functionArn: string;
  readonly name: string;
  /** `$LATEST`, or the number of a published version. */
  readonly version: string;
  readonly account: string;
  readonly region: string;
  /** A key of {@link runtimes}. */
  readonly runtime: string;
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  /** The ARN of its execution role. */
  readonly role: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly isJsonLog: boolean;
  /** With JSON logs, the lowest level that is kept, `TRACE` … `FATAL`; undefined keeps all. */
  readonly logLevel: string | undefined;
  /** With JSON logs, the lowest level of Lambda's own lines: `DEBUG`, `INFO` (the default) or `WARN`. */
  readonly systemLogLevel?: "DEBUG" | "INFO" | "WARN" | undefined;
  /** The log group that the function sees in its context. */
  readonly logGroup: string;
  /** The name of its package in the package store: the zip's SHA-256 in hexadecimal. */
  readonly packageHash: string;
  /** It changes with code and configuration. Environments of another revision are retired. */
  readonly revisionId: string;
  /** The resource policy as JSON text. A change of it alone retires no environment. */
  readonly policy: string | undefined;
  readonly policyRevision: string;
}

/** An alias: a name of a function's version, or of two that share its invocations. */
export interface AliasSpec {
  /** `arn:aws:lambda:{region}:{account}:function:{name}:{alias}`. */
  readonly aliasArn: string;
  /** The version that it names, as its spec has it. */
  readonly functionArn: string;
  /** The version that gets a part of the invocations, from 0 to 1. */
  readonly additional: { readonly functionArn: string; readonly weight: number } | undefined;
  /** The alias's own resource policy. */
  readonly policy: string | undefined;
  readonly policyRevision: string;
}

export type Language = "node" | "python";

/** AWS: Lambda Developer Guide, "Lambda runtimes": those that this machine's Node and Python stand in for. */
export const runtimes: Readonly<Record<string, Language>> = {
  "nodejs18.x": "node",
  "nodejs20.x": "node",
  "nodejs22.x": "node",
  "nodejs24.x": "node",
  "python3.9": "python",
  "python3.10": "python",
  "python3.11": "python",
  "python3.12": "python",
  "python3.13": "python",
  "python3.14": "python",
};

/** Returns the unqualified ARN for `arn:aws:lambda:r:a:function:n:$LATEST`, and other ARNs as they are. */
export function unqualifiedArn(functionArn: string): string {
  return functionArn.endsWith(":$LATEST") ? functionArn.slice(0, -8) : functionArn;
}

/** Returns a name for environments of one version and revision that is short enough for a socket's path. */
export function environmentKey(spec: FunctionSpec): string {
  return createHash("sha256").update(`${spec.functionArn} ${spec.revisionId}`).digest("hex").slice(0, 16);
}
