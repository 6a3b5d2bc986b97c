// A portal, as it was published or previewed: its products, their pages, and methods of APIs that can be tried.

import { basePath, given, listOperations } from "./description.mjs";
import { byId, el } from "./element.mjs";
import { operationView } from "./operation.mjs";
import { proseOr } from "./prose.mjs";
import { focusBySlash, matcherOf } from "./search.mjs";

const home = location.pathname.replace(/\/+$/, "");

/** Everything that has an address in the portal: `{ hash, product, name, view }`. */
function listPages(site) {
  const pages = [];
  for (const product of site.products) {
    const add = (id, name, view, extra = {}) =>
      pages.push({ hash: `#${product.id}${id === "" ? "" : `/${id}`}`, product, name, view, ...extra });
    add("", product.overview?.title ?? "Overview", () => productView(product));
    for (const page of product.pages) add(page.id, page.title, () => textView(page.title, page.body));
    for (const { name: section, endpoints } of product.sections) {
      for (const one of endpoints)
        add(one.id, one.name, () => endpointView(site, one), { section, method: one.method });
    }
  }
  return pages;
}

const textView = (title, body) => el("article", {}, el("h1", { tabindex: "-1" }, title), ...proseOr(body));

const productView = (product) =>
  el(
    "article",
    {},
    el("h1", { tabindex: "-1" }, product.overview?.title ?? product.name),
    ...proseOr(product.overview?.body ?? product.description),
  );

function endpointView(site, { document, path, method, name, endpoint, body, canTry }) {
  Object.assign(given, { document: site.documents[document], examples: {}, closed: { routes: [] } });
  const operation = listOperations().find((one) => one.verb === method && one.path === path);
  if (operation === undefined) return textView(name, body);
  const view = operationView(operation, { title: name, text: body, canTry });
  view
    .querySelector(".route")
    .after(el("p", {}, el("code", { id: "endpoint" }, endpoint ?? `${location.origin}${basePath()}${path}`)));
  return view;
}

function portalView({ content, products }) {
  return el(
    "article",
    {},
    el("h1", { tabindex: "-1" }, content.DisplayName),
    ...proseOr(content.Description),
    ...(products.length === 0
      ? [el("p", { class: "dim" }, "This portal has no products yet.")]
      : [
          el(
            "ul",
            { class: "cards" },
            ...products.map((product) =>
              el(
                "li",
                {},
                el("h2", {}, el("a", { href: `#${product.id}` }, product.name)),
                ...proseOr(product.description),
              ),
            ),
          ),
        ]),
  );
}

function drawList(pages, wanted) {
  const matches = matcherOf(wanted);
  const shown = pages.filter((page) => matches(`${page.product.name} ${page.section ?? ""} ${page.name}`));
  const groups = Map.groupBy(shown, ({ product }) => product);
  byId("list").replaceChildren(
    ...[...groups].flatMap(([product, members]) => [
      el("h2", {}, product.name),
      ...[...Map.groupBy(members, ({ section }) => section ?? "")].flatMap(([section, entries]) => [
        ...(section === "" ? [] : [el("h3", {}, section)]),
        el("ul", {}, ...entries.map(entryOf)),
      ]),
    ]),
    ...(shown.length === 0 ? [el("p", { class: "dim", role: "status" }, "Nothing matches.")] : []),
  );
}

const entryOf = ({ hash, name, method }) =>
  el(
    "li",
    {},
    el(
      "a",
      { href: hash, "aria-current": hash === location.hash && "page" },
      method !== undefined &&
        el("span", { class: `verb ${method.toLowerCase()}` }, method === "DELETE" ? "DEL" : method),
      el("span", { class: "path", title: name }, name),
    ),
  );

/** Colours are set as properties, since the page's policy allows no styles in its text. */
function paint({ CustomColors: colors }) {
  const root = document.documentElement;
  for (const [variable, color] of [
    ["--accent", colors.AccentColor],
    ["--paper", colors.BackgroundColor],
    ["--ink", colors.TextColor],
    ["--header", colors.HeaderColor],
    ["--navigation", colors.NavigationColor],
    ["--error", colors.ErrorValidationColor],
  ])
    root.style.setProperty(variable, color);
}

async function showPortal() {
  const response = await fetch(`${home}/site.json`);
  const site = await response.json();
  if (!response.ok) throw new Error(site.message ?? `${response.status}`);
  paint(site.content.Theme);
  byId("home").textContent = site.content.DisplayName;
  byId("state").textContent = home.endsWith("/preview") ? "Preview" : "";
  const pages = listPages(site);
  const search = byId("search");
  const show = (isFirst) => {
    const page = pages.find(({ hash }) => hash === location.hash);
    const view = page === undefined ? portalView(site) : page.view();
    byId("main").replaceChildren(view);
    drawList(pages, search.value);
    const heading = view.querySelector("h1");
    document.title =
      page === undefined ? site.content.DisplayName : `${heading.textContent} · ${site.content.DisplayName}`;
    if (isFirst) return;
    window.scrollTo(0, 0);
    heading.focus();
  };
  search.addEventListener("input", () => drawList(pages, search.value));
  focusBySlash(search);
  byId("nav").hidden = pages.length === 0;
  show(true);
  addEventListener("hashchange", () => show(false));
}

try {
  await showPortal();
} catch (error) {
  byId("main").replaceChildren(el("article", {}, el("h1", {}, "Nothing to show"), el("p", {}, error.message)));
}
