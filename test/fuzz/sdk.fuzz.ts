// APIs whose authors named things as badly as they could: the SDKs generated from them are code that their languages take.
import assert from "node:assert/strict";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { unzipSync } from "fflate";
import type { Method, RestApiDefinition } from "../../src/definition/rest-api.ts";
import { generateSdk } from "../../src/sdk/generate-sdk.ts";
import { readSdkParameters, sdkTypes } from "../../src/sdk/sdk-types.ts";
import { problemOfIosText } from "../ios-text.ts";
import { below, chance, pick, seed } from "../random.ts";
import { run, tool } from "../tool.ts";
import { random } from "./from-models.ts";

const root = join(import.meta.dirname, "..", "..");
const count = 3;

/** Words that mean something to a language or its libraries, and what ends literals, comments and lines. */
const strange = [
  ..."class def end new return function var let await async yield None True nil self this super import package".split(
    " ",
  ),
  ..."String Object Integer List Map Optional Error Promise Request Response Array Symbol Record Any dict str".split(
    " ",
  ),
  ..."get set getClass setX x X getX hashCode equals toString clone wait notify value members operation answers".split(
    " ",
  ),
  ..."constructor prototype __proto__ hasOwnProperty then body options params models errors runtime typing".split(" "),
  ..."send method hash inspect initialize object_id raise to_h to_s client request call builder shutdown".split(" "),
  ..."sdkRequestConfig sdkResponseMetadata status_code raw_body THE_BODY value_of java com example Types".split(" "),
  "",
  " ",
  "a b",
  "a-b",
  "a_b",
  "aB",
  "A",
  "a",
  "1st",
  "größe",
  "日本",
  "🦖",
  "\u202e",
  "\ud800",
  '"',
  "'",
  "`",
  '"""',
  "*/ x",
  "/* x",
  "// x",
  "# {x}",
  "#{raise}",
  "${x}",
  "\\",
  "\\u000a",
  "\\uXYZ",
  "\n",
  "\r\nclass X",
  "\u2028",
  "\u0085",
  "\0",
  "\x7f",
  "</script>",
  "{{x}}",
  "%{x}",
  "=begin",
  "__END__",
  "x".repeat(400),
];

const text = (): string => pick(random, strange) + (chance(random, 0.2) ? pick(random, strange) : "");

const modelNames =
  "String Object Pet pet PET Error Empty Result Input None nil Class java Request1 Structure N1 u65e5 Runtime".split(
    " ",
  );

function schema(depth: number): unknown {
  const kind = below(random, depth > 3 ? 6 : 11);
  const description = chance(random, 0.5) ? { description: text() } : {};
  switch (kind) {
    case 0:
      return { type: "string", ...description };
    case 1:
      return { type: "string", enum: [...new Set([text(), text()])] };
    case 2:
      return { type: pick(random, ["number", "integer", "boolean", "null"]), ...description };
    case 3:
      return { type: "integer", format: "int64" };
    case 4:
      return { $ref: pick(random, ["#", "#/properties/a", "#/definitions/x", "#/no/such", "elsewhere.json"]) };
    case 5:
      return { $ref: `https://apigateway.amazonaws.com/restapis/a/models/${pick(random, modelNames)}` };
    case 6:
      return { type: "array", items: chance(random, 0.8) ? schema(depth + 1) : [schema(depth + 1)] };
    case 7:
      return { type: "object", additionalProperties: chance(random, 0.5) ? schema(depth + 1) : false };
    case 8:
      return { allOf: [schema(depth + 1), schema(depth + 1)], ...description };
    case 9:
      return { oneOf: [schema(depth + 1)] };
    default:
      return structure(depth, 1 + below(random, 6));
  }
}

const structure = (depth: number, members: number): unknown => ({
  type: "object",
  description: text(),
  required: [text()],
  definitions: { x: depth > 2 ? {} : schema(depth + 1) },
  properties: Object.fromEntries(Array.from({ length: members }, () => [text(), schema(depth + 1)])),
});

