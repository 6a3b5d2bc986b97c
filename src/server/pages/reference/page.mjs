// The reference of an API's stage: what is where, and one operation or model at a time.

import {
  basePath,
  closedReason,
  given,
  listOperations,
  modelHash,
  operationHash,
  schemasOf,
  shownName,
  titleOf,
} from "./description.mjs";
import { byId, el } from "./element.mjs";
import { closedBadge, closedNote, operationView } from "./operation.mjs";
import { link, proseOr } from "./prose.mjs";
import { insideOf, pretty, typeOf } from "./schema.mjs";
import { focusBySlash, matcherOf } from "./search.mjs";

const root = "/_portico/docs";
const [api, stage] = location.pathname
  .slice(root.length)
  .split("/")
  .filter((part) => part !== "");
const home = api === undefined || stage === undefined ? root : `${root}/${api}/${stage}`;

// Models, the overview, and what is where

function modelView(name) {
  const schema = schemasOf()[name];
  const example = given.examples[name];
  return el(
    "article",
    {},
    el("h1", { tabindex: "-1" }, schema.title ?? name),
    el("p", { class: "dim" }, typeOf(schema)),
    ...proseOr(schema.description),
    el(
      "div",
      { class: "columns" },
      el("div", {}, el("h2", {}, "Fields"), insideOf(schema, 0)),
      example !== undefined &&
        el(
          "section",
          { class: "try", "aria-label": "Example" },
          el("h2", {}, "Example"),
          el("pre", {}, pretty(example)),
        ),
    ),
  );
}

function overview(operations) {
  const { info = {}, externalDocs } = given.document;
  return el(
    "article",
    {},
    el("h1", { tabindex: "-1" }, info.title ?? api),
    el("p", { class: "dim" }, `Version ${info.version ?? "?"} · stage ${stage} · ${operations.length} operations`),
    el("p", {}, "It answers at ", el("code", {}, `${location.origin}${basePath()}`)),
    ...closedNote(given.closed.problem, "This stage"),
    ...proseOr(info.description),
    externalDocs?.url !== undefined &&
      el("p", {}, link(String(externalDocs.url), [externalDocs.description ?? "More about it"])),
    ...groupsOf(operations).flatMap(([group, members]) => [
      el("h2", {}, group),
      el("ul", { class: "routes" }, ...members.map(routeRow)),
    ]),
  );
}

function routeRow(operation) {
  return el(
    "li",
    {},
    el("span", { class: `mono verb ${operation.verb.toLowerCase()}` }, operation.verb),
    el("a", { class: "mono", href: operationHash(operation) }, operation.path),
    el("span", { class: "dim" }, titleOf(operation), " ", closedReason(operation) !== undefined && closedBadge()),
  );
}

function groupsOf(operations) {
  const groups = new Map();
  for (const operation of operations) {
    if (!groups.has(operation.group)) groups.set(operation.group, []);
    groups.get(operation.group).push(operation);
  }
  return [...groups].sort(([one], [other]) => one.localeCompare(other));
}

function drawList(operations, wanted) {
  const matches = matcherOf(wanted);
  const shown = operations.filter((one) =>
    matches(`${one.verb} ${one.path} ${titleOf(one)} ${one.operationId ?? ""} ${one.group}`),
  );
  const models = Object.keys(schemasOf()).filter((name) => shownName(name) === name && matches(name));
  const entry = (href, ...children) =>
    el("li", {}, el("a", { href, "aria-current": isCurrent(href) && "page" }, ...children));
  const list = byId("list");
  list.replaceChildren(
    ...(wanted.trim() === "" ? [el("ul", {}, entry("#", "Overview"))] : []),
    ...groupsOf(shown).flatMap(([group, members]) => [
      el("h2", {}, group),
      el(
        "ul",
        {},
        ...members.map((one) => {
          const item = entry(
            operationHash(one),
            el("span", { class: `verb ${one.verb.toLowerCase()}` }, one.verb === "DELETE" ? "DEL" : one.verb),
            el("span", { class: "path", title: `${one.verb} ${one.path}` }, one.summary || one.path),
          );
          if (one.deprecated === true) item.classList.add("old");
          if (closedReason(one) !== undefined) item.firstChild.append(closedBadge());
          return item;
        }),
      ),
    ]),
    ...(models.length > 0
      ? [
          el("h2", {}, "Models"),
          el("ul", {}, ...models.map((name) => entry(modelHash(name), el("span", { class: "path" }, name)))),
        ]
      : []),
    ...(shown.length + models.length === 0 ? [el("p", { class: "dim", role: "status" }, "Nothing matches.")] : []),
  );
  list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
}

