import { encodeFieldValue, isFieldValue, isToken } from "../../base/header-field.ts";
import {
  type Method,
  type Resource,
  type RestApi,
  type RestApiDefinition,
  restKinds,
} from "../../definition/rest-api.ts";
import { httpMethods } from "../../definition/rules.ts";
import { regionalScope } from "../../families/work.ts";
import { ApiError, badRequest, notFound } from "../../protocol/errors.ts";
import type { CallContext } from "../../protocol/operation.ts";
import { requireClientCertificate } from "../apis/client-certificates.ts";
import { refuseForeignRole } from "../apis/pass-role.ts";
import { readDefinition } from "./definition-documents.ts";
import { restApis } from "./rest-apis.ts";
import { operations, type RestOperations, spanning, type Work } from "./work.ts";

/** A test of a method as it is defined, deployed or not. */
export interface MethodTest {
  readonly definition: RestApiDefinition;
  readonly resource: Resource;
  readonly method: Method;
  /** The verb of the request. */
  readonly verb: string;
  /** The path and query of the request. */
  readonly target: string;
  /** Names and values in turn, as an HTTP client sends them. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly clientCertificateId: string | undefined;
  readonly scope: { readonly account: string; readonly region: string };
  readonly caller: TestCaller;
}

/** The caller of a test. */
export interface TestCaller {
  readonly accessKey?: string;
  readonly userAgent?: string;
  /** The user or session whose key it is; absent for the account's root. */
  readonly identity?: { readonly id: string; readonly arn: string };
}

export type TestOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** Names and values in turn. */
      readonly headers: readonly string[];
      readonly body: Uint8Array;
      readonly log: string;
      readonly latencyMs: number;
    }
  /** Too many tests are under way. */
  | { readonly kind: "busy" }
  | { readonly kind: "failed" };

/** Runs a method. The server passes this function in when it starts, because management does not know the gateway. */
export type TestInvocation = (test: MethodTest) => Promise<TestOutcome>;

/** AWS: API Gateway REST API reference, "TestInvokeMethod". */
export const testInvokeOperations = (invoke: TestInvocation): RestOperations =>
  operations({
    TestInvokeMethod: spanning(async ({ read }) => {
      // The method runs after the store was read, not while a transaction is open.
      const outcome = await invoke(await read(readTest, restApis));
      if (outcome.kind !== "answered") throw refusalOf(outcome.kind, "method");
      const { status, body, log, latencyMs } = outcome;
      return {
        status,
        body: Buffer.from(body).toString("utf8"),
        ...mapsOf(outcome.headers),
        log,
        latency: Math.round(latencyMs),
      };
    }),
  });

/** Returns the error for a test that has no outcome. */
export const refusalOf = (kind: "busy" | "failed", what: "method" | "authorizer"): ApiError =>
  kind === "busy"
    ? new ApiError("TooManyRequestsException", "Rate exceeded")
    : new ApiError("InternalFailure", `The ${what} could not be tested, or took too long.`);

async function readTest(work: Work<"TestInvokeMethod", RestApi>): Promise<MethodTest> {
  const { input, call, parent: api } = work;
  const resource = (await work.tx.get<Resource>(restKinds.resource, `${api.id}/${input.resourceId}`))?.body;
  if (resource === undefined) throw notFound("Invalid Resource identifier specified");
  const methods = resource.resourceMethods ?? {};
  const asked = input.httpMethod;
  const method = methods[asked] ?? ((httpMethods as readonly string[]).includes(asked) ? methods["ANY"] : undefined);
  if (method === undefined) throw notFound("Invalid Method identifier specified");
  const { credentials } = method.methodIntegration ?? {};
  refuseForeignRole(credentials && withVariables(credentials, input.stageVariables ?? {}), call);
  const clientCertificateId = input.clientCertificateId || undefined;
  if (clientCertificateId !== undefined) await requireClientCertificate(work.tx, clientCertificateId);
  return {
    definition: await readDefinition(work.tx, api),
    resource,
    method,
    // Unconfirmed: what AWS sends where `ANY` itself is tested; see docs/compatibility.md, "TestInvokeMethod".
    verb: asked === "ANY" ? "GET" : asked,
    target: targetOf(input.pathWithQueryString, resource.path),
    headers: headersOf(input),
    body: Buffer.from(input.body ?? ""),
    stageVariables: input.stageVariables ?? {},
    clientCertificateId,
    scope: regionalScope(call),
    caller: callerOf(call),
  };
}

