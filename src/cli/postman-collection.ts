/** The parts of an OpenAPI 3 export that a collection needs. */
interface ExportedDocument {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, ExportedMethod>>>>;
  readonly components?: { readonly securitySchemes?: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

interface ExportedMethod {
  readonly operationId?: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, unknown>> };
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

interface StageAddress {
  readonly url: string;
  readonly region: string;
}

type Pair = { readonly key: string; readonly value: string; readonly disabled?: true };

const anyMethod = "x-amazon-apigateway-any-method";

/**
 * Makes a Postman collection (format 2.1) of an export, with a request for each method. Credentials are variables of
 * the collection: `accessKey`, `secretKey`, `sessionToken`, `apiKey`. An ANY method becomes a GET.
 */
export function makeCollection(exported: ExportedDocument, { url, region }: StageAddress): Record<string, unknown> {
  const schemes = exported.components?.securitySchemes ?? {};
  const item = Object.entries(exported.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== "options")
      .map(([method, facts]) => makeRequest(path, method === anyMethod ? "get" : method, facts, schemes)),
  );
  const secrets = ["accessKey", "secretKey", "sessionToken", "apiKey"].map((key) => ({ key, value: "" }));
  return {
    info: {
      name: exported.info.title,
      ...(exported.info.description !== undefined && { description: exported.info.description }),
      schema: "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    item,
    variable: [{ key: "baseUrl", value: url }, { key: "region", value: region }, ...secrets],
  };
}

function makeRequest(
  path: string,
  method: string,
  { operationId, parameters = [], requestBody, security = [] }: ExportedMethod,
  schemes: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): Record<string, unknown> {
  const pairs = (where: string): Pair[] =>
    parameters
      .filter((parameter) => parameter.in === where)
      .map(({ name, required }) => ({ key: name, value: "", ...(required !== true && { disabled: true as const }) }));
  // Postman's own way to write parameters. A greedy parameter is the rest of the path.
  const segments = path
    .split("/")
    .slice(1)
    .map((segment) => segment.replace(/^\{([^}+]+)\+?\}$/, ":$1"));
  const query = pairs("query");
  const search = query.filter(({ disabled }) => !disabled).map(({ key }) => `${key}=`);
  const [type] = Object.keys(requestBody?.content ?? {});
  const names = new Set(security.flatMap((one) => Object.keys(one)));
  const used = Object.entries(schemes).filter(([name]) => names.has(name));
  const isSigned = used.some(([, scheme]) => scheme["x-amazon-apigateway-authtype"] === "awsSigv4");
  const hasKey = used.some(([, { name }]) => String(name).toLowerCase() === "x-api-key");
  return {
    name: operationId ?? `${method.toUpperCase()} ${path}`,
    request: {
      method: method.toUpperCase(),
      header: [
        ...pairs("header"),
        ...(hasKey ? [{ key: "x-api-key", value: "{{apiKey}}" }] : []),
        ...(type === undefined ? [] : [{ key: "Content-Type", value: type }]),
      ],
      ...(type !== undefined && { body: { mode: "raw", raw: /json/.test(type) ? "{}" : "" } }),
      ...(isSigned && { auth: { type: "awsv4", awsv4 } }),
      url: {
        raw: `{{baseUrl}}/${segments.join("/")}${search.length > 0 ? `?${search.join("&")}` : ""}`,
        host: ["{{baseUrl}}"],
        path: segments,
        query,
        variable: segments
          .filter((segment) => segment.startsWith(":"))
          .map((key) => ({ key: key.slice(1), value: "" })),
      },
    },
  };
}

const awsv4 = ["accessKey", "secretKey", "sessionToken", "region"]
  .map((key) => ({ key, value: `{{${key}}}` }))
  .concat([{ key: "service", value: "execute-api" }]);
