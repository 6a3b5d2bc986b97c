// Try it: a form for an operation's request, the answer, and the same for the command line.

import { basePath, given, modelNameOf, securityOf } from "./description.mjs";
import { el } from "./element.mjs";
import { pretty } from "./schema.mjs";

/** What was typed once is there again at the next operation, and never kept. */
const typed = new Map();

export function tryView(operation) {
  const inputs = [];
  const add = (where, name, options = {}) => {
    const id = `try-${inputs.length}`;
    const key = `${where} ${name}`;
    const input = el("input", {
      id,
      autocomplete: "off",
      spellcheck: "false",
      required: options.required,
      placeholder: options.placeholder,
    });
    input.value = typed.get(key) ?? "";
    input.addEventListener("input", () => {
      typed.set(key, input.value);
      update();
    });
    inputs.push({ where, name, input });
    return el(
      "div",
      { class: "field" },
      el(
        "label",
        { for: id },
        el("span", { class: "mono" }, name),
        el("span", { class: "where" }, options.note ?? where, options.required ? ", required" : ""),
      ),
      input,
    );
  };
  const own = [...new Set(operation.parameters.map((one) => `${one.in} ${one.name}`.toLowerCase()))];
  const secrets = securityOf(operation).filter(
    (one) =>
      one.kind !== "iam" &&
      one.parameter !== undefined &&
      one.parameter !== "Unused" &&
      !own.includes(`${one.in} ${one.parameter}`.toLowerCase()),
  );
  const fields = [
    ...operation.parameters
      .filter((one) => ["path", "query", "header"].includes(one.in))
      .map((one) => add(one.in, one.name, { required: one.required === true })),
    ...secrets.map((one) => add(one.in, one.parameter, { note: one.kind === "key" ? "API key" : `for ${one.name}` })),
  ];
  const method =
    operation.verb === "ANY"
      ? el(
          "select",
          { id: "try-method" },
          ...["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map((name) => el("option", {}, name)),
        )
      : undefined;
  const isJson = ([type]) => /[/+]json/.test(type);
  // The example is JSON.
  const contents = Object.entries(operation.requestBody?.content ?? {}).sort(
    (one, other) => isJson(other) - isJson(one),
  );
  const takesBody = contents.length > 0 || ["POST", "PUT", "PATCH", "ANY"].includes(operation.verb);
  const types = contents.length > 0 ? contents.map(([type]) => type) : ["application/json"];
  const contentType = el("select", { id: "try-type" }, ...types.map((type) => el("option", {}, type)));
  const body = el("textarea", { id: "try-body", spellcheck: "false" });
  const example = given.examples[modelNameOf(contents[0]?.[1]?.schema)];
  body.value = example === undefined || !isJson(types) ? "" : pretty(example);
  const more = el("div", {});
  const addHeader = () => {
    const name = el("input", { placeholder: "Name", "aria-label": "Header name", input: update });
    const value = el("input", { placeholder: "value", "aria-label": "Header value", input: update });
    const removeRow = () => {
      row.remove();
      update();
    };
    const remove = el(
      "button",
      { type: "button", class: "quiet", "aria-label": "Remove this header", click: removeRow },
      "×",
    );
    const row = el("div", { class: "pair" }, name, value, remove);
    more.append(row);
    name.focus();
  };

  const request = () => {
    const valuesIn = (where) =>
      inputs.filter((one) => one.where === where && one.input.value !== "").map((one) => [one.name, one.input.value]);
    const paths = new Map(inputs.filter((one) => one.where === "path").map((one) => [one.name, one.input.value]));
    const path = operation.path.replaceAll(/\{([^}+]+)(\+?)\}/g, (whole, name, greedy) => {
      const value = paths.get(name) ?? "";
      if (value === "") return whole;
      return greedy ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
    });
    const query = new URLSearchParams(valuesIn("query")).toString();
    const extra = [...more.querySelectorAll(".pair")].map((row) =>
      [...row.querySelectorAll("input")].map((input) => input.value.trim()),
    );
    const headers = [...valuesIn("header"), ...extra.filter(([name]) => name !== "")];
    const verb = method?.value ?? operation.verb;
    const hasBody = takesBody && body.value !== "" && verb !== "GET" && verb !== "HEAD";
    if (hasBody && !headers.some(([name]) => name.toLowerCase() === "content-type"))
      headers.push(["Content-Type", contentType.value]);
    return {
      verb,
      url: `${location.origin}${basePath()}${path}${query === "" ? "" : `?${query}`}`,
      headers,
      body: hasBody ? body.value : undefined,
    };
  };
  const curl = el("pre", { class: "wrap", id: "curl" });
  const update = () => (curl.textContent = curlOf(request()));
  const result = el("div", { class: "result", id: "result", role: "status", "aria-live": "polite" });
  const send = async (event) => {
    event.preventDefault();
    result.replaceChildren(el("p", { class: "dim" }, "…"));
    result.replaceChildren(...(await call(request())));
  };
  body.addEventListener("input", update);
  contentType.addEventListener("change", update);
  method?.addEventListener("change", update);
  const copy = el("button", { type: "button", class: "quiet" }, "Copy");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(curl.textContent);
    copy.textContent = "Copied";
  });
  const form = el(
    "form",
    { submit: send },
    method && el("div", { class: "field" }, el("label", { for: "try-method" }, "Method"), method),
    ...fields,
    takesBody &&
      el(
        "div",
        { class: "field" },
        el(
          "div",
          { class: "label row spread" },
          el("label", { for: "try-body" }, "Body"),
          types.length > 1 ? contentType : el("span", { class: "where" }, types[0]),
        ),
        body,
      ),
    more,
    el(
      "div",
      { class: "row spread" },
      el("button", { type: "submit", id: "send" }, "Send"),
      el("button", { type: "button", class: "quiet", click: addHeader }, "Add a header"),
    ),
  );
  update();
  return el(
    "section",
    { class: "try", "aria-label": "Try it" },
    el("h2", {}, "Try it"),
    form,
    result,
    el(
      "div",
      { class: "result" },
      el("div", { class: "row spread" }, el("span", { class: "dim" }, "On the command line"), copy),
      curl,
    ),
  );
}

