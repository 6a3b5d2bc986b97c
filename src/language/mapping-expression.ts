/**
 * A parameter mapping expression, the right side of `requestParameters` and `responseParameters`.
 * AWS: API Gateway Developer Guide, "Amazon API Gateway API request and response data mapping reference".
 */
export type MappingExpression =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "context"; readonly name: string }
  | { readonly kind: "stage-variable"; readonly name: string }
  | {
      readonly kind: "request";
      readonly place: "path" | "querystring" | "header";
      readonly name: string;
      readonly isMultiValue: boolean;
    }
  /** `method.input.params.{name}` of gateway responses: of the path, the query string or a header, searched in that order */
  | { readonly kind: "input-parameter"; readonly name: string }
  /** `method.request.body` or, with a JSONPath, `method.request.body.{path}` */
  | { readonly kind: "request-body"; readonly jsonPath: string | undefined }
  | { readonly kind: "response-header"; readonly name: string; readonly isMultiValue: boolean }
  | { readonly kind: "response-body"; readonly jsonPath: string | undefined };

const name = "[a-zA-Z0-9._$-]+";
const forms: readonly (readonly [RegExp, (match: RegExpExecArray) => MappingExpression])[] = [
  [
    new RegExp(`^method\\.request\\.(multivalue)?(querystring|header)\\.(${name})$`),
    ([, multi, place, named]) => ({
      kind: "request",
      place: place as "querystring" | "header",
      name: named!,
      isMultiValue: multi !== undefined,
    }),
  ],
  [
    new RegExp(`^method\\.request\\.path\\.(${name})$`),
    ([, named]) => ({ kind: "request", place: "path", name: named!, isMultiValue: false }),
  ],
  [new RegExp(`^method\\.input\\.params\\.(${name})$`), ([, named]) => ({ kind: "input-parameter", name: named! })],
  [/^method\.request\.body(?:\.(.+))?$/, ([, jsonPath]) => ({ kind: "request-body", jsonPath })],
  [
    new RegExp(`^integration\\.response\\.(multivalue)?header\\.(${name})$`),
    ([, multi, named]) => ({ kind: "response-header", name: named!, isMultiValue: multi !== undefined }),
  ],
  [/^integration\.response\.body(?:\.(.+))?$/, ([, jsonPath]) => ({ kind: "response-body", jsonPath })],
  [/^stageVariables\.([a-zA-Z0-9_]+)$/, ([, named]) => ({ kind: "stage-variable", name: named! })],
  [new RegExp(`^context\\.(${name})$`), ([, named]) => ({ kind: "context", name: named! })],
];

/** Reads an expression; undefined if it has none of the documented forms. */
export function parseMappingExpression(text: string): MappingExpression | undefined {
  if (text.length >= 2 && text.startsWith("'") && text.endsWith("'")) {
    return { kind: "literal", text: text.slice(1, -1) };
  }
  for (const [form, make] of forms) {
    const match = form.exec(text);
    if (match !== null) return make(match);
  }
  return undefined;
}
