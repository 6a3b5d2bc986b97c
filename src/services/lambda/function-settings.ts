import { bounds } from "../../base/bounds.ts";
import { type MergeRules, mergedAs, mergedUnlessEmpty, unmerged } from "../../families/merge.ts";
import { nonEmpty } from "../../families/work.ts";
import { runtimes } from "../../functions/function-spec.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import { invalid } from "./errors.ts";
import type { FunctionDocument, LoggingDocument, VpcDocument } from "./function-document.ts";
import type { LambdaInput } from "./lambda-families.ts";

/** The members that say how a function runs. CreateFunction has them as well. */
type SettingsInput = LambdaInput<"UpdateFunctionConfiguration">;

/** A function's configuration. */
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

/** The effect of each member of UpdateFunctionConfiguration and CreateFunction. */
export const settingRules: MergeRules<Settings, SettingsInput> = {
  // An empty text is a value, except for members that it turns off.
  Runtime: mergedAs("runtime"),
  Role: mergedAs("role"),
  Handler: mergedAs("handler"),
  Description: mergedAs("description"),
  Timeout: mergedAs("timeoutSeconds"),
  MemorySize: mergedAs("memoryMb"),
  KMSKeyArn: mergedUnlessEmpty("kmsKeyArn"),
  Environment: ({ Variables }) => ({ environment: nonEmpty(Variables) }),
  EphemeralStorage: ({ Size }) => ({ ephemeralStorageMb: Size }),
  TracingConfig: ({ Mode }) => (Mode === undefined ? {} : { tracingMode: Mode }),
  SnapStart: ({ ApplyOn }) => (ApplyOn === undefined ? {} : { snapStartApplyOn: ApplyOn }),
  LoggingConfig: (given, { logging }) => ({ logging: loggingOf(given, logging) }),
  VpcConfig: (given) => ({ vpc: vpcOf(given) }),
  DeadLetterConfig: ({ TargetArn }) => ({ deadLetterTargetArn: TargetArn || undefined }),
  // These members name the function and its revision.
  FunctionName: unmerged,
  RevisionId: unmerged,
  // Refused unless they are empty: see refuseUnsupported.
  Layers: unmerged,
  FileSystemConfigs: unmerged,
  ImageConfig: unmerged,
  CapacityProviderConfig: unmerged,
  DurableConfig: unmerged,
};

/** Throws for settings that AWS refuses, and for settings that are not supported here yet. */
export function checkSettings(
  input: Partial<SettingsInput> & { readonly TenancyConfig?: object | undefined },
  before: Settings,
): void {
  refuseUnsupported(input);
  validate(input);
  checkLogging(input.LoggingConfig, before.logging);
}

/** Refuses settings that would change how the function runs, or who may run it, and that have no effect here yet. */
function refuseUnsupported(input: Parameters<typeof checkSettings>[0]): void {
  if (input.Layers?.length) {
    throw notImplemented("Layers are not implemented yet in Portico: put what they hold into the function's zip.");
  }
  if (input.FileSystemConfigs?.length) throw notImplemented("FileSystemConfigs is not implemented yet in Portico.");
  for (const member of ["ImageConfig", "CapacityProviderConfig", "DurableConfig", "TenancyConfig"] as const) {
    if (input[member]) throw notImplemented(`${member} is not implemented yet in Portico.`);
  }
}

function validate(input: Partial<SettingsInput>): void {
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

type LoggingInput = NonNullable<SettingsInput["LoggingConfig"]>;

function checkLogging(input: LoggingInput | undefined, before: LoggingDocument): void {
  const isJson = (input?.LogFormat ?? before.format) === "JSON";
  if (!isJson && (input?.ApplicationLogLevel !== undefined || input?.SystemLogLevel !== undefined)) {
    throw invalid(
      'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the LogFormat to "JSON" and try again.',
    );
  }
}

function loggingOf(input: LoggingInput, before: LoggingDocument): LoggingDocument {
  const format = input.LogFormat ?? before.format;
  const isJson = format === "JSON";
  return {
    format,
    group: input.LogGroup ?? before.group,
    applicationLevel: isJson ? (input.ApplicationLogLevel ?? before.applicationLevel ?? "INFO") : undefined,
    systemLevel: isJson ? (input.SystemLogLevel ?? before.systemLevel ?? "INFO") : undefined,
  };
}

function vpcOf(input: NonNullable<SettingsInput["VpcConfig"]>): VpcDocument | undefined {
  const subnetIds = input.SubnetIds ?? [];
  const securityGroupIds = input.SecurityGroupIds ?? [];
  return subnetIds.length + securityGroupIds.length === 0 ? undefined : { subnetIds, securityGroupIds };
}
