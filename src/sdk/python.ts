import type { SdkFiles } from "./generate-sdk.ts";
import { Names, pascalCase, snakeCase } from "./identifiers.ts";
import {
  type Failures,
  inputMembers,
  methodTable,
  nameFailures,
  nameOperations,
  type SdkApi,
  type SdkOperation,
  type SdkParameter,
} from "./sdk-api.ts";
import type { SdkParameters } from "./sdk-types.ts";
import type { Shape, Structure } from "./shapes.ts";
import { hashComment, pythonString, tomlString } from "./source-text.ts";

/** Python's keywords in lower case, and the builtins that annotations name. */
const keywords = (
  "and as assert async await break class continue def del elif else except finally for from global if import in is " +
  "lambda nonlocal not or pass raise return try while with yield str int float bool"
).split(" ");
const clientMembers = [...keywords, "request"];
const parameterNames = [...keywords, "self", "body", "options", "models", "errors", "runtime", "typing"];
const modelMembers = [...keywords, "self", "to_dict", "from_dict"];

/** Writes a package that needs the standard library only. AWS has no such SDK. */
export function writePython(api: SdkApi, parameters: SdkParameters): SdkFiles {
  const service = pascalCase(parameters.get("service.name") ?? api.name);
  const packageName = parameters.get("python.package-name") ?? `${snakeCase(service)}_sdk`;
  const version = parameters.get("python.package-version") ?? "1.0.0";
  const failures = nameFailures(api, "Error", ["ApiError", "ApiConnectionError"]);
  const files = {
    "__init__.py": packageFile(service),
    "client.py": clientFile(api, service, failures),
    "errors.py": errorsFile(failures),
    "models.py": modelsFile(api),
    "py.typed": "",
  };
  return {
    folder: packageName.replaceAll("_", "-"),
    runtimePath: (path) => `${packageName}/${path}`,
    files: {
      ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`${packageName}/${name}`, text])),
      "pyproject.toml": projectFile(packageName, version),
      "README.md": readme(api, service, packageName),
    },
  };
}

const packageFile = (service: string): string => `from . import errors, models
from .client import ${service}Client
from .runtime import ApiConnectionError, ApiError, Credentials, Options, Result

__all__ = ["ApiConnectionError", "ApiError", "Credentials", "Options", "Result", "${service}Client", "errors", "models"]
`;

function errorsFile(failures: Failures): string {
  const classes = Array.from(
    failures.values(),
    ({ name, shape }) => `

class ${name}(runtime.ApiError):
    body: ${typeOf(shape, "models.")}
`,
  );
  return `from __future__ import annotations

import typing

from . import models, runtime
${classes.join("")}`;
}

function modelsFile(api: SdkApi): string {
  return `from __future__ import annotations

import dataclasses as _dataclasses
import typing as _typing

from . import runtime as _runtime
${api.structures.map(writeClass).join("")}`;
}

function writeClass({ name, description, members }: Structure): string {
  const names = new Names(modelMembers);
  const named = members.map((member) => ({ ...member, attribute: names.take(snakeCase(member.name)) }));
  const fields = named.map(
    ({ attribute, shape, description: text }) =>
      `${text === "" ? "" : hashComment(text, "    ")}    ${attribute}: _typing.Optional[${typeOf(shape, "", "_typing")}] = None\n`,
  );
  const facts = named.map(
    ({ attribute, name: wire, shape }) =>
      `    ${pythonString(attribute)}: (${pythonString(wire)}, ${decoder(shape)}),\n`,
  );
  return `

@_dataclasses.dataclass
class ${name}(_runtime.Model):
${description === "" ? "" : `    ${pythonString(description)}\n\n`}${fields.join("")}

${name}._members = {
${facts.join("")}}
`;
}

function typeOf(shape: Shape, prefix: string, typing = "typing"): string {
  switch (shape.kind) {
    case "string":
      return shape.values === undefined ? "str" : `${typing}.Literal[${shape.values.map(pythonString).join(", ")}]`;
    case "number":
      return "float";
    case "integer":
      return "int";
    case "boolean":
      return "bool";
    case "list":
      return `${typing}.List[${typeOf(shape.items, prefix, typing)}]`;
    case "map":
      return `${typing}.Dict[str, ${typeOf(shape.values, prefix, typing)}]`;
    case "structure":
      return `${prefix}${shape.name}`;
    case "any":
      return `${typing}.Any`;
  }
}

/** What \`runtime.decode\` reads a value by. */
function decoder(shape: Shape, prefix = ""): string {
  switch (shape.kind) {
    case "list":
      return `[${decoder(shape.items, prefix)}]`;
    case "map":
      return `{"": ${decoder(shape.values, prefix)}}`;
    case "structure":
      return `lambda: ${prefix}${shape.name}`;
    default:
      return "None";
  }
}

