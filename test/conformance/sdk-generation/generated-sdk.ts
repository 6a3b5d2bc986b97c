// What the tests of generated SDKs share: a served API, and SDKs of it, unpacked.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before } from "node:test";
import {
  APIGatewayClient,
  CreateDeploymentCommand,
  GetSdkCommand,
  ImportRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import { unzipSync } from "fflate";
import { startPortico } from "../../portico.ts";
import { run } from "../../tool.ts";
import { makeClient } from "../sdk/sdk-client.ts";
import { type Backend, calculatorDocument, photo, startBackend } from "./calculator.ts";
import { hasGoodSignature, type Recorder, startRecorder } from "./recorder.ts";

export interface CalculatorSuite {
  readonly url: string;
  readonly apiId: string;
  readonly client: APIGatewayClient;
  readonly recorder: Recorder;
  readonly backend: Backend;
  /** Asks for an SDK and unpacks it; answers the folder of its files. */
  unpack(sdkType: string, parameters?: Record<string, string>): Promise<string>;
}

/** Serves the calculator before the suite, and stops it after. */
export function serveCalculator(): CalculatorSuite {
  const folder = mkdtempSync(join(tmpdir(), "portico-sdk-"));
  let suite: CalculatorSuite;
  const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  before(async () => {
    const backend = await startBackend();
    closing.push(() => backend.close());
    const portico = await startPortico();
    closing.push(() => portico.stop());
    const recorder = await startRecorder(portico.url);
    closing.push(() => recorder.close());
    // By way of the recorder, which is where the SDKs then call.
    const client = makeClient(APIGatewayClient, recorder);
    closing.push(() => client.destroy());
    const body = Buffer.from(JSON.stringify(calculatorDocument(backend.url)));
    const { id: restApiId = "" } = await client.send(new ImportRestApiCommand({ body }));
    await client.send(new CreateDeploymentCommand({ restApiId, stageName: "demo" }));
    suite = {
      url: recorder.url,
      apiId: restApiId,
      client,
      recorder,
      backend,
      async unpack(sdkType, parameters = {}) {
        const command = new GetSdkCommand({ restApiId, stageName: "demo", sdkType, parameters });
        const { body: archive } = await client.send(command);
        assert(archive);
        const target = mkdtempSync(join(folder, `${sdkType}-`));
        return join(target, unpackZip(archive, target));
      },
    };
  });
  after(async () => {
    for (const close of closing.toReversed()) await close();
  });
  return new Proxy({} as CalculatorSuite, { get: (_, name) => Reflect.get(suite, name) });
}

/** Writes the archive's files below a folder; answers the one folder that they are in. */
export function unpackZip(archive: Uint8Array, target: string): string {
  const entries = Object.entries(unzipSync(archive));
  for (const [path, bytes] of entries) {
    assert(!path.split("/").includes("..") && !path.startsWith("/"), path);
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), bytes);
  }
  const folders = new Set(entries.map(([path]) => path.split("/")[0]!));
  assert.equal(folders.size, 1);
  return [...folders][0]!;
}

const secretKey = "secret/+=";

/** The signed requests since the last call of this: each must have a good signature. */
export function assertSigned({ recorder }: CalculatorSuite, count: number, region: string): void {
  const signed = recorder.signed.splice(0);
  assert.equal(signed.length, count);
  for (const request of signed) {
    assert.ok(hasGoodSignature(request, secretKey), `${request.method} ${request.target}`);
    const authorization = request.headers["authorization"] ?? "";
    assert.match(authorization, new RegExp(`Credential=AKIDSDK/\\d{8}/${region}/execute-api/aws4_request`));
    assert.equal(request.headers["x-amz-security-token"], "token/+=");
    for (const name of ["host", "x-amz-date", "x-amz-security-token"]) {
      assert.match(authorization, new RegExp(`SignedHeaders=\\S*\\b${name}\\b`));
    }
  }
}

/** What every language's exercise sends as a pet, and sees again with an id. */
const pet = {
  name: "Rex",
  kind: 'dog\'s "friend"',
  weight: 1.5,
  isTame: false,
  tags: ["a"],
  friends: [{ name: "Tom" }],
  owner: { name: "Ann", "e-mail": "a@b" },
  scores: { x: 1 },
  class: "c",
  end: "e",
  größe: "ß",
  anything: { free: [1, null] },
};

/** Runs a language's exercise with the SDK, and holds what it saw against what the API got and gave. */
export async function assertExercise(suite: CalculatorSuite, command: string, args: readonly string[]): Promise<void> {
  const ran = await run(command, args);
  assert.deepEqual([ran.status, ran.stderr], [0, ""]);
  const seen = JSON.parse(ran.stdout);
  assert.deepEqual([seen.sum, seen.product], [3, 42]);
  // The gateway gives a path parameter on as it came.
  assert.equal(decodeURIComponent(seen.inPath), "ä /?&%+ '()!");
  assert.deepEqual(seen.created, [201, "/pets/7", { ...pet, id: 7 }]);
  const query = Object.fromEntries(new URL(seen.echo.target, suite.url).searchParams);
  assert.deepEqual(query, { type: "a b&c=d/é", page: "2", z: "*'()!", y: "" });
  const { headers } = seen.echo;
  assert.deepEqual([headers["x-trace"], headers["x-more"], headers["x-api-key"]], ["t 1", "more", "key-1"]);
  assert.equal(seen.signedBody, "ü");
  assert.deepEqual(seen.put, ["image/png", "AP+JCg=="]);
  assert.equal(seen.photo, photo.toString("base64"));
  assert.equal(seen.file, "/echo/a/b%20c/%C3%BC.txt");
  assert.deepEqual(seen.error404, [404, 17, "no such pet", "gone"]);
  assert.deepEqual(seen.error500, [500, "plainly wrong"]);
  assert.equal(seen.dots, 'petId must not be ".."');
  assert.deepEqual([seen.timeout, seen.unreachable], [true, true]);
  assertSigned(suite, 4, "eu-west-1");
}
