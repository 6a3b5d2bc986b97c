import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { ManualClock } from "../base/clock.ts";
import { randomIds } from "../base/ids.ts";
import { type Client, makeClient, ServiceError } from "./client.ts";
import { ApiError, notFound } from "./errors.ts";
import { makeManagement } from "./management.ts";
import type { CallContext } from "./operation.ts";

describe("the client", () => {
  let server: Server;
  let client: Client;
  let lambda: Client;
  let logs: Client;
  const calls: { input: Record<string, unknown>; context: CallContext }[] = [];
  const note = async (input: Record<string, unknown>, context: CallContext): Promise<void> => {
    calls.push({ input, context });
  };

  before(async () => {
    const management = makeManagement(
      [
        {
          model: "apigateway",
          operations: {
            GetRestApi: async () => {
              throw notFound("Invalid API identifier specified");
            },
            GetStage: async (input, context) => {
              await note(input, context);
              return { stageName: input.stageName, createdDate: 1.5, variables: { a: "b" } };
            },
            ImportRestApi: async (input, context) => {
              await note(input, context);
              return { id: "a1" };
            },
            GetExport: async (input, context) => {
              await note(input, context);
              return { contentType: "application/json", body: Buffer.from("{}") };
            },
          },
        },
        {
          model: "lambda",
          operations: { Invoke: async () => ({ StatusCode: 200, Payload: Buffer.from("7"), ExecutedVersion: "1" }) },
        },
        {
          model: "logs",
          operations: {
            CreateLogGroup: note,
            DeleteLogGroup: async () => {
              throw new ApiError("ResourceNotFoundException", "The specified log group does not exist.");
            },
            ListTagsLogGroup: async () => ({ tags: { a: "b" } }),
          },
        },
      ],
      {
        clock: new ManualClock(0),
        ids: randomIds,
        bodyBytesMax: 1_000_000,
        logger: { warn: () => {}, error: () => {} },
      },
    );
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const answer = await management.handle({
        method: request.method ?? "",
        target: request.url ?? "",
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(chunks),
      });
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = makeClient({ endpoint, model: "apigateway", region: "eu-west-1", accessKeyId: "123456789012" });
    lambda = makeClient({ endpoint, model: "lambda" });
    logs = makeClient({ endpoint, model: "logs", region: "eu-west-1", accessKeyId: "123456789012" });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("writes path, query and payload, and tells account and region", async () => {
    const input = { failOnWarnings: true, parameters: { ignore: "documentation" }, body: Buffer.from("{}") };
    assert.deepEqual(await client.call("ImportRestApi", input), { id: "a1" });
    assert.deepEqual(calls.at(-1)?.input, input);
    assert.equal(calls.at(-1)?.context.account, "123456789012");
    assert.equal(calls.at(-1)?.context.region, "eu-west-1");
  });

  it("reads members, headers, payloads and the status", async () => {
    assert.deepEqual(await client.call("GetStage", { restApiId: "a/b", stageName: "s t" }), {
      stageName: "s t",
      createdDate: 1.5,
      variables: { a: "b" },
    });
    assert.deepEqual(calls.at(-1)?.input, { restApiId: "a/b", stageName: "s t" });
    const exported = await client.call("GetExport", { restApiId: "a", stageName: "s", exportType: "oas30" });
    assert.deepEqual(exported, { contentType: "application/json", body: Buffer.from("{}") });
    assert.deepEqual(await lambda.call("Invoke", { FunctionName: "f", Payload: Buffer.from("1") }), {
      StatusCode: 200,
      ExecutedVersion: "1",
      Payload: Buffer.from("7"),
    });
  });

  it("throws the service's errors with their code and status", async () => {
    const error = await client.call("GetRestApi", { restApiId: "a" }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ServiceError);
    assert.equal(error.code, "NotFoundException");
    assert.equal(error.status, 404);
    assert.equal(error.message, "Invalid API identifier specified");
  });

  it("speaks AWS JSON with services that do", async () => {
    assert.deepEqual(await logs.call("CreateLogGroup", { logGroupName: "g", tags: { k: "v" } }), {});
    assert.deepEqual(calls.at(-1)?.input, { logGroupName: "g", tags: { k: "v" } });
    assert.equal(calls.at(-1)?.context.region, "eu-west-1");
    assert.deepEqual(await logs.call("ListTagsLogGroup", { logGroupName: "g" }), { tags: { a: "b" } });
    const error = await logs.call("DeleteLogGroup", { logGroupName: "g" }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof ServiceError);
    assert.deepEqual(
      [error.code, error.status, error.message],
      ["ResourceNotFoundException", 400, "The specified log group does not exist."],
    );
    await assert.rejects(logs.call("CreateLogGroup", { x: 1 }), /no member x/);
  });

  it("refuses what the operation does not have before sending anything", async () => {
    await assert.rejects(client.call("GetStage", { restApiId: "a" }), /lacks stage_name/);
    await assert.rejects(client.call("GetStage", { restApiId: "a", stageName: "s", x: 1 }), /no member x/);
    await assert.rejects(client.call("Nope"), /no operation Nope/);
  });
});
