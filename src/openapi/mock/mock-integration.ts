/** One answer that a mock can give. */
export interface MockAnswer {
  readonly statusCode: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The bodies by media type, the default one first. */
  readonly bodies: readonly MockBody[];
}

export interface MockBody {
  readonly mediaType: string;
  /** The examples. The first is the default; those with names can be chosen. */
  readonly examples: readonly MockExample[];
}

export interface MockExample {
  readonly name: string | undefined;
  readonly text: string;
  /** A template that is printed in place of the text. */
  readonly template?: string;
}

/**
 * Returns a template that prints an object as JSON. Members named like a variable of the path get the request's value.
 * Returns undefined if there are none.
 */
export function echoTemplate(object: Readonly<Record<string, unknown>>, path: string): string | undefined {
  const variables = new Set([...path.matchAll(/\{([\w.-]+)\}/g)].map(([, name]) => name));
  const echoes = Object.entries(object).map(([name, made]) => (variables.has(name) ? echo(name, made) : undefined));
  if (echoes.every((template) => template === undefined)) return undefined;
  const members = Object.entries(object).map(
    ([name, made], index) => literal(`${JSON.stringify(name)}:`) + (echoes[index] ?? literal(JSON.stringify(made))),
  );
  return `{${members.join(",")}}`;
}

/**
 * Returns a template that prints the path's value. A value with escapes is answered as it was made, because decoding a
 * malformed escape would fail.
 */
function echo(name: string, made: unknown): string | undefined {
  const forms: Readonly<Record<string, readonly [condition: string, value: string]>> = {
    string: [`$v != '' && !$v.contains('%')`, `"$util.escapeJavaScript($v).replaceAll("\\\\'", "'")"`],
    number: [`$v.matches('0|[1-9][0-9]{0,14}')`, "$v"],
  };
  const form = forms[typeof made];
  if (form === undefined) return undefined;
  const [condition, value] = form;
  return `#set($v = $input.params('${name}'))#if(${condition})${value}#{else}${quoted(JSON.stringify(made))}#end`;
}

/**
 * Returns the `x-amazon-apigateway-integration` of a mock. The first answer is the default one. `Prefer: code=404` and
 * `Prefer: example=NAME` choose others, as in Prism (RFC 7240 defines the header).
 */
export function mockIntegration(answers: readonly MockAnswer[], requestMediaTypes: readonly string[]): object {
  const template = requestTemplate(answers);
  // The types that curl and fetch send by themselves are often not in the document.
  const types = new Set(["application/json", ...requestMediaTypes, "application/x-www-form-urlencoded", "text/plain"]);
  return {
    type: "mock",
    // A MOCK can't read bytes, whatever types are binary for the API.
    contentHandling: "CONVERT_TO_TEXT",
    requestTemplates: Object.fromEntries([...types].map((type) => [type, template])),
    responses: Object.fromEntries(
      answers.map((answer, index) => [index === 0 ? "default" : answer.statusCode, response(answer)]),
    ),
  };
}

function response({ statusCode, headers, bodies }: MockAnswer): object {
  return {
    statusCode,
    responseParameters: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
    ),
    ...(bodies.length > 0 && {
      responseTemplates: Object.fromEntries(bodies.map((body) => [body.mediaType, responseTemplate(body)])),
    }),
  };
}

/**
 * Reads the request's preference. Names of headers are compared with their case in `$input.params`, so several forms
 * are tried; a query parameter of the name also counts.
 */
const preference = (name: "code" | "example"): string =>
  `#set($prefer = ",$!input.params('Prefer'),$!input.params('prefer')")` +
  `#set($${name} = $prefer.replaceFirst('^.*[,; ]${name}="?([^",;]*).*$', '$1').trim())`;

function requestTemplate(answers: readonly MockAnswer[]): string {
  const [first, ...others] = answers;
  const byName = new Map<string, string>();
  for (const { statusCode, bodies } of answers) {
    for (const name of bodies.flatMap(namesOf)) if (!byName.has(name)) byName.set(name, statusCode);
  }
  // Names that lead to the default answer need no branch.
  const named = [...byName].filter(([, statusCode]) => statusCode !== first!.statusCode);
  const choices = [
    ...(named.length > 0 ? answers : others).map(({ statusCode }) => [`$code == '${statusCode}'`, statusCode]),
    ...named.map(([name, statusCode]) => [`$example == '${name}'`, statusCode]),
  ];
  if (choices.length === 0) return `{"statusCode": ${first!.statusCode}}`;
  const cases = choices.map(
    ([condition, statusCode], index) => `#${index === 0 ? "if" : "elseif"}(${condition})${statusCode}`,
  );
  const read = preference("code") + (named.length > 0 ? preference("example") : "");
  return `${read}{"statusCode": ${cases.join("")}#{else}${first!.statusCode}#end}`;
}

/** Names that a header can carry and that need no quoting in a template. */
const choosable = /^[\w.:/ -]+$/;

const namesOf = ({ examples }: MockBody): readonly string[] =>
  examples.flatMap(({ name }) => (name !== undefined && choosable.test(name) ? [name] : []));

function responseTemplate(body: MockBody): string {
  const [first, ...others] = body.examples;
  const names = new Set(namesOf(body));
  const chosen = others.filter(({ name }) => name !== undefined && names.has(name));
  // A made value is the only one.
  if (chosen.length === 0) return first!.template ?? literal(first!.text);
  const cases = chosen.map(
    ({ name, text }, index) => `#${index === 0 ? "if" : "elseif"}($example == '${name}')${quoted(text)}`,
  );
  return `${preference("example")}${cases.join("")}#{else}${quoted(first!.text)}#end`;
}

/** Returns text that a template prints as it is. */
const literal = (text: string): string => (/[#$]/.test(text) ? quoted(text) : text);

/** Velocity does not evaluate the content of `#[[…]]#`. */
const quoted = (text: string): string => `#[[${text.replaceAll("]]#", "]]]]##[[#")}]]#`;