function show(operations, isFirst) {
  const hash = decodeFragment(location.hash.slice(1));
  const model = /^model:(.+)$/s.exec(hash)?.[1];
  const operation = operations.find((one) => `${one.verb}${one.path}` === hash);
  const view =
    model !== undefined && Object.hasOwn(schemasOf(), model)
      ? modelView(model)
      : operation === undefined
        ? overview(operations)
        : operationView(operation);
  byId("main").replaceChildren(view);
  const heading = view.querySelector("h1");
  document.title = `${heading.textContent} · ${given.document.info?.title ?? "API"}`;
  for (const anchor of byId("list").querySelectorAll("a")) {
    if (isCurrent(anchor.getAttribute("href"))) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  if (isFirst) return;
  window.scrollTo(0, 0);
  heading.focus();
}

/** Fragments are written with escapes and without. */
const isCurrent = (href) => decodeFragment(href) === decodeFragment(location.hash || "#");

function decodeFragment(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function load(path) {
  const response = await fetch(path);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message ?? `${response.status}`);
  return answer;
}

async function showStage() {
  const [loaded, closed, { stages }] = await Promise.all([
    load(`${home}/reference.json`),
    load(`${home}/closed.json`),
    load(`${root}/stages.json`),
  ]);
  Object.assign(given, loaded, { closed });
  const operations = listOperations();
  const others = stages.filter((one) => one.api === decodeFragment(api));
  const choice = el(
    "select",
    { "aria-label": "Stage", change: () => location.assign(choice.value + location.hash) },
    ...others.map((one) => el("option", { value: one.path, selected: one.stage === stage }, one.stage)),
  );
  byId("place").replaceChildren(
    "/",
    el("span", {}, given.document.info?.title ?? api),
    "/",
    others.length > 1 ? choice : el("span", {}, stage),
  );
  byId("links").replaceChildren(
    el("a", { href: `${home}/openapi.json` }, "JSON"),
    el("a", { href: `${home}/openapi.yaml` }, "YAML"),
  );
  byId("nav").hidden = false;
  const search = byId("search");
  search.addEventListener("input", () => drawList(operations, search.value));
  focusBySlash(search);
  drawList(operations, "");
  show(operations, true);
  addEventListener("hashchange", () => show(operations, false));
}

function apiCard(stages) {
  const [{ api: id, name, version, description }] = stages;
  return el(
    "li",
    {},
    el("h2", {}, stages.length === 1 ? el("a", { href: stages[0].path }, name) : name),
    el("p", { class: "dim" }, id, version === undefined ? "" : ` · version ${version}`),
    ...proseOr(description?.split(/\n\s*\n/, 1)[0].slice(0, 300)),
    el("ul", { class: "stages" }, ...stages.map(stageRow)),
  );
}

function stageRow({ stage, path, basePath: base, problem, closedRoutes }) {
  const closed =
    problem !== undefined
      ? "closed"
      : closedRoutes > 0 && `${closedRoutes} route${closedRoutes === 1 ? "" : "s"} closed`;
  return el(
    "li",
    {},
    el("a", { href: path, title: problem }, stage),
    closed && closedBadge(closed),
    el("code", {}, base),
  );
}

async function showStages() {
  const { stages } = await load(`${root}/stages.json`);
  const apis = [...Map.groupBy(stages, ({ api: id }) => id).values()];
  const list = el("ul", { class: "cards" });
  const search = el("input", {
    type: "search",
    class: "of-apis",
    placeholder: "Search APIs and stages  ( / )",
    "aria-label": "Search APIs and stages",
    autocomplete: "off",
    spellcheck: "false",
    input: () => draw(),
  });
  const draw = () => {
    const matches = matcherOf(search.value);
    const shown = apis.filter((one) =>
      matches(
        one.map(({ api: id, name, stage: of, description = "" }) => `${id} ${name} ${of} ${description}`).join(" "),
      ),
    );
    list.replaceChildren(
      ...(shown.length > 0 ? shown.map(apiCard) : [el("p", { class: "dim", role: "status" }, "Nothing matches.")]),
    );
  };
  draw();
  focusBySlash(search);
  byId("main").replaceChildren(
    el(
      "article",
      {},
      el("h1", {}, "APIs"),
      ...(stages.length === 0
        ? [el("p", { class: "dim" }, "Nothing is deployed yet: portico up, or aws apigateway create-deployment, does.")]
        : [search, list]),
    ),
  );
  document.title = "APIs · Portico";
}

function prepareTheme() {
  const set = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
  };
  set(localStorage.getItem("portico-theme"));
  byId("theme").addEventListener("click", () => {
    const isDark =
      document.documentElement.dataset.theme === "dark" ||
      (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    localStorage.setItem("portico-theme", isDark ? "light" : "dark");
    set(isDark ? "light" : "dark");
  });
}

prepareTheme();
try {
  await (home === root ? showStages() : showStage());
} catch (error) {
  byId("main").replaceChildren(
    el(
      "article",
      {},
      el("h1", {}, "Nothing to show"),
      el("p", {}, error.message),
      el("p", {}, el("a", { href: root }, "All APIs")),
    ),
  );
}
