// The management of API Gateway's second version on a store in memory, called by the official SDK without a server.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { ApiGatewayV2, ApiGatewayV2ServiceException } from "@aws-sdk/client-apigatewayv2";
import { type Clock, ManualClock } from "../src/base/clock.ts";
import { randomIds } from "../src/base/ids.ts";
import { type HttpApi, type HttpStage, v2Kinds } from "../src/definition/http-api.ts";
import { definitionIndexes } from "../src/definition/indexes.ts";
import { type ControlLimits, makeControlLimits } from "../src/management/control-limits.ts";
import { makeV2Operations, type V2Dependencies } from "../src/management/v2/operations.ts";
import { makeManagement } from "../src/protocol/management.ts";
import type { Service } from "../src/protocol/operation.ts";
import { openSqliteStore } from "../src/store/sqlite-store.ts";
import { rerunningStore } from "./contract/rerunning-store.ts";
import { anHttpApi, anHttpStage } from "./exchange/an-http-api.ts";

export interface V2ManagementOptions extends Partial<Omit<V2Dependencies, "store" | "limits">> {
  readonly limits?: Partial<ControlLimits>;
  readonly clock?: Clock;
  /** Services beside the second version, on the same store. */
  readonly others?: (store: ReturnType<typeof rerunningStore>) => readonly Service[];
}

export const scope = { account: "123456789012", region: "eu-west-1" };

/** Each write's work runs twice, as a store may do. */
export function makeV2Management({
  limits = {},
  clock = new ManualClock(0),
  others,
  ...more
}: V2ManagementOptions = {}) {
  const store = rerunningStore(openSqliteStore({ indexes: definitionIndexes }));
  const v2: Service = {
    model: "apigatewayv2",
    ownChecks: ["IntegerWithLengthBetween50And30000"],
    operations: makeV2Operations({ store, limits: makeControlLimits(limits), ...more }),
  };
  const management = makeManagement([v2, ...(others?.(store) ?? [])], {
    clock,
    ids: randomIds,
    bodyBytesMax: 4_000_000,
    logger: { warn: () => {}, error: (message, fields) => assert.fail(`${message} ${JSON.stringify(fields)}`) },
    onUndeclaredError: (operation, code) => assert.fail(`${operation} does not declare ${code}`),
  });
  return {
    store,
    /** Sends what no SDK would; returns the status and the answer's text. */
    async send(
      method: string,
      path: string,
      body?: object | string,
      account = scope.account,
    ): Promise<{ status: number; text: string }> {
      const credential = `${account}/20261120/${scope.region}/apigateway/aws4_request`;
      const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`;
      const headers = { host: "localhost:4566", authorization };
      const answer = await management.handle({
        method,
        target: path,
        headers,
        body: Buffer.from(body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body)),
      });
      return { status: answer.status, text: answer.body.toString() };
    },
    /** A client that calls the management in this process. */
    client<Client>(
      Class: new (options: object) => Client,
      { account, region }: { readonly account: string; readonly region: string } = scope,
    ): Client {
      return new Class({
        region,
        endpoint: "http://localhost:4566",
        credentials: { accessKeyId: account, secretAccessKey: "any" },
        maxAttempts: 1,
        requestHandler: { handle: async (request: WireRequest) => ({ response: await handle(management, request) }) },
      });
    },
    /** Puts an HTTP API into the store, with a stage that deploys by itself. */
    async putApi(api: Partial<HttpApi> = {}, stage: Partial<HttpStage> = {}): Promise<string> {
      const { api: body } = anHttpApi({}, { api });
      const auto = anHttpStage({ AutoDeploy: true, ...stage });
      await store.write(scope, async (tx) => {
        await tx.put(v2Kinds.api, body.ApiId, body);
        await tx.put(v2Kinds.stage, `${body.ApiId}/${auto.StageName}`, auto);
      });
      return body.ApiId;
    },
    /** Returns the id of the deployment that the API's stage has. */
    deployed: (apiId: string, stageName = "$default"): Promise<string | undefined> =>
      store.read(
        scope,
        async (tx) => (await tx.get<HttpStage>(v2Kinds.stage, `${apiId}/${stageName}`))?.body.DeploymentId,
      ),
  };
}

interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

async function handle(management: ReturnType<typeof makeManagement>, request: WireRequest) {
  const query = Object.entries(request.query ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one ?? "")}`),
  );
  const answer = await management.handle({
    method: request.method,
    target: query.length === 0 ? request.path : `${request.path}?${query.join("&")}`,
    headers: request.headers,
    body: Buffer.from(request.body ?? ""),
  });
  return { statusCode: answer.status, headers: answer.headers, body: Readable.from([answer.body]) };
}

export const makeV2Client = (management: ReturnType<typeof makeV2Management>): ApiGatewayV2 =>
  management.client(ApiGatewayV2 as new (options: object) => ApiGatewayV2);

/** The call is refused by this name, status and message. */
export async function refusedV2(call: Promise<unknown>, name: string, status: number, message: string | RegExp) {
  await assert.rejects(call, (error) => {
    assert(error instanceof ApiGatewayV2ServiceException, String(error));
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], [name, status], error.message);
    if (typeof message === "string") assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  });
}

/** An answer without what the SDK adds. */
export const bare = <Answer extends { $metadata: object }>({ $metadata: _, ...answer }: Answer) => answer;
