import { bounds } from "../../base/bounds.ts";
import { isObject, type JsonObject } from "../../base/json-object.ts";
import { listMember, member, membersOf, objectMember, scalarText } from "../json-value.ts";
import { followReference } from "../references.ts";
import { type MockFunctionFiles, mockFunctionFiles } from "./mock-function.ts";
import { echoTemplate, type MockAnswer, type MockBody, type MockExample, mockIntegration } from "./mock-integration.ts";
import { SchemaExamples } from "./schema-example.ts";

export interface MockedDocument {
  readonly document: JsonObject;
  /** The operations that are mocked: `GET /pets`, `ANY /things`. */
  readonly mocked: ReadonlySet<string>;
  /** The files of the function that answers for an HTTP API; absent for a REST API, and if nothing is mocked. */
  readonly functionFiles?: MockFunctionFiles;
}

const integrationExtension = "x-amazon-apigateway-integration";
const responsesExtension = "x-amazon-apigateway-gateway-responses";
const corsExtension = "x-amazon-apigateway-cors";
const anyMethod = "x-amazon-apigateway-any-method";
const verbs = ["get", "head", "post", "put", "patch", "delete", anyMethod];
/**
 * AWS: "Amazon API Gateway quotas and important notes", mapping template size; a template also has some text of its
 * own.
 */
const bodyBytesMax = bounds.mockBodyBytesMax.value;

/**
 * Returns a document (OpenAPI 3, Swagger 2.0) in which each operation without an integration has a MOCK one. It answers
 * with the document's examples or, without any, with values made from its schemas, and pages of other origins may call
 * it. Mocked operations need no key and no token. Everything else stays as it was. HTTP APIs have no MOCK: with a
 * function's ARN they get that function in its place, and the document gets a CORS configuration.
 */
export function mockDocument(document: JsonObject, functionArn?: string): MockedDocument {
  const mocking = new DocumentMocker(document, functionArn);
  const paths = membersOf(document["paths"]).map(([path, item]): [string, unknown] => [path, mocking.path(path, item)]);
  if (mocking.mocked.size === 0) return { document, mocked: mocking.mocked };
  // The examples are in the answers now, and the import does not read them, so the document can do without.
  const { examples: _, ...components } = objectMember(document, "components") ?? {};
  if (functionArn !== undefined) {
    return {
      document: { [corsExtension]: openCors, ...document, paths: Object.fromEntries(paths) },
      mocked: mocking.mocked,
      functionFiles: mockFunctionFiles(mocking.answers),
    };
  }
  return {
    document: {
      ...document,
      ...(document["components"] !== undefined && { components }),
      paths: Object.fromEntries(paths),
      [responsesExtension]: { ...openedResponses, ...objectMember(document, responsesExtension) },
    },
    mocked: mocking.mocked,
  };
}

interface Place {
  readonly verb: string;
  readonly path: string;
}

const allowOrigin = "Access-Control-Allow-Origin";

