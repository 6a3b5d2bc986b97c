import { randomUUID } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import type { FunctionClient } from "../../functions/function-client.ts";
import type { FunctionManager } from "../../functions/manager.ts";
import { PackageError, type PackageStore } from "../../functions/packages.ts";
import { ApiError, notImplemented } from "../../protocol/errors.ts";
import type { CallContext, Operations } from "../../protocol/operation.ts";
import { lambdaPaging, page } from "../../protocol/paging.ts";
import type { Reader, Store, Transaction } from "../../store/store.ts";
import type { CodeLinks } from "./code-links.ts";
import type { EventQueue } from "./event-queue.ts";
import { type FunctionDocument, functionKind, policyText, toConfiguration, toSpec } from "./function-document.ts";
import { type FunctionReference, functionNotFound, parseFunctionName } from "./function-name.ts";
import { applySettings, type FunctionSettings, invalid, settingsDefault } from "./function-settings.ts";
import { type InvokeInput, invokeFunction } from "./invoke.ts";
import { type InvokeStreamInput, invokeFunctionStreaming } from "./invoke-stream.ts";
import { type AddPermissionInput, toStatement, withStatement } from "./resource-policy.ts";

interface LambdaOptions {
  readonly store: Store;
  readonly manager: FunctionManager;
  readonly functions: FunctionClient;
  readonly packages: PackageStore;
  readonly events: EventQueue;
  readonly codeLinks: CodeLinks;
}

