import { bounds } from "../../base/bounds.ts";
import { runtimes } from "../../functions/function-spec.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import type { FunctionDocument, LoggingDocument, VpcDocument } from "./function-document.ts";

/** The members that CreateFunction and UpdateFunctionConfiguration share. */
export interface FunctionSettings {
  readonly Runtime?: string;
  readonly Role?: string;
  readonly Handler?: string;
  readonly Description?: string;
  readonly Timeout?: number;
  readonly MemorySize?: number;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly TracingConfig?: { readonly Mode?: string };
  readonly EphemeralStorage?: { readonly Size: number };
  readonly SnapStart?: { readonly ApplyOn?: string };
  readonly LoggingConfig?: {
    readonly LogFormat?: string;
    readonly LogGroup?: string;
    readonly ApplicationLogLevel?: string;
    readonly SystemLogLevel?: string;
  };
  readonly VpcConfig?: { readonly SubnetIds?: readonly string[]; readonly SecurityGroupIds?: readonly string[] };
  readonly DeadLetterConfig?: { readonly TargetArn?: string };
  readonly KMSKeyArn?: string;
  readonly Layers?: readonly string[];
  readonly FileSystemConfigs?: readonly unknown[];
  readonly ImageConfig?: object;
  readonly CapacityProviderConfig?: object;
  readonly DurableConfig?: object;
  readonly TenancyConfig?: object;
}

export const invalid = (message: string): ApiError => new ApiError("InvalidParameterValueException", message);

/** What a function is configured with. */
type Settings = Omit<
  FunctionDocument,
  | "functionName"
  | "functionArn"
  | "architecture"
  | "packageHash"
  | "codeBytes"
  | "modifiedAt"
  | "revisionId"
  | "tags"
  | "policy"
>;

/** AWS: Lambda API reference, "CreateFunction": the defaults. */
export const settingsDefault = (functionName: string): Settings => ({
  runtime: "",
  role: "",
  handler: "",
  description: "",
  timeoutSeconds: 3,
  memoryMb: 128,
  environment: undefined,
  ephemeralStorageMb: 512,
  tracingMode: "PassThrough",
  snapStartApplyOn: "None",
  logging: {
    format: "Text",
    group: `/aws/lambda/${functionName}`,
    applicationLevel: undefined,
    systemLevel: undefined,
  },
  vpc: undefined,
  deadLetterTargetArn: undefined,
  kmsKeyArn: undefined,
});

/** The members given, over what there was. Throws for what AWS refuses and what can't be done here yet. */
export function applySettings<T extends Settings>(before: T, input: FunctionSettings): T {
  refuseUnsupported(input);
  validate(input);
  return {
    ...before,
    runtime: input.Runtime ?? before.runtime,
    role: input.Role ?? before.role,
    handler: input.Handler ?? before.handler,
    description: input.Description ?? before.description,
    timeoutSeconds: input.Timeout ?? before.timeoutSeconds,
    memoryMb: input.MemorySize ?? before.memoryMb,
    environment: input.Environment ? environmentOf(input.Environment.Variables) : before.environment,
    ephemeralStorageMb: input.EphemeralStorage?.Size ?? before.ephemeralStorageMb,
    tracingMode: input.TracingConfig?.Mode ?? before.tracingMode,
    snapStartApplyOn: input.SnapStart?.ApplyOn ?? before.snapStartApplyOn,
    logging: input.LoggingConfig ? loggingOf(input.LoggingConfig, before.logging) : before.logging,
    vpc: input.VpcConfig ? vpcOf(input.VpcConfig) : before.vpc,
    deadLetterTargetArn: input.DeadLetterConfig
      ? input.DeadLetterConfig.TargetArn || undefined
      : before.deadLetterTargetArn,
    kmsKeyArn: input.KMSKeyArn === undefined ? before.kmsKeyArn : input.KMSKeyArn || undefined,
  };
}

/** What would change how the function runs, or who may run what, and has no effect here yet. */
function refuseUnsupported(input: FunctionSettings): void {
  if (input.Layers?.length) {
    throw notImplemented("Layers are not implemented yet in Portico: put what they hold into the function's zip.");
  }
  if (input.FileSystemConfigs?.length) throw notImplemented("FileSystemConfigs is not implemented yet in Portico.");
  for (const member of ["ImageConfig", "CapacityProviderConfig", "DurableConfig", "TenancyConfig"] as const) {
    if (input[member]) throw notImplemented(`${member} is not implemented yet in Portico.`);
  }
}

