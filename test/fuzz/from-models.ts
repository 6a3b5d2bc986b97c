import assert from "node:assert/strict";
import { loadModel, type Model, type ModelName, type Shape, shapeOf, wireName } from "../../src/protocol/model.ts";
import type { ManagementRequest } from "../../src/protocol/operation.ts";
import { below, durationMsOr, makeRandom, pick, seed } from "../random.ts";

export const durationMs = durationMsOr(2_000);

/** The numbers of this run. */
export const random = makeRandom(seed);
export const oneOf = <T>(choices: readonly T[]): T => pick(random, choices);

/** Texts that inputs are made of; a test may add those that mean something to it. */
export const texts: string[] = [
  "a",
  "prod",
  "ünï",
  "a/b",
  "a b+c",
  "%2e%2e",
  "..",
  "{x}",
  "*",
  "12",
  "999",
  "200",
  "True",
  "😀",
  '"\\',
  "<&>",
  "__proto__",
  "constructor",
  "123456789012",
  "arn:aws:lambda:us-east-1:123456789012:function:pets",
  "arn:aws:iam::123456789012:role/pets",
  "arn:aws:apigateway:us-east-1::/restapis/a1/stages/prod",
  "nodejs22.x",
  "index.handler",
  "AKIAIOSFODNN7EXAMPLE",
  "session-name",
  "lambda:InvokeFunction",
  "/mnt/files",
  "x".repeat(300),
];

/** A value that the shape allows; undefined where no text at hand fits a pattern. */
export function soundValue(model: Model, name: string, depth = 0): unknown {
  const shape = shapeOf(model, name);
  switch (shape.type) {
    case "structure":
      return soundStructure(model, shape, depth);
    case "list": {
      const length = Math.max(shape.min ?? 0, Math.min(shape.max ?? 2, below(random, 3)));
      const entries = Array.from({ length }, () => soundValue(model, shape.member?.shape ?? "", depth + 1));
      return entries.includes(undefined) ? undefined : entries;
    }
    case "map": {
      const key = soundValue(model, shape.key?.shape ?? "", depth + 1);
      const value = soundValue(model, shape.value?.shape ?? "", depth + 1);
      if ((shape.min ?? 0) > 1) return undefined;
      if (key === undefined || value === undefined || key === "__proto__") return (shape.min ?? 0) > 0 ? undefined : {};
      return { [String(key)]: value };
    }
    case "string":
      return soundText(shape);
    case "boolean":
      return random() < 0.5;
    case "blob":
      return Buffer.from(oneOf(texts).repeat(3));
    case "timestamp":
      return below(random, 2_000_000_000);
    default:
      return Math.min(shape.max ?? 1_000, Math.max(shape.min ?? -5, below(random, 2_000) - 5));
  }
}

function soundStructure(model: Model, shape: Shape, depth: number): Record<string, unknown> | undefined {
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const isRequired = shape.required?.includes(name) === true;
    if (!isRequired && (depth > 4 || random() < 0.6)) continue;
    const value = soundValue(model, member.shape, depth + 1);
    if (value !== undefined) result[name] = value;
    else if (isRequired) return undefined;
  }
  return result;
}

function soundText(shape: Shape): string | undefined {
  if (shape.enum) return oneOf(shape.enum);
  const start = below(random, texts.length);
  for (let offset = 0; offset < texts.length; offset++) {
    const text = texts[(start + offset) % texts.length] ?? "";
    if (text.length < (shape.min ?? 1) || text.length > (shape.max ?? Number.POSITIVE_INFINITY)) continue;
    if (shape.pattern === undefined || new RegExp(`^(?:${shape.pattern})$`).test(text)) return text;
  }
  return undefined;
}

