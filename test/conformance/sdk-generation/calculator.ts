import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What the API of the tests calls. */
export interface Backend {
  readonly url: string;
  /** Requests to /slow that are waiting; they are never answered. */
  readonly slow: number;
  close(): Promise<void>;
}

export const photo = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255, 254, 13, 10, 128]);

export async function startBackend(): Promise<Backend> {
  let slow = 0;
  let busy = 0;
  const server = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming);
    const url = new URL(incoming.url ?? "/", "http://backend");
    const answer = (status: number, value: unknown, headers: Record<string, string> = {}): void => {
      outgoing.writeHead(status, { "content-type": "application/json", ...headers });
      outgoing.end(JSON.stringify(value));
    };
    const [, kind, id] = url.pathname.split("/");
    if (kind === "slow") slow += 1;
    else if (kind === "pets" && incoming.method === "DELETE") outgoing.writeHead(204).end();
    // The third request of three is answered.
    else if (id === "429" && ++busy % 3 !== 0) answer(429, { message: "busy" });
    else if (kind === "calc") {
      const { a, b, op } = body.length > 0 ? JSON.parse(body.toString()) : Object.fromEntries(url.searchParams);
      const c = op === "+" || op === "add" ? Number(a) + Number(b) : op === "*" ? Number(a) * Number(b) : undefined;
      answer(200, { input: { a: Number(a), b: Number(b), op }, output: { c } });
    } else if (kind === "pets" && incoming.method === "POST") {
      answer(201, { ...JSON.parse(body.toString()), id: 7 }, { location: "/pets/7" });
    } else if (kind === "pets" && id === "404")
      answer(404, { code: 17, message: "no such pet" }, { "x-reason": "gone" });
    else if (kind === "pets" && id === "500") {
      outgoing.writeHead(500, { "content-type": "text/plain" });
      outgoing.end("plainly wrong");
    } else if (kind === "pets" && id !== undefined) answer(200, { id: Number(id), name: "Rex", unknownMember: [1] });
    else if (kind === "photo" && incoming.method === "GET") {
      outgoing.writeHead(200, { "content-type": "image/png" });
      outgoing.end(photo);
    } else {
      answer(200, {
        method: incoming.method,
        target: incoming.url,
        headers: incoming.headers,
        body: body.toString("base64"),
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get slow() {
      return slow;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Route {
  readonly method: string;
  readonly path: string;
  /** The backend's path; by default the same. */
  readonly to?: string;
  readonly query?: readonly string[];
  readonly headers?: readonly string[];
  readonly required?: readonly string[];
  readonly consumes?: readonly [type: string, model: string];
  readonly answers?: Readonly<Record<string, string>>;
  readonly answerHeaders?: readonly string[];
  readonly operationId?: string;
}

const calc = ["a", "b", "op"];

/** AWS: API Gateway developer guide, "Simple calculator API in API Gateway", and what else a client can come upon. */
const routes: readonly Route[] = [
  { method: "get", path: "/", to: "/calc", query: calc, answers: { 200: "Result" } },
  { method: "post", path: "/", to: "/calc", consumes: ["application/json", "Input"], answers: { 200: "Result" } },
  { method: "x-amazon-apigateway-any-method", path: "/{a}/{b}", to: "/echo" },
  { method: "get", path: "/{a}/{b}/{op}", to: "/calc", answers: { 200: "Result" } },
  {
    method: "get",
    path: "/pets",
    to: "/echo",
    query: ["type", "page"],
    headers: ["X-Trace"],
    operationId: "listPets",
    answers: { 200: "Empty" },
  },
  {
    method: "post",
    path: "/pets",
    consumes: ["application/json", "Pet"],
    answers: { 201: "Pet" },
    answerHeaders: ["Location"],
  },
  { method: "delete", path: "/pets/{petId}" },
  { method: "get", path: "/pets/{petId}", answers: { 200: "Pet", 404: "NotFound" } },
  { method: "get", path: "/photo", answers: { 200: "Empty" } },
  { method: "put", path: "/photo", to: "/echo", consumes: ["image/png", "Empty"], answers: { 200: "Empty" } },
  { method: "patch", path: "/photo", to: "/echo" },
  { method: "get", path: "/files/{proxy+}", to: "/echo/{proxy}" },
  { method: "get", path: "/slow" },
];

const text = { type: "string" };
const models: Record<string, unknown> = {
  Input: { type: "object", properties: { a: { type: "number" }, b: { type: "number" }, op: text } },
  Output: { type: "object", properties: { c: { type: "number" } } },
  Result: {
    type: "object",
    properties: { input: { $ref: "#/definitions/Input" }, output: { $ref: "#/definitions/Output" } },
  },
  Pet: {
    type: "object",
    description: "One of the animals.\n*/ nobody's comment ends here \\u000a #{x}",
    required: ["name"],
    properties: {
      id: { type: "integer" },
      name: text,
      kind: { type: "string", enum: ["cat", 'dog\'s "friend"'] },
      weight: { type: "number" },
      isTame: { type: "boolean" },
      tags: { type: "array", items: text },
      friends: { type: "array", items: { $ref: "#/definitions/Pet" } },
      owner: { type: "object", properties: { name: text, "e-mail": text } },
      scores: { type: "object", additionalProperties: { type: "integer" } },
      class: text,
      end: text,
      größe: text,
      anything: {},
    },
  },
  NotFound: { type: "object", properties: { code: { type: "integer" }, message: text } },
  Empty: { type: "object", title: "Empty Schema" },
};

/** The document of the API, with its backend there. */
export function calculatorDocument(backend: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const inPath = Array.from(route.path.matchAll(/\{(\w+)\+?\}/g), ([, name]) => name!);
    const parameter = (name: string, where: string): unknown => ({
      name,
      in: where,
      required: where === "path" || (route.required?.includes(name) ?? false),
      type: "string",
    });
    // The calculator takes its operands in the query string only.
    const mapped =
      route.to === "/calc" ? inPath.map((name) => ["querystring", name]) : inPath.map((name) => ["path", name]);
    const [type, model] = route.consumes ?? [];
    paths[route.path] = {
      ...paths[route.path],
      [route.method]: {
        ...(route.operationId !== undefined && { operationId: route.operationId }),
        ...(type !== undefined && { consumes: [type] }),
        produces: ["application/json"],
        parameters: [
          ...inPath.map((name) => parameter(name, "path")),
          ...(route.query ?? []).map((name) => parameter(name, "query")),
          ...(route.headers ?? []).map((name) => parameter(name, "header")),
          ...(model === undefined ? [] : [{ in: "body", name: model, schema: { $ref: `#/definitions/${model}` } }]),
        ],
        responses: Object.fromEntries(
          Object.entries(route.answers ?? {}).map(([status, name]) => [
            status,
            {
              description: "an answer",
              schema: { $ref: `#/definitions/${name}` },
              headers: Object.fromEntries((route.answerHeaders ?? []).map((header) => [header, text])),
            },
          ]),
        ),
        "x-amazon-apigateway-integration": {
          type: "http_proxy",
          httpMethod: route.method.startsWith("x-") ? "ANY" : route.method.toUpperCase(),
          uri: `${backend}${route.to ?? route.path}`,
          requestParameters: Object.fromEntries(
            mapped.map(([where, name]) => [`integration.request.${where}.${name}`, `method.request.path.${name}`]),
          ),
        },
      },
    };
  }
  return {
    swagger: "2.0",
    info: { title: "Simple Calc", description: 'Adds */ "and" multiplies.', version: "1" },
    paths,
    definitions: models,
    "x-amazon-apigateway-binary-media-types": ["image/png"],
  };
}