function clientFile(api: SdkApi, service: string, failures: Failures): string {
  const methods = nameOperations(api, snakeCase, clientMembers).map(([name, operation]) =>
    writeMethod(name, operation, failures),
  );
  return `from __future__ import annotations

import typing

from . import errors, models, runtime


class ${service}Client(runtime.Client):
    ${pythonString(`The client of ${api.name}.\n\n${api.description}`.trimEnd())}

    def __init__(
        self,
        *,
        invoke_url: str = ${pythonString(api.invokeUrl)},
        region: str = ${pythonString(api.region)},
        **options: typing.Any,
    ):
        super().__init__(invoke_url=invoke_url, region=region, **options)
${methods.join("")}`;
}

function writeMethod(name: string, operation: SdkOperation, failures: Failures): string {
  const names = new Names(parameterNames);
  const members = new Map(
    inputMembers(operation).map((member) => [member.name, { ...member, argument: names.take(snakeCase(member.name)) }]),
  );
  const inputs = [...members.values()].toSorted((one, other) => Number(other.isRequired) - Number(one.isRequired));
  const { body } = operation;
  const bodyType = body?.shape === undefined ? "typing.Any" : typeOf(body.shape, "models.");
  const signature = [
    ...inputs.map(({ argument, isRequired }) => `${argument}: runtime.Parameter${isRequired ? "" : " = None"}`),
    ...(body === undefined ? [] : [`body: typing.Optional[${bodyType}] = None`]),
    "options: typing.Optional[runtime.Options] = None",
  ];
  const valuesIn = (where: SdkParameter["in"]): string =>
    operation.parameters
      .filter((parameter) => parameter.in === where)
      .map((parameter) => `${pythonString(parameter.name)}: ${members.get(parameter.name)?.argument}`)
      .join(", ");
  const answers = operation.successes.flatMap(({ status, model }) => (model ? [{ status, shape: model.shape }] : []));
  const types = [...new Set(answers.map(({ shape }) => typeOf(shape, "models.")))];
  const answerType =
    types.length === 0 ? "typing.Any" : types.length === 1 ? types[0] : `typing.Union[${types.join(", ")}]`;
  const errors = operation.failures.flatMap(({ status, model }) => {
    const failure = model && failures.get(model.name);
    return failure ? [{ status, ...failure }] : [];
  });
  const raises = errors.map(({ name: error, status }) => `Raises errors.${error} for ${status}.`);
  const doc = [`${operation.httpMethod} ${operation.path}`, ...(raises.length > 0 ? ["", ...raises] : [])].join("\n");
  return `
    def ${name}(
        self,
        *,
${signature.map((part) => `        ${part},\n`).join("")}    ) -> runtime.Result[${answerType}]:
        ${pythonString(doc)}
        return self._call(
            ${pythonString(operation.httpMethod)},
            ${pythonString(operation.path)},
            path_parameters={${valuesIn("path")}},
            query={${valuesIn("query")}},
            headers={${valuesIn("header")}},
            body=${body === undefined ? "None" : "body"},
            content_type=${pythonString(body?.contentType ?? "application/json")},
            answers={${answers.map(({ status, shape }) => `${status}: ${decoder(shape, "models.")}`).join(", ")}},
            failures={${errors.map(({ status, name: error, shape }) => `${status}: (errors.${error}, ${decoder(shape, "models.")})`).join(", ")}},
            options=options,
        )
`;
}

const projectFile = (name: string, version: string): string => `[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = ${tomlString(name)}
version = ${tomlString(version)}
requires-python = ">=3.9"

[tool.setuptools]
packages = [${tomlString(name)}]

[tool.setuptools.package-data]
${tomlString(name)} = ["py.typed"]
`;

function readme(api: SdkApi, service: string, packageName: string): string {
  const methods = methodTable(nameOperations(api, snakeCase, clientMembers));
  return `# ${packageName}

A client for Python 3.9 or newer that needs the standard library only. Install it with \`pip install .\`.

\`\`\`python
from ${packageName} import ApiError, Credentials, Options, ${service}Client, errors, models

client = ${service}Client(
    credentials=Credentials("ACCESS_KEY", "SECRET_KEY"),  # signs; leave it out without IAM
    api_key="API_KEY",  # sent as x-api-key
    timeout=10,
)
result = client.method_name()  # parameters by name, and body=
print(result.status, result.headers, result.body)
\`\`\`

An answer that is not 2xx is raised as an \`ApiError\` with \`status\`, \`headers\` and \`body\`, or a class of it in
\`errors\`, where the API has a model for it; no answer as an \`ApiConnectionError\`. \`client.request(method, path, body)\`
makes any other request; \`Options\` adds headers and query parameters to a call.

${methods}`;
}