function method(httpMethod: string, path: string): Method {
  const parameters = Array.from({ length: below(random, 6) }, () => {
    const name = pick(random, [
      "id",
      "body",
      "self",
      "class",
      "X-Header",
      "x_header",
      "a.b",
      "options",
      "1",
      "$x",
      "-",
    ]);
    return [`method.request.${pick(random, ["querystring", "header"])}.${name}`, chance(random, 0.5)];
  });
  const models = (): Record<string, string> =>
    chance(random, 0.5)
      ? { [pick(random, ["application/json", "image/png", "a/b*/\n"])]: pick(random, modelNames) }
      : {};
  return {
    httpMethod,
    authorizationType: "NONE",
    apiKeyRequired: false,
    ...(chance(random, 0.6) && { operationName: text() }),
    requestParameters: Object.fromEntries([
      ...parameters,
      ...Array.from(path.matchAll(/\{(\w+)/g), ([, name]) => [`method.request.path.${name}`, true]),
    ]),
    requestModels: models(),
    methodResponses: Object.fromEntries(
      ["200", "201", "302", "400", "404", "500"]
        .filter(() => chance(random, 0.5))
        .map((statusCode) => [
          statusCode,
          {
            statusCode,
            responseModels: models(),
            responseParameters: {
              [`method.response.header.${pick(random, ["Location", "class", "Data", "1-x"])}`]: true,
            },
          },
        ]),
    ),
  };
}

function definition(index: number): RestApiDefinition {
  const paths = [
    "/",
    "/a-b",
    "/a_b",
    "/a.b",
    "/{id}",
    "/{body}/{self}",
    "/{class}/{proxy+}",
    "/1st",
    "/:x",
    "/String",
    "/get",
  ];
  // One has a member, and an operation, for every strange word.
  const all = { type: "object", properties: Object.fromEntries(strange.map((name) => [name, schema(3)])) };
  return {
    restApi: { id: "api", name: text(), description: text() } as RestApiDefinition["restApi"],
    resources: [
      ...paths.map((path, id) => ({
        id: String(id),
        path,
        resourceMethods: Object.fromEntries(
          ["GET", "POST", "PATCH", "OPTIONS", "ANY"].map((verb) => [verb, method(verb, path)]),
        ),
      })),
      ...(index === 0 ? strange : []).map((operationName, id) => ({
        id: `s${id}`,
        path: `/s/${id}`,
        resourceMethods: { GET: { ...method("GET", ""), operationName } },
      })),
    ],
    models: modelNames.map((name, id) => ({
      id: String(id),
      name,
      contentType: "application/json",
      schema: JSON.stringify(index === 0 && name === "Pet" ? all : id % 3 === 0 ? schema(0) : structure(0, 4)),
    })),
    authorizers: [],
    requestValidators: [],
    gatewayResponses: [],
  } as unknown as RestApiDefinition;
}

const services = ["String", "Client", "Types", "Errors", "Runtime", "Pet", "java", "Exception", "class"];
const packages = ["pet.x", "java1", "members.a", "value.String", "model", "sender", "request.value", "_a.b1"];
const folder = mkdtempSync(join(tmpdir(), "portico-fuzz-sdk-"));
const folders: Record<string, string[]> = {};

before(() => {
  for (let index = 0; index < count; index++) {
    const api = definition(index);
    for (const type of sdkTypes) {
      const parameters = {
        "service.name": pick(random, services),
        "java.package-name": `${pick(random, packages)}.sdk${index}`,
        "java.license-text": text(),
        "ruby.gem-name": `gem${index}`,
        "python.package-name": `package${index}`,
        groupId: "sdk.fuzz",
        invokerPackage: `${pick(random, packages)}.android${index}`,
        artifactId: `android${index}`,
        artifactVersion: "1.0.0",
        classPrefix: `X${index}`,
      };
      const archive = generateSdk(api, {
        sdkType: type.id,
        parameters: readSdkParameters(type, parameters),
        invokeUrl: "http://127.0.0.1:1/x",
        region: "us-east-1",
        generatedAt: 1_700_000_000_000,
      });
      const target = join(folder, type.id, String(index));
      const entries = Object.entries(unzipSync(archive));
      for (const [path, bytes] of entries) {
        assert.ok(
          path.split("/").every((part) => part.length < 200 && part !== ".."),
          path,
        );
        mkdirSync(dirname(join(target, path)), { recursive: true });
        writeFileSync(join(target, path), bytes);
      }
      folders[type.id] = [...(folders[type.id] ?? []), join(target, entries[0]![0].split("/")[0]!)];
    }
  }
});
after(() => rmSync(folder, { recursive: true, force: true }));

const named = (language: string): string => `fuzz: ${language} SDKs of strange APIs (PORTICO_FUZZ_SEED=${seed})`;

test(named("JavaScript"), async () => {
  const check = `for (const folder of process.argv.slice(1)) {
    const client = require(folder + "/apigClient.js").newClient({});
    if (Object.keys(client).length < 44) throw new Error(Object.keys(client).join());
  }`;
  const ran = await run(process.execPath, ["-e", check, ...folders["javascript"]!]);
  assert.equal(ran.status, 0, ran.stderr);
});

test(named("TypeScript"), async () => {
  const sources = [...folders["typescript"]!, ...folders["javascript"]!].flatMap((one) =>
    globSync("{src/client.ts,apigClient.d.ts}", { cwd: one }).map((file) => join(one, file)),
  );
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { compilerOptions } = JSON.parse(readFileSync(join(folders["typescript"]![0]!, "tsconfig.json"), "utf8"));
  const { rootDir, outDir, declaration, ...options } = compilerOptions;
  const config = { compilerOptions: { ...options, noEmit: true, types: [] }, files: sources };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const ran = await run(process.execPath, [tsc, "-p", folder]);
  assert.equal(ran.status, 0, ran.stdout.slice(0, 3000));
});

test(named("Python"), tool("python3", ["--version"], true), async () => {
  const check = `
import importlib, pathlib, sys
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    package = next(path.parent.name for path in pathlib.Path(folder).glob("*/__init__.py"))
    module = importlib.import_module(package)
    client = next(value for name, value in vars(module).items() if name.endswith("Client"))()
    for model in vars(module.models).values():
        if isinstance(model, type) and issubclass(model, module.runtime.Model):
            made = model.from_dict({wire: None for wire, _ in model._members.values()})
            assert made == model() and made.to_dict() == {}, model
            assert set(model.__dataclass_fields__) == set(model._members), model
    assert len([name for name in dir(client) if not name.startswith("_")]) >= 45
`;
  const ran = await run("python3", ["-W", "error", "-c", check, ...folders["python"]!]);
  assert.equal(ran.status, 0, ran.stderr.slice(-2000));
});

test(named("Ruby"), tool("ruby", ["--version"], true), async () => {
  const check = `ARGV.each_with_index do |folder, index|
    before = Object.constants
    require "#{folder}/lib/gem#{index}.rb"
    service = Object.const_get(File.read("#{folder}/lib/gem#{index}/types.rb")[/^module (\\w+)/, 1])
    client = service::Client.new
    raise "operations" if client.operation_names.length < 44
    client.operation_names.each { |name| raise name.to_s unless client.respond_to?(name) }
    service::Types.constants.each do |name|
      type = service::Types.const_get(name)
      made = service::Runtime.decode_structure(type.shapes.to_h { |_, (wire, _)| [wire, nil] }, type)
      raise name.to_s unless made == type.new && made.to_h == {}
    end
  end`;
  for (const [index, one] of folders["ruby"]!.entries()) {
    const ran = await run("ruby", ["-w", "-e", check.replaceAll("gem#{index}", `gem${index}`), one]);
    assert.equal(ran.status, 0, ran.stderr.slice(-2000));
    assert.equal(ran.stderr, "");
  }
});

test("fuzz: SDKs of strange APIs for iOS end every literal, comment and bracket", () => {
  for (const language of ["swift", "objectivec"] as const) {
    for (const one of folders[language]!) {
      for (const file of globSync("generated-src/*.{swift,h,m}", { cwd: one })) {
        if (file.endsWith("Bridging_Header.h")) continue;
        const text = readFileSync(join(one, file), "utf8");
        assert.equal(problemOfIosText(language, text), undefined, `${language} ${file}`);
      }
    }
  }
});

test(named("Java"), tool("javac", ["-version"], false), async () => {
  // All at once: the classes of com.amazonaws are the same in each.
  const sources = folders["java"]!.slice(0, 2).flatMap((one, index) =>
    globSync("src/main/java/**/*.java", { cwd: one })
      .filter((file) => index === 0 || !file.startsWith("src/main/java/com/amazonaws/"))
      .map((file) => join(one, file)),
  );
  const list = join(folder, "java.txt");
  writeFileSync(list, sources.join("\n"));
  const lint = [
    "--release",
    "11",
    "-encoding",
    "UTF-8",
    "-Xlint:all,-serial",
    "-Werror",
    "-d",
    join(folder, "classes"),
  ];
  // Thousands of small classes: the quick compiler of a JVM that lives for seconds.
  const quick = ["-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-proc:none"];
  const ran = await run("javac", [...quick, ...lint, `@${list}`]);
  assert.equal(ran.status, 0, ran.stderr.slice(0, 3000));
});
