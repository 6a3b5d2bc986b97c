// An operation: what it takes and answers, and a form that calls it.

import { closedReason, securityOf, titleOf } from "./description.mjs";
import { el } from "./element.mjs";
import { inline, proseOr } from "./prose.mjs";
import { bodyOf, field } from "./schema.mjs";
import { tryView } from "./try-it.mjs";

/** `title` and `text` stand in place of the operation's own; without `canTry` there is no form. */
export function operationView(operation, { title = titleOf(operation), text, canTry = true } = {}) {
  const { verb, path } = operation;
  const groups = [
    ["path", "Path"],
    ["query", "Query"],
    ["header", "Headers"],
  ].flatMap(([where, heading]) => {
    const parameters = operation.parameters.filter((parameter) => parameter.in === where);
    if (parameters.length === 0) return [];
    const items = parameters.map((parameter) =>
      field(
        parameter.name,
        { ...parameter.schema, description: parameter.description },
        parameter.required === true,
        0,
      ),
    );
    return [el("h3", {}, heading), el("ul", { class: "fields" }, ...items)];
  });
  const { requestBody } = operation;
  const answers = Object.entries(operation.responses ?? {});
  return el(
    "article",
    {},
    el("h1", { tabindex: "-1" }, title),
    el(
      "div",
      { class: "route" },
      ...(title === `${verb} ${path}` ? [] : routeOf(operation)),
      operation.deprecated === true && el("span", { class: "badge warn" }, "deprecated"),
      closedReason(operation) !== undefined && closedBadge(),
    ),
    el(
      "div",
      { class: "columns" },
      el(
        "div",
        {},
        ...closedNote(closedReason(operation)),
        ...proseOr(text ?? operation.description),
        ...securityNotes(operation),
        ...(groups.length > 0 ? [el("h2", {}, "Parameters"), ...groups] : []),
        ...(requestBody === undefined
          ? []
          : [
              el("h2", {}, "Body"),
              ...proseOr(requestBody.description),
              ...bodyOf(requestBody.content, { isRequest: true }),
            ]),
        ...(answers.length > 0 ? [el("h2", {}, "Answers"), ...answers.map(answerView)] : []),
      ),
      canTry && tryView(operation),
    ),
  );
}

const routeOf = ({ verb, path }) => [
  el("span", { class: `verb ${verb.toLowerCase()}` }, verb),
  el(
    "span",
    {},
    ...path.split(/(\{[^}]*\})/).map((part) => (part.startsWith("{") ? el("span", { class: "variable" }, part) : part)),
  ),
];

function answerView([code, response]) {
  const headers = Object.entries(response.headers ?? {});
  const isSaid = response.description !== `${code} response`;
  return el(
    "section",
    { class: "answer" },
    el(
      "h3",
      {},
      el("span", { class: `status s${code[0]}` }, code),
      isSaid && el("span", {}, ...inline(response.description ?? "")),
    ),
    ...bodyOf(response.content, { isExampleOpen: code[0] === "2" }),
    headers.length > 0 &&
      el(
        "details",
        {},
        el("summary", {}, "Headers"),
        el(
          "ul",
          { class: "fields" },
          ...headers.map(([name, header]) =>
            field(name, { ...header.schema, description: header.description }, false, 0),
          ),
        ),
      ),
  );
}

export const closedBadge = (text = "closed") => el("span", { class: "badge closed" }, text);

export const closedNote = (reason, what = "This operation") =>
  reason === undefined
    ? []
    : [el("div", { class: "note closed" }, `${what} is closed, and answers 501: `, el("code", {}, reason))];

function securityNotes(operation) {
  const notes = securityOf(operation).map(({ name, kind, in: where, parameter, description }) => {
    const words = {
      iam: [
        "Callers sign their requests with AWS credentials (Signature Version 4). This page can't; ",
        el("code", {}, "curl --aws-sigv4"),
        " can.",
      ],
      key: ["Callers send an API key in the header ", el("code", {}, parameter ?? "x-api-key"), "."],
      token: [`Callers send a token that the authorizer ${name} takes, as `, el("code", {}, "Bearer …"), "."],
      authorizer: [
        `The authorizer ${name} decides by `,
        parameter === "Unused" ? "the request" : el("code", {}, `${where} ${parameter}`),
        ".",
      ],
    }[kind];
    return el("div", { class: "note" }, ...words, ...proseOr(description));
  });
  return notes;
}
