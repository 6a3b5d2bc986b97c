import { bounds } from "../../base/bounds.ts";
import { percentEncode } from "../../base/percent-encode.ts";
import type { HttpApiServicePlan, ServiceParameterPlan } from "../../plan/steps.ts";
import type { Exchange } from "../exchange.ts";
import { describeSource, linkMappedText } from "./parameter-mapping.ts";

/** A parameter's value as its service takes it. */
type ServiceValue = string | number | readonly string[] | readonly MessageAttribute[];

interface MessageAttribute {
  readonly name: string;
  readonly members: readonly (readonly [name: string, value: string])[];
}

/** A request to a service, or the parameter that has no value that it could take. */
export type ServiceRequest =
  | {
      readonly kind: "request";
      readonly path: string;
      readonly body: Buffer | undefined;
      readonly values: ServiceValues;
    }
  | { readonly kind: "unresolved"; readonly parameter: Pick<ServiceParameterPlan, "name" | "source"> }
  | { readonly kind: "too-large" };

/** The values of a request's parameters, by name. */
export type ServiceValues = ReadonlyMap<string, ServiceValue>;

/** Links how a service's request is made from the request of an HTTP API and its body. */
export function linkServiceRequest({
  parameters,
  protocol,
  action,
}: Pick<HttpApiServicePlan, "parameters" | "protocol" | "action">): (
  exchange: Exchange,
  body: Buffer | undefined,
) => ServiceRequest {
  const readers = parameters.map((plan) => ({ plan, read: linkParameter(plan) }));
  const write = writers[protocol];
  return (exchange, body) => {
    const values = new Map<string, ServiceValue>();
    let length = 0;
    for (const { plan, read } of readers) {
      const { name, source, isRequired, form } = plan;
      const text = read(exchange, body);
      if (text === undefined || text === "") {
        if (isRequired) return { kind: "unresolved", parameter: plan };
        continue;
      }
      exchange.trace?.addMapping(name, describeSource(source), text);
      // Services refuse longer texts, and writing them would hold the thread.
      length += form === "bytes" ? 0 : text.length;
      if (length > bounds.serviceParametersCharsMax.value) return { kind: "too-large" };
      const value = forms[form](text);
      if (value === undefined) return { kind: "unresolved", parameter: plan };
      values.set(name, value);
    }
    const target = write(values, action);
    const wrong = "wrong" in target ? parameters.find(({ name }) => name === target.wrong) : undefined;
    if (wrong !== undefined) return { kind: "unresolved", parameter: wrong };
    return "wrong" in target ? { kind: "too-large" } : { kind: "request", ...target, values };
  };
}

/** Reads a parameter. Bytes are base64, and the request's whole body is taken as it is. */
function linkParameter({
  form,
  value,
}: ServiceParameterPlan): (exchange: Exchange, body: Buffer | undefined) => string | undefined {
  if (value.length === 0) return () => undefined;
  const [first] = value;
  const isBody =
    value.length === 1 && typeof first === "object" && first.kind === "body" && first.jsonPath === undefined;
  if (form === "bytes" && isBody) return (_, body) => body?.toString("base64");
  const read = linkMappedText(value);
  if (form !== "bytes") return read;
  return (exchange) => {
    const text = read(exchange);
    return text === undefined ? undefined : Buffer.from(text).toString("base64");
  };
}

/** Each makes a value of a text; undefined if the text is none. */
const forms: Readonly<Record<ServiceParameterPlan["form"], (text: string) => ServiceValue | undefined>> = {
  text: (text) => text,
  bytes: (text) => text,
  number: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined),
  time: parseTime,
  list: parseList,
  attributes: parseAttributes,
};

