/** An attribute in OTLP's JSON. */
export interface Attribute {
  readonly key: string;
  readonly value: AnyValue;
}

/** A value in OTLP's JSON. */
type AnyValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly boolValue: boolean }
  | { readonly arrayValue: { readonly values: readonly AnyValue[] } };

export type AttributeValue = string | number | boolean | readonly string[] | undefined;

/** Returns attributes; those without a value are left out. */
export const attributes = (values: Readonly<Record<string, AttributeValue>>): Attribute[] =>
  Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: anyValue(value) }]));

function anyValue(value: Exclude<AttributeValue, undefined>): AnyValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return { intValue: String(Math.round(value)) };
  return { arrayValue: { values: value.map(anyValue) } };
}

/** What every signal says of who sends it. OpenTelemetry: "Resource Semantic Conventions". */
export const otlpResource = (version: string): object => ({
  attributes: attributes({
    "service.name": "portico",
    "service.version": version,
    "cloud.provider": "aws",
    "cloud.platform": "aws_api_gateway",
  }),
});

/** Returns a time as OTLP's JSON has 64-bit integers: as a text. A number would lose its last digits. */
export const nanoseconds = (ms: number): string =>
  (BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.round((ms % 1) * 1_000_000))).toString();

/** Returns X-Ray's trace id as OpenTelemetry writes it: 32 hex digits. AWS: X-Ray Developer Guide, "Trace ID format". */
export const hexTraceId = (root: string): string => root.slice(2).replace("-", "");