interface FunctionName {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

interface Code {
  readonly ZipFile?: Buffer;
  readonly S3Bucket?: string;
  readonly S3Key?: string;
  readonly S3ObjectVersion?: string;
  readonly ImageUri?: string;
  readonly SourceKMSKeyArn?: string;
}

interface CreateFunctionInput extends FunctionSettings {
  readonly FunctionName: string;
  readonly Role: string;
  readonly Code: Code;
  readonly Publish?: boolean;
  readonly PackageType?: string;
  readonly Tags?: Readonly<Record<string, string>>;
  readonly CodeSigningConfigArn?: string;
  readonly Architectures?: readonly string[];
  readonly PublishTo?: string;
}

interface UpdateFunctionCodeInput extends Code {
  readonly FunctionName: string;
  readonly Publish?: boolean;
  readonly DryRun?: boolean;
  readonly RevisionId?: string;
  readonly Architectures?: readonly string[];
  readonly PublishTo?: string;
}

const zippedBytesMax = bounds.packageZippedBytesMax.value;
const tagsMax = bounds.functionTagsMax.value;

/**
 * The `lambda` service, as deep as a gateway's users need: functions from zips, their policies, their invocation.
 * AWS: Lambda API reference, the operations of the same names.
 */
export function makeLambdaOperations(options: LambdaOptions): Operations {
  const { store, manager, packages } = options;

  async function read(input: FunctionName, call: CallContext): Promise<[FunctionDocument, FunctionReference]> {
    const reference = parseFunctionName(input.FunctionName, input.Qualifier, call);
    return [await store.read(scopeOf(call), (tx) => find(tx, reference)), reference];
  }

  /** Changes a function and answers when every thread runs it as it is now. */
  async function change(
    reference: FunctionReference,
    call: CallContext,
    work: (before: FunctionDocument) => FunctionDocument,
  ): Promise<FunctionDocument> {
    const scope = scopeOf(call);
    const document = await store.write(scope, async (tx) => {
      const after = work(await find(tx, reference));
      await tx.put(functionKind, reference.name, after);
      return after;
    });
    await manager.apply(toSpec(document, scope));
    return document;
  }

  async function createFunction(input: CreateFunctionInput, call: CallContext): Promise<object> {
    const { name, functionArn, qualifier } = parseFunctionName(input.FunctionName, undefined, call);
    if (qualifier !== undefined)
      throw invalid("Qualifiers are not allowed in the function name when creating a function.");
    const settings = applySettings(settingsDefault(name), input);
    refuseUnsupportedCreation(input);
    const zip = zipOf(input.Code, "CreateFunction");
    if (settings.runtime === "" || settings.handler === "") {
      throw invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.");
    }
    const tags = checkTags(input.Tags ?? {});
    const scope = scopeOf(call);
    const refuseExisting = async (tx: Reader): Promise<void> => {
      if (await tx.get(functionKind, name)) {
        throw new ApiError("ResourceConflictException", `Function already exist: ${name}`);
      }
    };
    await store.read(scope, refuseExisting);
    const { hash } = await save(packages, zip);
    const document: FunctionDocument = {
      functionName: name,
      functionArn,
      ...settings,
      architecture: input.Architectures?.[0] ?? "x86_64",
      packageHash: hash,
      codeBytes: zip.length,
      modifiedAt: call.clock.now(),
      revisionId: randomUUID(),
      tags,
      policy: undefined,
    };
    await store.write(scope, async (tx) => {
      await refuseExisting(tx);
      await tx.put(functionKind, name, document);
    });
    await manager.apply(toSpec(document, scope));
    return toConfiguration(document);
  }

  async function updateFunctionCode(input: UpdateFunctionCodeInput, call: CallContext): Promise<object> {
    const [before, reference] = await read({ FunctionName: input.FunctionName }, call);
    refusePublishing(input);
    const zip = zipOf(input, "UpdateFunctionCode");
    checkRevision(before.revisionId, input.RevisionId);
    if (input.DryRun) await refused(packages.check(zip));
    const hash = input.DryRun ? before.packageHash : (await save(packages, zip)).hash;
    const withCode = (document: FunctionDocument): FunctionDocument => {
      checkRevision(document.revisionId, input.RevisionId);
      return {
        ...document,
        packageHash: hash,
        codeBytes: input.DryRun ? document.codeBytes : zip.length,
        architecture: input.Architectures?.[0] ?? document.architecture,
        modifiedAt: call.clock.now(),
        revisionId: randomUUID(),
      };
    };
    if (input.DryRun) return toConfiguration(before);
    const after = await change(reference, call, withCode);
    await manager.collectPackages();
    return toConfiguration(after);
  }

  async function updateFunctionConfiguration(
    input: FunctionSettings & { readonly FunctionName: string; readonly RevisionId?: string },
    call: CallContext,
  ): Promise<object> {
    const reference = parseFunctionName(input.FunctionName, undefined, call);
    const after = await change(reference, call, (before) => {
      checkRevision(before.revisionId, input.RevisionId);
      return { ...applySettings(before, input), modifiedAt: call.clock.now(), revisionId: randomUUID() };
    });
    return toConfiguration(after);
  }

  async function getFunction(input: FunctionName, call: CallContext): Promise<object> {
    const [document, { qualifiedArn }] = await read(input, call);
    const hasTags = Object.keys(document.tags).length > 0;
    return {
      Configuration: toConfiguration(document, qualifiedArn),
      Code: { RepositoryType: "S3", Location: `http://${call.host}${options.codeLinks.make(document.packageHash)}` },
      ...(hasTags ? { Tags: document.tags } : {}),
    };
  }

  async function getFunctionConfiguration(input: FunctionName, call: CallContext): Promise<object> {
    const [document, { qualifiedArn }] = await read(input, call);
    return toConfiguration(document, qualifiedArn);
  }

  async function listFunctions(
    input: { readonly Marker?: string; readonly MaxItems?: number; readonly FunctionVersion?: string },
    call: CallContext,
  ): Promise<object> {
    const all = await store.read(scopeOf(call), (tx) => tx.list<FunctionDocument>(functionKind));
    const { items, next } = page(all, ({ id }) => id, { token: input.Marker, limit: input.MaxItems }, lambdaPaging);
    const suffix = input.FunctionVersion === "ALL" ? ":$LATEST" : "";
    const Functions = items.map(({ body }) => listed(toConfiguration(body, body.functionArn + suffix)));
    return { Functions, ...(next === undefined ? {} : { NextMarker: next }) };
  }

  async function listVersionsByFunction(input: FunctionName, call: CallContext): Promise<object> {
    const [document, { functionArn }] = await read(input, call);
    return { Versions: [listed(toConfiguration(document, `${functionArn}:$LATEST`))] };
  }

  async function deleteFunction(input: FunctionName, call: CallContext): Promise<object> {
    const reference = parseFunctionName(input.FunctionName, input.Qualifier, call);
    if (reference.qualifier === "$LATEST") {
      throw invalid("$LATEST version cannot be deleted without deleting the function.");
    }
    await store.write(scopeOf(call), async (tx) => {
      await find(tx, reference);
      await tx.delete(functionKind, reference.name);
    });
    await manager.remove(reference.functionArn);
    return { StatusCode: 204 };
  }

  async function invoke(input: InvokeInput, call: CallContext): Promise<object> {
    if (input.TenantId !== undefined || input.DurableExecutionName !== undefined) {
      throw notImplemented("TenantId and DurableExecutionName are not implemented yet in Portico.");
    }
    const [, reference] = await read(input, call);
    return invokeFunction(input, call, { reference, functions: options.functions, events: options.events });
  }

  async function invokeWithResponseStream(input: InvokeStreamInput, call: CallContext): Promise<object> {
    if (input.TenantId !== undefined) throw notImplemented("TenantId is not implemented yet in Portico.");
    const [, { qualifiedArn }] = await read(input, call);
    return invokeFunctionStreaming(input, call, { functionArn: qualifiedArn, functions: options.functions });
  }

  async function addPermission(input: AddPermissionInput, call: CallContext): Promise<object> {
    const reference = parseFunctionName(input.FunctionName, input.Qualifier, call);
    refuseLatest(reference);
    const statement = toStatement(input, reference.functionArn);
    await change(reference, call, (before) => {
      checkPolicyRevision(before, input.RevisionId);
      const statements = withStatement(before.policy?.statements ?? [], statement);
      return { ...before, policy: { statements, revisionId: randomUUID() } };
    });
    return { Statement: JSON.stringify(statement) };
  }

  async function removePermission(
    input: FunctionName & { readonly StatementId: string; readonly RevisionId?: string },
    call: CallContext,
  ): Promise<object> {
    const reference = parseFunctionName(input.FunctionName, input.Qualifier, call);
    refuseLatest(reference);
    await change(reference, call, (before) => {
      checkPolicyRevision(before, input.RevisionId);
      if (!before.policy) throw policyNotFound("No policy is associated with the given resource.");
      const statements = before.policy.statements.filter(({ Sid }) => Sid !== input.StatementId);
      if (statements.length === before.policy.statements.length) {
        throw policyNotFound(`Statement ${input.StatementId} is not found in resource policy.`);
      }
      return { ...before, policy: statements.length > 0 ? { statements, revisionId: randomUUID() } : undefined };
    });
    return {};
  }

  async function getPolicy(input: FunctionName, call: CallContext): Promise<object> {
    const [{ policy }, reference] = await read(input, call);
    if (!policy || reference.qualifier !== undefined) {
      throw policyNotFound("The resource you requested does not exist.");
    }
    return { Policy: policyText(policy), RevisionId: policy.revisionId };
  }

  /** A tagged resource is a function; others are not there. */
  const tagged = (arn: string, call: CallContext): FunctionReference => {
    if (!arn.includes(":function:")) throw new ApiError("ResourceNotFoundException", `Resource not found: ${arn}`);
    return parseFunctionName(arn, undefined, call);
  };

  return {
    CreateFunction: createFunction,
    UpdateFunctionCode: updateFunctionCode,
    UpdateFunctionConfiguration: updateFunctionConfiguration,
    GetFunction: getFunction,
    GetFunctionConfiguration: getFunctionConfiguration,
    ListFunctions: listFunctions,
    ListVersionsByFunction: listVersionsByFunction,
    DeleteFunction: deleteFunction,
    Invoke: invoke,
    InvokeWithResponseStream: invokeWithResponseStream,
    AddPermission: addPermission,
    RemovePermission: removePermission,
    GetPolicy: getPolicy,
    // There are no code signing configurations and no reserved concurrency to be set here: what holds is said.
    GetFunctionCodeSigningConfig: async (input: FunctionName, call: CallContext) => {
      await read(input, call);
      return {};
    },
    GetFunctionConcurrency: async (input: FunctionName, call: CallContext) => {
      await read(input, call);
      return {};
    },
    ListTags: async (input: { readonly Resource: string }, call: CallContext) => {
      const [{ tags }] = await read({ FunctionName: tagged(input.Resource, call).functionArn }, call);
      return { Tags: tags };
    },
    TagResource: async (
      input: { readonly Resource: string; readonly Tags: Readonly<Record<string, string>> },
      call: CallContext,
    ) => {
      await change(tagged(input.Resource, call), call, (before) => ({
        ...before,
        tags: checkTags({ ...before.tags, ...input.Tags }),
      }));
      return {};
    },
    UntagResource: async (
      input: { readonly Resource: string; readonly TagKeys: readonly string[] },
      call: CallContext,
    ) => {
      const gone = new Set(input.TagKeys);
      await change(tagged(input.Resource, call), call, (before) => ({
        ...before,
        tags: Object.fromEntries(Object.entries(before.tags).filter(([key]) => !gone.has(key))),
      }));
      return {};
    },
  };
}

const scopeOf = ({ account, region }: CallContext): { account: string; region: string } => ({ account, region });

/** The function, if it is there; versions and aliases are not there yet, so their qualifiers name nothing. */
async function find(tx: Reader | Transaction, reference: FunctionReference): Promise<FunctionDocument> {
  const { name, qualifier, qualifiedArn } = reference;
  const stored = await tx.get<FunctionDocument>(functionKind, name);
  if (!stored || (qualifier !== undefined && qualifier !== "$LATEST")) throw functionNotFound(qualifiedArn);
  return stored.body;
}

/** Lists leave out what only a function's own configuration says. */
function listed(configuration: object): object {
  const { State, LastUpdateStatus, RuntimeVersionConfig, ...rest } = configuration as Record<string, unknown>;
  return rest;
}

function refuseUnsupportedCreation(input: CreateFunctionInput): void {
  if (input.PackageType === "Image")
    throw notImplemented("Functions from container images are not implemented yet in Portico: use a zip.");
  if (input.CodeSigningConfigArn) throw notImplemented("Code signing is not implemented yet in Portico.");
  refusePublishing(input);
}

function refusePublishing(input: { readonly Publish?: boolean; readonly PublishTo?: string }): void {
  if (input.Publish || input.PublishTo) {
    throw notImplemented("Versions are not implemented yet in Portico: leave out Publish.");
  }
}

function zipOf(code: Code, operation: string): Buffer {
  const { ZipFile, S3Bucket, S3Key, S3ObjectVersion, ImageUri } = code;
  if (ImageUri) throw notImplemented("Functions from container images are not implemented yet in Portico: use a zip.");
  const isFromS3 = S3Bucket !== undefined || S3Key !== undefined || S3ObjectVersion !== undefined;
  if (ZipFile !== undefined && isFromS3) {
    throw invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.");
  }
  if (isFromS3) throw notImplemented("Code from Amazon S3 is not implemented yet in Portico: send it as ZipFile.");
  if (ZipFile === undefined) throw invalid("Please provide a source for function code.");
  if (ZipFile.length > zippedBytesMax) {
    throw new ApiError(
      "RequestEntityTooLargeException",
      `Request must be smaller than 69905067 bytes for the ${operation} operation`,
      { status: 413 },
    );
  }
  return ZipFile;
}

const save = (packages: PackageStore, zip: Buffer): Promise<{ readonly hash: string }> => refused(packages.save(zip));

/** A zip that can't be used is the caller's mistake. */
async function refused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PackageError) throw invalid(error.message);
    throw error;
  }
}

