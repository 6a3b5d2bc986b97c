// Schemas and the bodies that they are of, for people.

import { given, modelHash, modelNameOf, schemasOf, shownName } from "./description.mjs";
import { el } from "./element.mjs";
import { proseOr } from "./prose.mjs";

const schemaDepthMax = 40;

export function typeOf(schema) {
  if (schema === true || schema === undefined) return "anything";
  const name = modelNameOf(schema);
  if (name !== undefined) return name;
  const types = [schema.type ?? []].flat();
  if (types.includes("array") || schema.items !== undefined) return `array of ${typeOf(schema.items)}${orNull(schema)}`;
  const base = types.filter((type) => type !== "null").join(" or ") || impliedType(schema);
  return `${base}${schema.format === undefined ? "" : ` · ${schema.format}`}${orNull(schema)}`;
}

const orNull = (schema) => (schema.nullable === true || [schema.type].flat().includes("null") ? " or null" : "");

function impliedType(schema) {
  if (schema.properties !== undefined || schema.additionalProperties !== undefined) return "object";
  if (schema.oneOf !== undefined || schema.anyOf !== undefined) return "one of several";
  return schema.allOf === undefined ? (schema.enum === undefined ? "anything" : "one of these") : "object";
}

/** Bounds and values in words. */
function constraints(schema) {
  const told = [];
  const say = (name, words) => schema[name] !== undefined && told.push(`${words} ${JSON.stringify(schema[name])}`);
  say("minimum", schema.exclusiveMinimum === true ? "above" : "at least");
  say("maximum", schema.exclusiveMaximum === true ? "below" : "at most");
  say("multipleOf", "a multiple of");
  say("minLength", "characters at least");
  say("maxLength", "characters at most");
  say("minItems", "items at least");
  say("maxItems", "items at most");
  say("pattern", "matches");
  say("default", "default");
  if (schema.uniqueItems === true) told.push("no two the same");
  return told.join(", ");
}

/** What is inside of a schema, if it has an inside. */
export const hasInside = (schema) =>
  typeof schema === "object" &&
  schema !== null &&
  (modelNameOf(schema) !== undefined ||
    ["properties", "oneOf", "anyOf", "allOf"].some((name) => schema[name] !== undefined) ||
    (typeof schema.items === "object" && hasInside(schema.items)) ||
    (typeof schema.additionalProperties === "object" && hasInside(schema.additionalProperties)));

export function insideOf(schema, depth) {
  if (depth > schemaDepthMax) return el("p", { class: "dim" }, "…");
  const name = modelNameOf(schema);
  if (name !== undefined) return insideOf(schemasOf()[name] ?? {}, depth + 1);
  if (schema.items !== undefined && schema.properties === undefined) return insideOf(schema.items, depth + 1);
  const parts = [];
  if (schema.properties !== undefined) {
    const required = new Set(schema.required ?? []);
    const fields = Object.entries(schema.properties).map(([key, value]) => field(key, value, required.has(key), depth));
    parts.push(el("ul", { class: "fields" }, ...fields));
  }
  for (const [key, title] of [
    ["allOf", "All of"],
    ["oneOf", "One of"],
    ["anyOf", "Any of"],
  ])
    if (Array.isArray(schema[key])) {
      const choices = schema[key].map((one, index) => field(one.title ?? `${index + 1}`, one, false, depth));
      parts.push(el("p", { class: "dim" }, title), el("ul", { class: "fields" }, ...choices));
    }
  if (typeof schema.additionalProperties === "object")
    parts.push(el("ul", { class: "fields" }, field("any other name", schema.additionalProperties, false, depth)));
  if (parts.length === 0) return el("p", { class: "dim" }, typeOf(schema), " ", constraints(schema), ...enumOf(schema));
  return el("div", {}, ...parts);
}

const enumShownMax = 60;
function enumOf(schema) {
  const values = schema?.enum ?? schema?.items?.enum;
  if (!Array.isArray(values)) return [];
  const shown = values.slice(0, enumShownMax).flatMap((value) => [el("code", {}, JSON.stringify(value)), " "]);
  return [el("div", { class: "dim" }, "One of ", ...shown, values.length > enumShownMax ? "…" : "")];
}

export function field(name, schema, isRequired, depth) {
  const model = modelNameOf(schema) ?? modelNameOf(schema?.items);
  const told = typeof schema === "object" && schema !== null ? constraints(schema) : "";
  const item = el(
    "li",
    {},
    el("span", { class: "name" }, name),
    model === undefined
      ? el("span", { class: "type" }, typeOf(schema))
      : el("a", { class: "type", href: modelHash(model) }, typeOf(schema)),
    isRequired && el("span", { class: "required" }, "required"),
    told !== "" && el("span", { class: "type" }, told),
    ...proseOr(schema?.description),
    ...enumOf(schema),
  );
  if (hasInside(schema)) item.append(lazily("Show what is in it", () => insideOf(schema, depth + 1)));
  return item;
}

/** Made when it is opened: models may contain themselves. */
function lazily(title, make) {
  const details = el("details", {}, el("summary", {}, title));
  details.addEventListener("toggle", () => details.children.length === 1 && details.append(make()));
  return details;
}

export const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** The bodies of a request or an answer, by schema: a request's fields are shown, an answer's are a click away. */
export function bodyOf(content, { isRequest = false, isExampleOpen = false } = {}) {
  const mediaTypes = new Map();
  for (const [mediaType, { schema }] of Object.entries(content ?? {})) {
    const key = JSON.stringify(schema);
    if (!mediaTypes.has(key)) mediaTypes.set(key, { schema, types: [] });
    mediaTypes.get(key).types.push(mediaType);
  }
  return [...mediaTypes.values()].map(({ schema, types }) => {
    // Examples are made as JSON.
    const example = types.some((type) => /[/+]json/.test(type)) ? given.examples[modelNameOf(schema)] : undefined;
    const shownExample = lazily("Example", () => el("pre", {}, pretty(example)));
    shownExample.open = isExampleOpen;
    return el(
      "div",
      {},
      el("p", {}, ...types.flatMap((type) => [el("code", {}, type), " "]), modelLink(schema)),
      isRequest ? insideOf(schema ?? {}, 0) : hasInside(schema) && lazily("Fields", () => insideOf(schema, 0)),
      example !== undefined && !isRequest && shownExample,
    );
  });
}

function modelLink(schema) {
  const name = modelNameOf(schema);
  if (name === undefined) return typeOf(schema);
  const type = typeOf(schemasOf()[name] ?? {});
  return el("a", { href: modelHash(name) }, type === "object" ? shownName(name) : type);
}
