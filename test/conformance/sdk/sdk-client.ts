// What the suites under the official SDK share: a server, clients of it, what a refusal is, and functions to send.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { APIGatewayServiceException } from "@aws-sdk/client-api-gateway";
import { AddPermissionCommand, CreateFunctionCommand, type CreateFunctionCommandInput } from "@aws-sdk/client-lambda";
import { strToU8, zipSync } from "fflate";
import { type Portico, type PorticoOptions, startPortico } from "../../portico.ts";

/** Who calls; by default Portico's own account and region, and as often as the SDK tries by default. */
export interface Caller {
  readonly accountId?: string;
  readonly region?: string;
  readonly maxAttempts?: number;
}

/** A caller in neither the account nor the region that are the default; it tries once. */
export const elsewhere: Caller = { accountId: "123456789012", region: "eu-west-1", maxAttempts: 1 };

interface ClientOptions {
  endpoint: () => Promise<{ url: URL }>;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts?: number;
}
type ClientClass<Client> = new (options: ClientOptions) => Client;

/** An SDK's client of the server, which need not be started before the first call. The caller destroys it. */
export function makeClient<Client>(
  Class: ClientClass<Client>,
  portico: Pick<Portico, "url">,
  { accountId = "000000000000", region = "us-east-1", ...more }: Caller = {},
): Client {
  const credentials = { accessKeyId: accountId, secretAccessKey: "any" };
  return new Class({ endpoint: async () => ({ url: new URL(portico.url) }), region, credentials, ...more });
}

/** A suite's server: there from the suite's first hook on. */
export interface SuiteServer extends Pick<Portico, "url" | "output"> {
  /** A client that is destroyed before the server stops. */
  client<Client extends { destroy(): void }>(Class: ClientClass<Client>, caller?: Caller): Client;
}

/** Starts a server before the suite (or file) that calls this, and stops it after; it ends with `exitCode`, if given. */
export function startForSuite({ exitCode, ...options }: PorticoOptions & { exitCode?: number } = {}): SuiteServer {
  let started: Portico | undefined;
  const clients: { destroy(): void }[] = [];
  const portico = (): Portico => {
    assert(started, "the server is started by the suite's first hook");
    return started;
  };
  before(async () => {
    started = await startPortico(options);
  });
  after(async () => {
    for (const client of clients) client.destroy();
    const code = await portico().stop();
    if (exitCode !== undefined) assert.equal(code, exitCode);
  });
  return {
    get url() {
      return portico().url;
    },
    output: () => portico().output(),
    client(Class, caller) {
      const client = makeClient(Class, this, caller);
      clients.push(client);
      return client;
    },
  };
}

type Call = Promise<unknown> | (() => Promise<unknown>);

/** The error of the class that refuses the call. Fails if there is none, or another. */
export async function refusal<Refusal>(
  call: Call,
  Class: abstract new (...options: never[]) => Refusal,
): Promise<Refusal> {
  const refusals: Refusal[] = [];
  await assert.rejects(call, (error) => {
    assert(error instanceof Class, String(error));
    return refusals.push(error) === 1;
  });
  return refusals[0]!;
}

/** API Gateway refuses the call by this name, status and message. */
export async function refuses(
  call: Call,
  name: string,
  status: number,
  message: string | RegExp,
): Promise<APIGatewayServiceException> {
  const error = await refusal(call, APIGatewayServiceException);
  assert.deepEqual([error.name, error.$metadata.httpStatusCode], [name, status]);
  if (typeof message === "string") assert.equal(error.message, message);
  else assert.match(error.message, message);
  return error;
}

export const status = (answer: { $metadata: { httpStatusCode?: number | undefined } }): number | undefined =>
  answer.$metadata.httpStatusCode;

/** A package of that code. The same code makes the same package, at any time. */
export const zip = (code: string): Uint8Array =>
  zipSync({ "index.js": strToU8(code) }, { mtime: new Date("2026-01-02T00:00:00Z") });

export const Role = "arn:aws:iam::000000000000:role/any";

/** Creates a function of that code. */
export const functionOf = (
  FunctionName: string,
  code: string | Uint8Array,
  more: Partial<CreateFunctionCommandInput> = {},
): CreateFunctionCommand =>
  new CreateFunctionCommand({
    FunctionName,
    Role,
    Runtime: "nodejs22.x",
    Handler: "index.handler",
    Code: { ZipFile: typeof code === "string" ? zip(code) : code },
    ...more,
  });

/** Lets each API of the default account and region call the function; the statement is `gateway`. */
export const permissionOf = (FunctionName: string): AddPermissionCommand =>
  new AddPermissionCommand({
    FunctionName,
    StatementId: "gateway",
    Action: "lambda:InvokeFunction",
    Principal: "apigateway.amazonaws.com",
    SourceArn: "arn:aws:execute-api:us-east-1:000000000000:*/*",
  });