const shellWord = (text) => (/^[\w:/.,@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

function curlOf({ verb, url, headers, body }) {
  const parts = ["curl"];
  if (verb === "HEAD") parts.push("-I");
  else if (verb !== "GET" && !(verb === "POST" && body !== undefined)) parts.push(`-X ${verb}`);
  for (const [name, value] of headers) parts.push(`-H ${shellWord(`${name}: ${value}`)}`);
  if (body !== undefined) parts.push(`--data-raw ${shellWord(body)}`);
  return [...parts, shellWord(url)].join(" ");
}

const shownCharactersMax = 200_000;

/**
 * The browser must not keep the answer: it would show it, as a page of this one's origin, to who opens the address later,
 * without asking the server, which sends pages to their stage's own host.
 */
const apart = { redirect: "manual", credentials: "omit", cache: "no-store" };

async function call({ verb, url, headers, body }) {
  const start = performance.now();
  try {
    const response = await fetch(url, { method: verb, headers, body, ...apart });
    const bytes = await response.arrayBuffer();
    const ms = Math.round(performance.now() - start);
    if (response.type === "opaqueredirect")
      return [el("p", {}, "It answers with a redirect, which browsers don't show; curl -i does.")];
    const shown = shownBody(bytes, response.headers.get("content-type") ?? "");
    return [
      el(
        "div",
        { class: "row" },
        el(
          "span",
          { class: `status s${String(response.status)[0]}`, id: "status" },
          `${response.status} ${response.statusText}`,
        ),
        el("span", { class: "dim" }, `${ms} ms · ${bytes.byteLength} bytes`),
      ),
      el("pre", { class: "wrap", id: "answer" }, shown === "" ? "(no body)" : shown),
      el(
        "details",
        {},
        el("summary", {}, "Headers"),
        el("pre", { class: "wrap" }, [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n")),
      ),
    ];
  } catch (error) {
    return [el("p", { class: "status s5" }, `The request could not be sent: ${error.message}`)];
  }
}

function shownBody(bytes, type) {
  if (/^(image|audio|video|font)\/|octet-stream|zip|pdf/.test(type)) return `(${bytes.byteLength} bytes of ${type})`;
  const text = new TextDecoder().decode(bytes);
  const isCut = text.length > shownCharactersMax;
  try {
    if (!isCut && /[/+]json/.test(type)) return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // It only says that it is JSON.
  }
  return isCut ? `${text.slice(0, shownCharactersMax)}\n…` : text;
}