/** A value that fits nowhere in particular. */
function oddValue(): unknown {
  return oneOf<() => unknown>([
    () => null,
    () => 1e308,
    () => -1,
    () => 1.5,
    () => true,
    () => "",
    () => oneOf(texts),
    () => [],
    () => [null, [[]]],
    () => ({ ["__proto__"]: 1, length: -1, toString: 1 }),
    () => "y".repeat(70_000),
    () => JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`),
  ])();
}

/** A request for an operation of one of the models, somehow broken. */
export function brokenRequest(names: readonly ModelName[]): ManagementRequest {
  const name = oneOf(names);
  const model = loadModel(name);
  const operation = oneOf(Object.keys(model.operations));
  const { http, input } = model.operations[operation] ?? assert.fail();
  const shape: Shape = input ? shapeOf(model, input.shape) : { type: "structure" };
  const members = Object.entries(shape.members ?? {});
  const headers: Record<string, string> = { host: oneOf(["localhost:4566", "", "[::1]:80"]) };
  for (const [member, { location, locationName }] of members) {
    if (location === "header" && random() < 0.5) headers[(locationName ?? member).toLowerCase()] = oneOf(texts);
  }
  if (random() < 0.7) headers["authorization"] = brokenAuthorization(model);
  if (model.metadata.protocol === "query") return brokenForm(model, operation, headers);
  if (model.metadata.protocol === "json") headers["x-amz-target"] = brokenTarget(model, operation);

  const query = members.filter(([, { location }]) => location === "querystring" && random() < 0.6);
  const pairs = query.map(
    ([member, of]) => `${wireName(member, of)}=${oneOf(["", "true", "5", "-1", "%", "a%2Cb", "%ff", "a,b"])}`,
  );
  const separator = http.requestUri.includes("?") ? "&" : "?";
  const path = http.requestUri.replaceAll(/\{[^}]+\}/g, () =>
    oneOf([...texts.map(encodeURIComponent), "..", "%zz", "%ff", "%", "", "%00", "a;b", "a%2Fb"]),
  );
  const target = pairs.length > 0 ? `${path}${separator}${pairs.join("&")}` : path;
  return {
    method: random() < 0.9 ? http.method : oneOf(["HEAD", "OPTIONS", "PATCH", "get", "", "POST"]),
    target: random() < 0.95 ? target : oneOf(["", "*", "http://x", "//", "?", "/%", `/restapis${"/a".repeat(5_000)}`]),
    headers,
    body: brokenBody(model, input?.shape),
  };
}

function brokenAuthorization(model: Model): string {
  const service = model.metadata.signingName ?? model.metadata.endpointPrefix;
  const sound = `AWS4-HMAC-SHA256 Credential=123456789012/20261120/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  return random() < 0.8
    ? sound
    : oneOf([
        "Bearer x",
        "",
        sound.slice(0, below(random, sound.length)),
        sound.replace("us-east-1", "../.."),
        "AWS4-HMAC-SHA256 ,,=,",
      ]);
}

function brokenTarget({ metadata }: Model, operation: string): string {
  const sound = `${metadata.targetPrefix}.${operation}`;
  return random() < 0.9
    ? sound
    : oneOf(["", ".", operation, `${sound}.`, "constructor.toString", `${sound}${"x".repeat(70_000)}`]);
}

function brokenForm(model: Model, operation: string, headers: Record<string, string>): ManagementRequest {
  const form = new URLSearchParams({ Action: operation, Version: model.metadata.apiVersion });
  const shape = model.operations[operation]?.input?.shape;
  for (const [member, { shape: of }] of Object.entries(shape ? (shapeOf(model, shape).members ?? {}) : {})) {
    const kind = shapeOf(model, of).type;
    const step = kind === "list" ? ".member.1" : kind === "map" ? ".entry.1.key" : "";
    if (random() < 0.8)
      form.append(member + step + oneOf(["", "", "", ".Key", ".member.999999999", ".__proto__"]), oneOf(texts));
  }
  if (random() < 0.1) form.append("a.".repeat(below(random, 100)), "deep");
  return { method: oneOf(["POST", "POST", "GET"]), target: "/", headers, body: Buffer.from(form.toString()) };
}

function brokenBody(model: Model, inputName: string | undefined): Buffer {
  if (inputName === undefined || random() < 0.1) {
    return Buffer.from(oneOf(["", "null", "[", '{"a":', '"', "\u0000", "{".repeat(100_000), "x".repeat(300_000), "1"]));
  }
  const shape = shapeOf(model, inputName);
  const body: Record<string, unknown> = {};
  for (const [member, of] of Object.entries(shape.members ?? {})) {
    const roll = random();
    if (roll < 0.3) continue;
    body[wireName(member, of)] = roll < 0.5 ? oddValue() : soundValue(model, of.shape);
  }
  const text = Buffer.from(JSON.stringify(body));
  if (random() < 0.1 && text.length > 0) text[below(random, text.length)] = below(random, 256);
  return random() < 0.05 ? text.subarray(0, below(random, text.length)) : text;
}
