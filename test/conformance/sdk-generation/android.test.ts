// The Android SDK: compiled against the few declarations of AWS's Mobile SDK and of Gson that it names, and read by
// reflection as AWS's ApiClientFactory reads it. The library itself is from Maven Central, and needs Android to run.
import assert from "node:assert/strict";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { GetSdkTypeCommand } from "@aws-sdk/client-api-gateway";
import { run, tool } from "../../tool.ts";
import { refuses } from "../sdk/sdk-client.ts";
import { serveCalculator } from "./generated-sdk.ts";

const suite = serveCalculator();
const java = tool("javac", ["-version"], false);

const parameters = {
  groupId: "com.mycompany",
  invokerPackage: "com.mycompany.clientsdk",
  artifactId: "aws-apigateway-api-sdk",
  artifactVersion: "1.0.0",
};

const annotated = (name: string, target: string, members: string): string => `
package com.amazonaws.mobileconnectors.apigateway.annotation;
import java.lang.annotation.*;
@Retention(RetentionPolicy.RUNTIME) @Target(ElementType.${target}) public @interface ${name} { ${members} }`;

const library: Readonly<Record<string, string>> = {
  "com/amazonaws/mobileconnectors/apigateway/annotation/Service.java": annotated(
    "Service",
    "TYPE",
    "String endpoint();",
  ),
  "com/amazonaws/mobileconnectors/apigateway/annotation/Operation.java": annotated(
    "Operation",
    "METHOD",
    "String path(); String method();",
  ),
  "com/amazonaws/mobileconnectors/apigateway/annotation/Parameter.java": annotated(
    "Parameter",
    "PARAMETER",
    "String name(); String location();",
  ),
  "com/amazonaws/mobileconnectors/apigateway/ApiRequest.java":
    "package com.amazonaws.mobileconnectors.apigateway; public class ApiRequest {}",
  "com/amazonaws/mobileconnectors/apigateway/ApiResponse.java":
    "package com.amazonaws.mobileconnectors.apigateway; public class ApiResponse {}",
  "com/google/gson/annotations/SerializedName.java": `
    package com.google.gson.annotations;
    import java.lang.annotation.*;
    @Retention(RetentionPolicy.RUNTIME) @Target(ElementType.FIELD) public @interface SerializedName { String value(); }`,
};

/** Prints what the factory sees of an interface: a line for each method. */
const reader = `
import com.amazonaws.mobileconnectors.apigateway.annotation.*;
import java.lang.reflect.*;
import java.util.*;
public class Reader {
    public static void main(String[] args) throws Exception {
        Class<?> client = Class.forName(args[0]);
        List<String> lines = new ArrayList<>();
        for (Method method : client.getMethods()) {
            Operation operation = method.getAnnotation(Operation.class);
            if (operation == null) continue;
            StringJoiner taken = new StringJoiner(" ");
            for (java.lang.reflect.Parameter one : method.getParameters()) {
                com.amazonaws.mobileconnectors.apigateway.annotation.Parameter place =
                    one.getAnnotation(com.amazonaws.mobileconnectors.apigateway.annotation.Parameter.class);
                taken.add(place == null ? "body:" + one.getType().getSimpleName() : place.location() + ":" + place.name());
            }
            lines.add(method.getName() + " " + operation.method() + " " + operation.path() + " (" + taken + ") "
                + method.getReturnType().getSimpleName());
        }
        Collections.sort(lines);
        System.out.println(client.getAnnotation(Service.class).endpoint());
        for (String line : lines) System.out.println(line);
    }
}`;

test("the Android SDK compiles without a warning, and AWS's factory can read its operations", java, async () => {
  const folder = await suite.unpack("android", parameters);
  for (const [name, text] of Object.entries({ ...library, "Reader.java": reader })) {
    mkdirSync(dirname(join(folder, "library", name)), { recursive: true });
    writeFileSync(join(folder, "library", name), text);
  }
  const sources = globSync("src/main/java/**/*.java", { cwd: folder });
  const classes = join(folder, "classes");
  const flags = ["-encoding", "UTF-8", "-d", classes];
  const own = globSync("library/**/*.java", { cwd: folder });
  assert.equal((await run("javac", [...flags, ...own], { cwd: folder })).status, 0);
  const sdk = ["--release", "8", "-Xlint:all,-options", "-Werror", "-cp", classes, ...flags, ...sources];
  const ran = await run("javac", sdk, { cwd: folder });
  assert.equal(ran.status, 0, ran.stderr);
  const client = sources.find((path) => path.endsWith("Client.java")) ?? assert.fail(sources.join(" "));
  const name = client.slice("src/main/java/".length, -".java".length).replaceAll("/", ".");
  assert.match(name, /^com\.mycompany\.clientsdk\.[A-Za-z]+Client$/);
  const seen = await run("java", ["-cp", classes, "Reader", name]);
  const [endpoint, ...operations] = seen.stdout.trim().split("\n");
  assert.equal(endpoint, `${suite.url}/_aws/execute-api/${suite.apiId}/demo`);
  assert.deepEqual(operations, [
    "aBOpGet GET /{a}/{b}/{op} (path:a path:b path:op) Result",
    "filesProxyGet GET /files/{proxy+} (path:proxy) void",
    "petsGet GET /pets (query:type query:page header:X-Trace) Object",
    "petsPetIdDelete DELETE /pets/{petId} (path:petId) void",
    "petsPetIdGet GET /pets/{petId} (path:petId) Pet",
    "petsPost POST /pets (body:Pet) Pet",
    "photoGet GET /photo () Object",
    "photoPatch PATCH /photo () void",
    "photoPut PUT /photo () Object",
    "rootGet GET / (query:a query:b query:op) Result",
    "rootPost POST / (body:Input) Result",
    "slowGet GET /slow () void",
  ]);
});

test("the project is built by Maven as its parameters say, from AWS's libraries", async () => {
  const folder = await suite.unpack("android", parameters);
  const pom = readFileSync(join(folder, "pom.xml"), "utf8").replaceAll(/\s/g, "");
  const { groupId, artifactId, artifactVersion } = parameters;
  assert.ok(
    pom.includes(
      `<groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${artifactVersion}</version>`,
    ),
  );
  for (const needed of ["aws-android-sdk-core", "aws-android-sdk-apigateway-core", "gson"]) {
    assert.ok(pom.includes(`<artifactId>${needed}</artifactId>`), needed);
  }
});

// AWS: API Gateway REST API reference, "GetSdk": the four are required.
test("GetSdkType has Android's parameters, and GetSdk refuses to go without", async () => {
  const { configurationProperties = [] } = await suite.client.send(new GetSdkTypeCommand({ id: "android" }));
  assert.deepEqual(
    configurationProperties.map(({ name, required }) => [name, required]),
    ["groupId", "invokerPackage", "artifactId", "artifactVersion"].map((name) => [name, true]),
  );
  for (const name of Object.keys(parameters)) {
    const words = `Missing required parameter for SDK type android: ${name}`;
    await refuses(suite.unpack("android", { ...parameters, [name]: "" }), "BadRequestException", 400, words);
    const wrong = new RegExp(`^Invalid value for parameter ${name}: must be `);
    await refuses(suite.unpack("android", { ...parameters, [name]: "../x" }), "BadRequestException", 400, wrong);
  }
});
