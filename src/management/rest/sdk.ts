import type { RestApi, RestApiDefinition, Stage } from "../../definition/rest-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { ApiError, badRequest, notFound } from "../../protocol/errors.ts";
import { readSdkParameters, SdkParameterProblem, type SdkType, sdkTypes, typesOfAwsOnly } from "../../sdk/sdk-types.ts";
import { restApis } from "./rest-apis.ts";
import { answerPage, operations, pageOfItems, reading, type Work } from "./work.ts";

async function getSdkTypes(work: Work<"GetSdkTypes">): Promise<unknown> {
  const sorted = sdkTypes.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return answerPage(pageOfItems(work, sorted, ({ id }) => id));
}

async function getSdkType({ input }: Work<"GetSdkType">): Promise<unknown> {
  return requireType(input.id, () => notFound("Invalid SDK type identifier specified"));
}

/** The type of that name; one that only AWS has is not implemented, any other is the caller's mistake. */
function requireType(id: string, mistake: () => Error): SdkType {
  if (typesOfAwsOnly.includes(id)) {
    throw new ApiError("NotImplementedException", `Generating SDKs of type ${id} is not implemented.`);
  }
  const type = sdkTypes.find((one) => one.id === id);
  if (type === undefined) throw mistake();
  return type;
}

async function getSdk(work: Work<"GetSdk", RestApi>): Promise<unknown> {
  const { input, parent: api } = work;
  const stage = (await work.tx.get<Stage>(restKinds.stage, `${api.id}/${input.stageName}`))?.body;
  if (stage === undefined) throw notFound("Invalid stage identifier specified");
  const ids = sdkTypes.map(({ id }) => id).join(", ");
  const { sdkType } = input;
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "GetSdk, words".
  const type = requireType(sdkType, () =>
    badRequest(`Invalid SDK type specified: ${sdkType}. Must be one of: [${ids}]`),
  );
  const parameters = checked(() => readSdkParameters(type, input.parameters ?? {}));
  const snapshot = await work.tx.get<RestApiDefinition>(restKinds.snapshot, `${api.id}/${stage.deploymentId}`);
  if (snapshot === undefined) throw notFound("Invalid Deployment identifier specified");
  // Loaded when it is asked for: no writer of code is needed to serve.
  const { generateSdk } = await import("../../sdk/generate-sdk.ts");
  const { clock, host, region } = work.call;
  const generatedAt = clock.now();
  const archive = generateSdk(snapshot.body, {
    sdkType: type.id,
    parameters,
    // By path, which needs no name of its own for each API.
    invokeUrl: `http://${host}/_aws/execute-api/${api.id}/${stage.stageName}`,
    region,
    generatedAt,
  });
  // `2016-02-22_23-52Z`, as AWS writes it.
  const stamp = new Date(generatedAt).toISOString().slice(0, 16).replace("T", "_").replace(":", "-");
  return {
    body: Buffer.from(archive),
    contentType: "application/octet-stream",
    contentDisposition: `attachment; filename="${type.id}_${stamp}Z.zip"`,
  };
}

function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SdkParameterProblem ? badRequest(error.message) : error;
  }
}

/** AWS: API Gateway REST API reference, "GetSdk", "GetSdkType", "GetSdkTypes". */
export const sdkOperations = operations({
  GetSdk: reading(getSdk, restApis),
  GetSdkType: reading(getSdkType),
  GetSdkTypes: reading(getSdkTypes),
});
