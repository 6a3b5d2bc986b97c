import type { RestApi, RestApiDefinition, Stage } from "../../definition/rest-api.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { badRequest, notFound } from "../../protocol/errors.ts";
import type { SdkRequest } from "../../sdk/generate-sdk.ts";
import { readSdkParameters, SdkParameterProblem, type SdkType, sdkTypes } from "../../sdk/sdk-types.ts";
import { addressOfApi } from "../apis/api-address.ts";
import { sdkJob } from "./document-jobs.ts";
import { restApis } from "./rest-apis.ts";
import { answerPage, operations, pageOfItems, reading, spanning, type Work } from "./work.ts";

async function getSdkTypes(work: Work<"GetSdkTypes">): Promise<unknown> {
  const sorted = sdkTypes.toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return answerPage(pageOfItems(work, sorted, ({ id }) => id));
}

async function getSdkType({ input }: Work<"GetSdkType">): Promise<unknown> {
  return requireType(input.id, () => notFound("Invalid SDK type identifier specified"));
}

/** Returns the SDK type of that name; throws `mistake` if there is none. */
function requireType(id: string, mistake: () => Error): SdkType {
  const type = sdkTypes.find((one) => one.id === id);
  if (type === undefined) throw mistake();
  return type;
}

/** Reads what the SDK is made from, and its options. */
async function readSdkRequest(
  work: Work<"GetSdk", RestApi>,
): Promise<{ readonly definition: RestApiDefinition; readonly request: SdkRequest }> {
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
  const { clock, region } = work.call;
  const request: SdkRequest = {
    sdkType: type.id,
    parameters,
    invokeUrl: `${addressOfApi(work.call, api.id)}/${stage.stageName}`,
    region,
    generatedAt: clock.now(),
  };
  return { definition: snapshot.body, request };
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
  GetSdk: spanning(async ({ run, read }) => {
    const source = await read(readSdkRequest, restApis);
    const { buffer, byteOffset, byteLength } = await run(sdkJob, source);
    const { sdkType, generatedAt } = source.request;
    // `2016-02-22_23-52Z`, as AWS writes it.
    const stamp = new Date(generatedAt).toISOString().slice(0, 16).replace("T", "_").replace(":", "-");
    return {
      body: Buffer.from(buffer, byteOffset, byteLength),
      contentType: "application/octet-stream",
      contentDisposition: `attachment; filename="${sdkType}_${stamp}Z.zip"`,
    };
  }),
  GetSdkType: reading(getSdkType),
  GetSdkTypes: reading(getSdkTypes),
});