function validate(input: FunctionSettings): void {
  if (input.Runtime !== undefined) validateRuntime(input.Runtime);
  if (input.Timeout !== undefined && input.Timeout > bounds.functionTimeoutSecondsMax.value) {
    throw tooLarge(input.Timeout, "timeout", bounds.functionTimeoutSecondsMax.value);
  }
  if (input.MemorySize !== undefined && input.MemorySize > bounds.functionMemoryMbMax.value) {
    throw invalid(
      "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240",
    );
  }
  if (input.Environment?.Variables) validateEnvironment(input.Environment.Variables);
}

const tooLarge = (value: number, path: string, max: number): ApiError =>
  new ApiError(
    "ValidationException",
    `1 validation error detected: Value '${value}' at '${path}' failed to satisfy constraint: Member must have value less than or equal to ${max}`,
    { status: 400 },
  );

function validateRuntime(runtime: string): void {
  if (Object.hasOwn(runtimes, runtime)) return;
  const supported = Object.keys(runtimes).join(", ");
  if (/^(java|dotnet|ruby|go|provided)/.test(runtime)) {
    throw invalid(`The runtime ${runtime} is not there yet in Portico. It runs: ${supported}.`);
  }
  if (/^(nodejs|python)\d/.test(runtime) && isRetired(runtime)) {
    const successor = runtime.startsWith("nodejs") ? "nodejs22.x" : "python3.13";
    throw invalid(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions, such as ${successor}.`,
    );
  }
  throw invalid(
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${supported}] or be a valid ARN`,
  );
}

const isRetired = (runtime: string): boolean =>
  /^(nodejs(4\.3|4\.3-edge|6\.10|8\.10|10\.x|12\.x|14\.x|16\.x)|python(2\.7|3\.[678]))$/.test(runtime);

/** AWS: Lambda Developer Guide, "Working with Lambda environment variables", Reserved environment variables. */
const reservedKeys: ReadonlySet<string> = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_DEFAULT_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_REGION",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SECRET_KEY",
  "AWS_SECURITY_TOKEN",
  "AWS_SESSION_TOKEN",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);

const unableToConfigure =
  "Lambda was unable to configure your environment variables because the environment variables you have provided";

function validateEnvironment(variables: Readonly<Record<string, string>>): void {
  const reserved = Object.keys(variables).filter((key) => reservedKeys.has(key));
  if (reserved.length > 0) {
    throw invalid(
      `${unableToConfigure} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  }
  for (const [key, value] of Object.entries(variables)) {
    // A zero byte can't be in a process's environment.
    if (value.includes("\0")) throw invalid(`The environment variable ${key} contains a zero byte.`);
  }
  const text = JSON.stringify(variables);
  if (Buffer.byteLength(text) > bounds.functionEnvironmentBytesMax.value) {
    throw invalid(`${unableToConfigure} exceeded the 4KB limit. String measured: ${text.slice(0, 8192)}`);
  }
}

const environmentOf = (
  variables: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined =>
  variables && Object.keys(variables).length > 0 ? { ...variables } : undefined;

function loggingOf(input: NonNullable<FunctionSettings["LoggingConfig"]>, before: LoggingDocument): LoggingDocument {
  const format = input.LogFormat ?? before.format;
  const isJson = format === "JSON";
  if (!isJson && (input.ApplicationLogLevel !== undefined || input.SystemLogLevel !== undefined)) {
    throw invalid(
      'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.',
    );
  }
  return {
    format,
    group: input.LogGroup ?? before.group,
    applicationLevel: isJson ? (input.ApplicationLogLevel ?? before.applicationLevel ?? "INFO") : undefined,
    systemLevel: isJson ? (input.SystemLogLevel ?? before.systemLevel ?? "INFO") : undefined,
  };
}

function vpcOf(input: NonNullable<FunctionSettings["VpcConfig"]>): VpcDocument | undefined {
  const subnetIds = input.SubnetIds ?? [];
  const securityGroupIds = input.SecurityGroupIds ?? [];
  return subnetIds.length + securityGroupIds.length === 0 ? undefined : { subnetIds, securityGroupIds };
}