function checkRevision(actual: string, given: string | undefined): void {
  if (given === undefined || given === actual) return;
  throw new ApiError(
    "PreconditionFailedException",
    "The RevisionId provided does not match the latest RevisionId. Call the GetFunction or the GetAlias API to retrieve the latest RevisionId for your resource.",
  );
}

function checkPolicyRevision({ policy }: FunctionDocument, given: string | undefined): void {
  if (given === undefined || given === policy?.revisionId) return;
  throw new ApiError(
    "PreconditionFailedException",
    "The RevisionId provided does not match the latest RevisionId. Call the GetPolicy API to retrieve the latest RevisionId for your resource.",
  );
}

function refuseLatest({ qualifier }: FunctionReference): void {
  if (qualifier === "$LATEST") throw invalid("We currently do not support adding policies for $LATEST.");
}

const policyNotFound = (message: string): ApiError => new ApiError("ResourceNotFoundException", message);

function checkTags(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(tags);
  if (entries.length > tagsMax) throw invalid(`The number of tags exceeds the limit of ${tagsMax}.`);
  for (const [key, value] of entries) {
    if (key.length === 0 || key.length > 128) throw invalid("A tag's key must have 1 to 128 characters.");
    if (value.length > 256) throw invalid("A tag's value must have at most 256 characters.");
    if (key.toLowerCase().startsWith("aws:")) throw invalid("A tag's key must not start with aws:.");
  }
  return tags;
}
