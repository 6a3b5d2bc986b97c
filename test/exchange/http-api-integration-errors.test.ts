// $context.integrationErrorMessage and its kin in access logs, for backends and AWS services of HTTP APIs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { noSurroundings } from "../../src/compiler/surroundings.ts";
import type { HttpIntegration } from "../../src/definition/http-api.ts";
import { until } from "../until.ts";
import { anHttpApi, anHttpStage, aUrl, host } from "./an-http-api.ts";
import { startBackend, startGateway, startRawBackend } from "./start-gateway.ts";

const role = "arn:aws:iam::000000000000:role/gateway";
const purge = (overrides: Partial<HttpIntegration> = {}): HttpIntegration => ({
  ...aUrl("", { IntegrationType: "AWS_PROXY", IntegrationSubtype: "SQS-PurgeQueue", CredentialsArn: role }),
  RequestParameters: { QueueUrl: "$request.header.queue" },
  ...overrides,
});

test("the log says why an integration gave no answer, and what one answered", async () => {
  await using good = await startBackend((_, outgoing) =>
    outgoing.writeHead(404, { "x-amzn-requestid": "theirs" }).end("none"),
  );
  await using slow = await startBackend(() => undefined);
  await using resetting = await startRawBackend((socket) => socket.destroy());
  const gone = await startBackend();
  await gone[Symbol.asyncDispose]();
  const lines: string[] = [];
  await using gateway = await startGateway({
    services: { endpoints: { sqs: good.origin } },
    onLog: (_, line) => lines.push(line),
  });
  const logOf = async (integration: HttpIntegration): Promise<string> => {
    const stage = anHttpStage({
      AccessLogSettings: {
        DestinationArn: "arn:aws:logs:us-east-1:0:log-group:access",
        Format:
          "$context.status|$context.integrationStatus|$context.integration.status|$context.integrationErrorMessage|$context.awsEndpointRequestId",
      },
    });
    const roles = new Map([
      [
        role,
        {
          role: undefined,
          isAccountHere: integration.CredentialsArn !== undefined && integration.Description === "no role",
        },
      ],
    ]);
    gateway.deployHttp(anHttpApi({ "GET /": { integration } }), stage, { ...noSurroundings, roles });
    await gateway.call("/", { host, isWhole: true });
    await until(() => lines.length > 0);
    return lines.pop()!;
  };
  const mapped = { ResponseParameters: { 404: { "overwrite:statuscode": "410" } } };
  assert.equal(await logOf(aUrl(good.origin)), "404|404|404|-|theirs");
  assert.equal(await logOf(aUrl(good.origin, mapped)), "410|404|404|-|theirs");
  assert.equal(
    await logOf(aUrl(slow.origin, { TimeoutInMillis: 50 })),
    "503|-|-|Execution failed due to a timeout error|-",
  );
  assert.match(await logOf(aUrl(gone.origin)), /^503\|-\|-\|ECONNREFUSED: /);
  assert.match(await logOf(aUrl(resetting.origin)), /^503\|-\|-\|ECONNRESET: /);
  assert.equal(await logOf(purge()), "400|-|-|Unable to resolve property QueueUrl from source $request.header.queue|-");
  assert.equal(
    await logOf(
      purge({ Description: "no role", RequestParameters: { QueueUrl: "http://sqs.example/000000000000/a" } }),
    ),
    "500|-|-|The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again.|-",
  );
  assert.equal(
    await logOf(purge({ RequestParameters: { QueueUrl: "http://sqs.example/000000000000/a" } })),
    "404|404|404|-|theirs",
  );
  assert.deepEqual(gateway.errors, []);
});