/** Fills in the stage variables of credentials, as the test names them. */
export const withVariables = (credentials: string, variables: Readonly<Record<string, string>>): string =>
  credentials.replaceAll(/\$\{stageVariables\.(\w+)\}/g, (_, name: string) =>
    Object.hasOwn(variables, name) ? variables[name]! : "",
  );

export const callerOf = ({ accessKeyId, userAgent, caller }: CallContext): TestCaller => ({
  ...(accessKeyId !== undefined && { accessKey: accessKeyId }),
  ...(userAgent !== undefined && { userAgent }),
  ...(caller !== undefined && { identity: { id: caller.userId, arn: caller.arn } }),
});

/** Returns the target of a test. As observed on AWS: without a path it is the resource's own path. */
export function targetOf(pathWithQueryString: string | undefined, path: string): string {
  if (pathWithQueryString === undefined || pathWithQueryString === "") return path;
  if (pathWithQueryString.startsWith("?")) return path + pathWithQueryString;
  return pathWithQueryString.startsWith("/") ? pathWithQueryString : `/${pathWithQueryString}`;
}

/** Returns both maps as one list, as bytes in latin1, in which a pair that is in both maps appears once. */
export function headersOf({
  headers = {},
  multiValueHeaders = {},
}: Pick<Work<"TestInvokeMethod">["input"], "headers" | "multiValueHeaders">): string[] {
  const list: string[] = [];
  for (const [name, values] of Object.entries(multiValueHeaders)) for (const value of values) list.push(name, value);
  for (const [name, value] of Object.entries(headers)) {
    if (!multiValueHeaders[name]?.includes(value)) list.push(name, value);
  }
  for (let index = 0; index < list.length; index += 2) {
    if (!isToken(list[index]!)) throw badRequest(`Invalid header name specified: ${list[index]}`);
    if (!isFieldValue(list[index + 1]!)) throw badRequest(`Invalid value specified for header: ${list[index]}`);
    list[index + 1] = encodeFieldValue(list[index + 1]!);
  }
  return list;
}

/** Headers that the front end adds for a method's caller; a test does not pass through it. */
const frontEndHeaders: ReadonlySet<string> = new Set(["x-amzn-requestid", "x-amz-apigw-id", "x-portico-hint"]);

function mapsOf(list: readonly string[]): {
  headers: Record<string, string>;
  multiValueHeaders: Record<string, string[]>;
} {
  const multiValueHeaders = new Map<string, string[]>();
  // Recorded: docs/internals/aws-facts/recorded.md, row 16: a call that the gateway fails has no type of its body.
  const isFailure = list.some((name, index) => index % 2 === 0 && name.toLowerCase() === "x-amzn-errortype");
  for (let index = 0; index < list.length; index += 2) {
    const name = list[index]!;
    if (frontEndHeaders.has(name.toLowerCase())) continue;
    if (isFailure && name.toLowerCase() === "content-type") continue;
    const values = multiValueHeaders.get(name);
    if (values === undefined) multiValueHeaders.set(name, [list[index + 1]!]);
    else values.push(list[index + 1]!);
  }
  return {
    headers: Object.fromEntries([...multiValueHeaders].map(([name, values]) => [name, values.at(-1)!])),
    multiValueHeaders: Object.fromEntries(multiValueHeaders),
  };
}