/** Fetch Standard, "CORS protocol and HTTP caches": `*` stands for all headers but Authorization. */
const openCors = { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*", "authorization"], maxAge: 600 };

/** So that pages can read the gateway's errors. */
const openedResponses = Object.fromEntries(
  ["DEFAULT_4XX", "DEFAULT_5XX"].map((type) => [
    type,
    { responseParameters: { [`gatewayresponse.header.${allowOrigin}`]: "'*'" } },
  ]),
);

class DocumentMocker {
  readonly mocked = new Set<string>();
  /** The answers of mocked operations, by route key. */
  readonly answers = new Map<string, readonly MockAnswer[]>();
  readonly #functionArn: string | undefined;
  readonly #document: JsonObject;
  readonly #isSwagger: boolean;
  readonly #examples: SchemaExamples;
  /**
   * Paths with preflights, without the names of their variables: with `--profile relaxed` paths that differ only in
   * those are one resource.
   */
  readonly #opened = new Set<string>();

  constructor(document: JsonObject, functionArn: string | undefined) {
    this.#functionArn = functionArn;
    this.#document = document;
    this.#isSwagger = document["swagger"] !== undefined;
    this.#examples = new SchemaExamples({ document, side: "response" });
  }

  path(path: string, given: unknown): unknown {
    const item = followReference(this.#document, given);
    if (!isObject(item) || !path.startsWith("/")) return given;
    const made: Record<string, unknown> = { ...item };
    let isMocked = false;
    for (const verb of verbs) {
      const operation = item[verb];
      if (!isObject(operation) || operation[integrationExtension] !== undefined) continue;
      made[verb] = this.#operation(operation, { verb, path });
      isMocked = true;
      this.mocked.add(this.#keyOf({ verb, path }));
    }
    const own = item["options"];
    const isAnswered = isObject(own) && own[integrationExtension] !== undefined;
    // A mocked ANY would also answer the preflight, but not as one.
    if (this.#functionArn !== undefined) {
      // The gateway answers preflights, and a route without an integration would stand in its way.
      if (!isAnswered) delete made["options"];
      return made;
    }
    const shape = path.replaceAll(/\{[^}]*\}/g, "{}");
    if (isMocked && !isAnswered && !this.#opened.has(shape)) {
      this.#opened.add(shape);
      made["options"] = { ...(isObject(own) && own), ...this.#preflight() };
    }
    return made;
  }

  #keyOf({ verb, path }: Place): string {
    if (this.#functionArn !== undefined && path === "/$default") return "$default";
    return `${verb === anyMethod ? "ANY" : verb.toUpperCase()} ${path}`;
  }

  #operation(operation: JsonObject, place: Place): JsonObject {
    const answers = this.#answers(operation, place);
    if (this.#functionArn !== undefined) return this.#functionOperation(operation, place, answers);
    return {
      ...operation,
      // The keys and tokens of a design don't exist yet.
      security: [],
      responses: Object.fromEntries(
        answers.map(({ answer, source }) => [answer.statusCode, this.#response(source, answer)]),
      ),
      [integrationExtension]: mockIntegration(
        answers.map(({ answer }) => answer),
        this.#requestMediaTypes(operation),
      ),
    };
  }

  /** The gateway writes the headers of CORS. */
  #functionOperation(
    operation: JsonObject,
    place: Place,
    answers: readonly { readonly answer: MockAnswer }[],
  ): JsonObject {
    const bare = answers.map(({ answer: { headers, ...answer } }): MockAnswer => {
      const { [allowOrigin]: _, ...others } = headers;
      return { ...answer, headers: others };
    });
    this.answers.set(this.#keyOf(place), bare);
    return {
      ...operation,
      security: [],
      [integrationExtension]: { type: "aws_proxy", uri: this.#functionArn, payloadFormatVersion: "2.0" },
    };
  }

  /** Returns the response with every header of its answer. */
  #response(source: JsonObject, { headers }: MockAnswer): JsonObject {
    const declared = Object.fromEntries(membersOf(source["headers"]).filter(([name]) => Object.hasOwn(headers, name)));
    const { examples: _, schema, ...response } = source;
    // Swagger's type for files is not JSON Schema, and AWS refuses it in a model.
    const isFile = member(followReference(this.#document, schema), "type") === "file";
    return {
      ...response,
      ...(schema !== undefined && !isFile && { schema }),
      headers: { ...declared, [allowOrigin]: this.#textHeader() },
    };
  }

  #textHeader = (): JsonObject => (this.#isSwagger ? { type: "string" } : { schema: { type: "string" } });

  /** Returns the answers of an operation, the default one first. */
  #answers(operation: JsonObject, place: Place): { readonly answer: MockAnswer; readonly source: JsonObject }[] {
    const responses = new Map<string, JsonObject>();
    const written = membersOf(operation["responses"]).filter(([code]) => !code.startsWith("x-"));
    const sources = written.map(([code, response]): [string, JsonObject] => {
      const source = followReference(this.#document, response);
      return [code, isObject(source) ? source : {}];
    });
    for (const [code, source] of sources) if (/^[2-5]\d\d$/.test(code)) responses.set(code, source);
    // A method response has one status, so a response for many gets the first of them.
    for (const [code, source] of sources) {
      const first = /^[2-5]XX$/i.test(code) ? `${code[0]}00` : undefined;
      if (first !== undefined && !responses.has(first)) responses.set(first, source);
    }
    const hasSuccess = [...responses.keys()].some((code) => code.startsWith("2"));
    const others = sources.find(([code]) => code === "default")?.[1];
    const codeOfOthers = hasSuccess ? "500" : "200";
    if (others !== undefined && !responses.has(codeOfOthers)) responses.set(codeOfOthers, others);
    // A mock that can only fail would be useless.
    if (![...responses.keys()].some((code) => code < "400")) responses.set("200", { description: "Not described" });
    return [...responses]
      .sort(([one], [other]) => Number(one) - Number(other))
      .map(([statusCode, source]) => ({ source, answer: this.#answer(statusCode, source, operation, place) }));
  }

  #answer(statusCode: string, source: JsonObject, operation: JsonObject, { verb, path }: Place): MockAnswer {
    const isEmpty = verb === "head" || statusCode === "204" || statusCode === "205" || statusCode === "304";
    return {
      statusCode,
      headers: { ...this.#headers(source), [allowOrigin]: "*" },
      bodies: isEmpty ? [] : this.#bodies(source, operation, path),
    };
  }

  #headers(source: JsonObject): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [name, given] of membersOf(source["headers"])) {
      const header = followReference(this.#document, given);
      if (!isObject(header) || !/^[\w-]+$/.test(name) || /^(content-.*|access-control-allow-origin)$/i.test(name))
        continue;
      const value = this.#valuesOf(header)[0]?.value ?? this.#examples.of(header["schema"] ?? header);
      const text = Array.isArray(value) ? value.map(String).join(",") : scalarText(value);
      if (text !== undefined && /^[ -~]{1,1000}$/.test(text)) headers[name] = text;
    }
    return headers;
  }

  #bodies(source: JsonObject, operation: JsonObject, path: string): readonly MockBody[] {
    const contents = this.#isSwagger ? this.#swaggerContents(source, operation) : membersOf(source["content"]);
    const bodies = contents.flatMap(([mediaType, content]) => this.#body(mediaType, content, path));
    // JSON comes first, since most callers want it, then types that a value can be made for.
    return bodies.sort((one, other) => rankOf(one) - rankOf(other));
  }

  /** Returns Swagger's bodies in OpenAPI 3's form. */
  #swaggerContents(source: JsonObject, operation: JsonObject): [string, JsonObject][] {
    const { schema } = source;
    const examples = objectMember(source, "examples") ?? {};
    const own = listMember(operation, "produces");
    const produced = own.length > 0 ? own : listMember(this.#document, "produces");
    const types = new Set([...produced.flatMap((type) => scalarText(type) ?? []), ...Object.keys(examples)]);
    if (types.size === 0) types.add("application/json");
    if (schema === undefined && Object.keys(examples).length === 0) return [];
    return [...types].map((type) => [
      type,
      { schema, ...(Object.hasOwn(examples, type) && { example: examples[type] }) },
    ]);
  }

  #body(mediaType: string, given: unknown, path: string): MockBody[] {
    const content = followReference(this.#document, given);
    if (!isObject(content)) return [];
    const type = concreteType(mediaType);
    const isJson = /[/+]json\b/i.test(type);
    let bytes = 0;
    const written = this.#valuesOf(content).flatMap(({ name, value }) => {
      const text = isJson && !(typeof value === "string" && isJsonText(value)) ? JSON.stringify(value) : asText(value);
      bytes += Buffer.byteLength(text ?? "");
      return text === undefined || bytes > bodyBytesMax ? [] : [{ name, text }];
    });
    const examples = written.length > 0 ? written : [this.#made(content["schema"], { type, isJson, path })];
    return [{ mediaType: type, examples }];
  }

  /** Makes a value from a schema; not for XML, forms and pictures, which have formats of their own. */
  #made(schema: unknown, { type, isJson, path }: { type: string; isJson: boolean; path: string }): MockExample {
    const isText = /^text\/(?!xml)/i.test(type);
    const value = schema !== undefined && (isJson || isText) ? this.#examples.of(schema) : undefined;
    const text = (isJson ? JSON.stringify(value) : scalarText(value)) ?? "";
    if (Buffer.byteLength(text) > bodyBytesMax) return { name: undefined, text: "" };
    const template = isJson && isObject(value) ? echoTemplate(value, path) : undefined;
    return { name: undefined, text, ...(template !== undefined && { template }) };
  }

  /** Returns the examples of a media type, header or parameter, with their names. */
  #valuesOf(holder: JsonObject): readonly { readonly name: string | undefined; readonly value: unknown }[] {
    if (Object.hasOwn(holder, "example")) return [{ name: undefined, value: holder["example"] }];
    if (Object.hasOwn(holder, "x-example")) return [{ name: undefined, value: holder["x-example"] }];
    // A list is against the specification, although the specification's own samples have one.
    const listed = listMember(holder, "examples").map((value) => ({ name: undefined, value }));
    if (listed.length > 0) return listed;
    return membersOf(holder["examples"]).flatMap(([name, given]) => {
      const example = followReference(this.#document, given);
      return isObject(example) && Object.hasOwn(example, "value") ? [{ name, value: example["value"] }] : [];
    });
  }

  #requestMediaTypes(operation: JsonObject): readonly string[] {
    const body = followReference(this.#document, operation["requestBody"]);
    const consumed = [...listMember(operation, "consumes"), ...listMember(this.#document, "consumes")];
    const types = [
      ...Object.keys(objectMember(body, "content") ?? {}),
      ...consumed.flatMap((type) => scalarText(type) ?? []),
    ];
    return types.filter((type) => !type.includes("*")).map((type) => type.replace(/;.*$/s, "").trim().toLowerCase());
  }

  /** Fetch Standard, "CORS protocol and HTTP caches": `*` stands for all headers but Authorization. */
  #preflight(): JsonObject {
    const headers = {
      [allowOrigin]: "*",
      "Access-Control-Allow-Methods": "*",
      "Access-Control-Allow-Headers": "*,Authorization",
      "Access-Control-Max-Age": "600",
    };
    return {
      security: [],
      responses: {
        200: {
          description: "What pages of other origins may send",
          headers: Object.fromEntries(Object.keys(headers).map((name) => [name, this.#textHeader()])),
        },
      },
      [integrationExtension]: mockIntegration([{ statusCode: "200", headers, bodies: [] }], []),
    };
  }
}

const rankOf = ({ mediaType, examples }: MockBody): number => {
  if (mediaType === "application/json") return 0;
  if (/\+json\b/.test(mediaType)) return 1;
  return examples[0]?.text === "" ? 3 : 2;
};

/** Returns a media type that can be sent, for a range such as `image/*`. */
function concreteType(mediaType: string): string {
  const type = mediaType.trim();
  if (type === "*/*" || type === "application/*" || type === "") return "application/json";
  if (type === "text/*") return "text/plain";
  return type.replace(/^image\/\*/, "image/png").replace(/\/\*/, "/octet-stream");
}

function asText(value: unknown): string | undefined {
  return scalarText(value) ?? (value === null || value === undefined ? "" : JSON.stringify(value));
}

/** Documents also write examples of JSON as text. */
function isJsonText(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
