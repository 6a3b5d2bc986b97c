import { lowerFirst, makeChecks } from "./constraints.ts";
import { type Decode, decodeText, makeJsonDecoders, setOwn } from "./decode.ts";
import type { Dialect } from "./dialect.ts";
import { parseJsonBody, type ReadBody, UnreadableInput } from "./json-body.ts";
import { type MemberModel, type Model, type Shape, shapeOf, wireName } from "./model.ts";

/** The parts of a request that an input is made of. */
export interface RestRequest {
  readonly labels: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body as it was parsed elsewhere; absent: it is parsed here. */
  readonly readBody?: ReadBody;
}

/**
 * Reads a request's input. Returns it with the constraints that it breaks; throws `UnreadableInput` if it can't be
 * read.
 */
export type BindInput<Request> = (request: Request) => BoundInput;

/** Reads the input of one operation. */
export interface RestBinder {
  /** Whether the body is JSON that it parses. */
  readonly parsesBody: boolean;
  readonly bind: BindInput<RestRequest>;
}

export interface BoundInput {
  readonly input: Record<string, unknown>;
  readonly problems: readonly string[];
}

/** Reads one member; returns undefined if it was not sent. */
type Bind = (request: RestRequest) => unknown;

/**
 * Makes the binders of a restJson1 service's operations.
 *
 * Smithy: "AWS restJson1 protocol", "HTTP binding traits".
 */
export function makeRestBinders(
  model: Model,
  dialect: Dialect,
  exempt: readonly string[],
): (operation: string) => RestBinder {
  const decoderOf = makeJsonDecoders(model, dialect.wrongType);
  const checkOf = makeChecks(model, exempt, dialect);
  return (operation) => {
    const inputName = model.operations[operation]?.input?.shape;
    if (inputName === undefined) return { parsesBody: false, bind: () => ({ input: {}, problems: [] }) };
    const shape = shapeOf(model, inputName);
    const located = Object.entries(shape.members ?? {})
      .filter(([name, member]) => member.location !== undefined || name === shape.payload)
      .map(([name, member]) => ({
        name,
        bind: makeBind({ name, member, model, dialect, shape, decoderOf, fixed: fixedQuery(model, operation) }),
        check: checkOf(member.shape),
        path: lowerFirst(name),
        isRequired: shape.required?.includes(name) === true,
      }));
    const hasBody =
      shape.payload === undefined && Object.values(shape.members ?? {}).some(({ location }) => location === undefined);
    const decodeBody = hasBody ? decoderOf(inputName) : undefined;
    const checkBody = checkOf(inputName);
    const bodyPath = dialect.bodyPath(operation);
    const payload = shape.payload === undefined ? undefined : shape.members?.[shape.payload];
    const parsesPayload = payload !== undefined && shapeOf(model, payload.shape).type !== "blob";

    const bind: BindInput<RestRequest> = (request) => {
      const input = decodeBody ? readBody(request, decodeBody) : {};
      const problems: string[] = [];
      // Recorded: members of the body come first.
      if (decodeBody) checkBody(input, bodyPath, problems);
      for (const { name, bind, check, path, isRequired } of located) {
        const value = bind(request);
        if (value !== undefined) {
          input[name] = value;
          check(value, path, problems);
        } else if (isRequired) {
          problems.push(`Value null at '${path}' failed to satisfy constraint: Member must not be null`);
        }
      }
      return { input, problems };
    };
    return { parsesBody: hasBody || parsesPayload, bind };
  };
}

function readBody(request: RestRequest, decode: Decode): Record<string, unknown> {
  const value = request.body.length === 0 ? {} : (jsonOf(request) ?? {});
  return decode(value) as Record<string, unknown>;
}

function jsonOf({ body, readBody: read }: RestRequest): unknown {
  if (read === undefined) return parseJsonBody(body);
  if (read.kind === "unreadable") throw new UnreadableInput(read.message);
  return read.value;
}

/** Returns the query parameters that belong to the template (`mode=import`), so that no map takes them. */
function fixedQuery(model: Model, operation: string): readonly string[] {
  const query = model.operations[operation]?.http.requestUri.split("?", 2)[1] ?? "";
  return [...new URLSearchParams(query).keys()];
}

interface Binding {
  readonly name: string;
  readonly member: MemberModel;
  readonly model: Model;
  readonly dialect: Dialect;
  /** The input's shape. */
  readonly shape: Shape;
  readonly decoderOf: (shapeName: string) => Decode;
  readonly fixed: readonly string[];
}

function makeBind(binding: Binding): Bind {
  const { name, member, model, dialect, decoderOf } = binding;
  const shape = shapeOf(model, member.shape);
  const wire = wireName(name, member);
  switch (member.location) {
    case "uri":
      return ({ labels }) => decodeText(shape, labels[wire] ?? "", dialect.wrongType);
    case "querystring":
      return makeQueryBind(binding, shape, wire);
    case "header": {
      const header = wire.toLowerCase();
      return ({ headers }) => {
        const text = headers[header];
        return text === undefined ? undefined : decodeText(shape, text, dialect.wrongType);
      };
    }
    case "headers": {
      const prefix = wire.toLowerCase();
      return ({ headers }) => {
        const found = Object.entries(headers).filter(([header]) => header.startsWith(prefix));
        return Object.fromEntries(found.map(([header, value]) => [header.slice(prefix.length), value]));
      };
    }
    default: {
      // Reads the payload: the whole body is this member.
      if (shape.type === "blob") return ({ body }) => (body.length === 0 ? undefined : body);
      const decode = decoderOf(member.shape);
      return (request) => (request.body.length === 0 ? undefined : decode(jsonOf(request)));
    }
  }
}

function makeQueryBind({ member, model, dialect, shape: input, fixed }: Binding, shape: Shape, wire: string): Bind {
  if (shape.type === "list") {
    const memberShape = shapeOf(model, shape.member?.shape ?? "");
    return ({ query }) => {
      const given = query.getAll(wire);
      if (given.length === 0) return undefined;
      const texts = dialect.splitsQueryLists ? given.flatMap((text) => text.split(",")) : given;
      return texts.filter((text) => text !== "").map((text) => decodeText(memberShape, text, dialect.wrongType));
    };
  }
  if (shape.type === "map") {
    // A map takes every parameter that no other member takes (`extensions=integrations`).
    const named = new Set(fixed);
    for (const [name, other] of Object.entries(input.members ?? {})) {
      if (other.location === "querystring" && other !== member) named.add(wireName(name, other));
    }
    return ({ query }) => {
      const result: Record<string, unknown> = {};
      let isEmpty = true;
      for (const [key, value] of query) {
        if (named.has(key) || /^x-amz-/i.test(key)) continue;
        setOwn(result, key, value);
        isEmpty = false;
      }
      return isEmpty ? undefined : result;
    };
  }
  return ({ query }) => {
    const text = query.get(wire);
    return text === null ? undefined : decodeText(shape, text, dialect.wrongType);
  };
}