/** Seconds since 1970, as a number or in ISO 8601. */
function parseTime(text: string): number | undefined {
  if (/^\d{1,12}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  const ms = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms / 1000;
}

/** A list as JSON, or with commas. */
function parseList(text: string): readonly string[] | undefined {
  const items: unknown = text.startsWith("[") ? parseJson(text) : text.split(",").map((item) => item.trim());
  const isList = Array.isArray(items) && items.length <= itemsMax && items.every((item) => typeof item === "string");
  return isList ? items : undefined;
}

const itemsMax = bounds.serviceListItemsMax.value;

/** `{"name": {"DataType": "String", "StringValue": "…"}}`. AWS: SQS API reference, "MessageAttributeValue". */
function parseAttributes(text: string): readonly MessageAttribute[] | undefined {
  const parsed = parseJson(text);
  if (!isObject(parsed) || Object.keys(parsed).length > itemsMax) return undefined;
  const attributes: MessageAttribute[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    if (!isObject(value)) return undefined;
    const members = Object.entries(value);
    if (
      !members.every(
        (member): member is [string, string] => attributeMembers.has(member[0]) && typeof member[1] === "string",
      )
    ) {
      return undefined;
    }
    attributes.push({ name, members });
  }
  return attributes;
}

const attributeMembers: ReadonlySet<string> = new Set(["DataType", "StringValue", "BinaryValue"]);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Path and body of a request, or the name of a parameter that no path can have. */
type Target = { readonly path: string; readonly body: Buffer | undefined } | { readonly wrong: string };

const asJson = (members: unknown): Target => ({ path: "/", body: Buffer.from(JSON.stringify(members)) });
const lowerFirst = (name: string): string => `${name[0]!.toLowerCase()}${name.slice(1)}`;

const writers: Readonly<Record<HttpApiServicePlan["protocol"], (values: ServiceValues, action: string) => Target>> = {
  json: (values) => asJson(Object.fromEntries(values)),
  // AWS: EventBridge API reference, "PutEvents".
  "json-entry": (values) => asJson({ Entries: [Object.fromEntries(values)] }),
  // AWS: Step Functions API reference.
  "json-lower": (values) => asJson(Object.fromEntries([...values].map(([name, value]) => [lowerFirst(name), value]))),
  query: writeForm,
  configuration: writeConfiguration,
};

/** AWS: SQS Developer Guide, "Making query API requests": sent to the queue's own path, at the endpoint of the settings. */
function writeForm(values: ServiceValues, action: string): Target {
  const pairs: [string, string][] = [
    ["Action", action],
    ["Version", "2012-11-05"],
  ];
  for (const [name, value] of values) {
    // `AttributeNames` are `AttributeName.1`, …
    const items = typeof value === "object" ? value : [];
    for (const [index, item] of items.entries()) pairs.push(...partsOf(`${name.slice(0, -1)}.${index + 1}`, item));
    if (typeof value !== "object") pairs.push([name, String(value)]);
  }
  const form = pairs.map(([name, value]) => `${name}=${percentEncode(value.toWellFormed())}`).join("&");
  const url = URL.parse(String(values.get("QueueUrl") ?? ""));
  // Only the path is used: where SQS is say the settings.
  const isHttp = url !== null && /^https?:$/.test(url.protocol);
  return { path: isHttp ? url.pathname : "/", body: Buffer.from(form) };
}

const partsOf = (prefix: string, item: string | MessageAttribute): [string, string][] =>
  typeof item === "string"
    ? [[prefix, item]]
    : [
        [`${prefix}.Name`, item.name],
        ...item.members.map(([name, value]): [string, string] => [`${prefix}.Value.${name}`, value]),
      ];

/** AWS: AppConfig API reference, "GetConfiguration". */
function writeConfiguration(values: ServiceValues): Target {
  let path = "";
  for (const [folder, name] of Object.entries({
    applications: "Application",
    environments: "Environment",
    configurations: "Configuration",
  })) {
    const value = String(values.get(name));
    // These are no segments, but steps within the path.
    if (value === "." || value === "..") return { wrong: name };
    path += `/${folder}/${percentEncode(value.toWellFormed())}`;
  }
  path += `?client_id=${percentEncode(String(values.get("ClientId")).toWellFormed())}`;
  const version = values.get("ClientConfigurationVersion");
  if (version !== undefined) path += `&client_configuration_version=${percentEncode(String(version).toWellFormed())}`;
  return { path, body: undefined };
}
