import { isDeepStrictEqual } from "node:util";
import { hasCode, type PorticoCalls } from "../portico-calls.ts";
import { checkSyntax } from "./check-syntax.ts";
import type { LocalFunction } from "./find-functions.ts";
import { type FunctionPackage, listFiles, packageFunction } from "./package-function.ts";
import { settingsProblem } from "./project.ts";
import type { Problem } from "./source-text.ts";

export interface FunctionsDeployment {
  /** The names of the functions that were made or changed. */
  readonly changed: readonly string[];
  readonly problems: readonly Problem[];
}

/** The server's state of a function, so that a save sends only what it changed. */
interface ServerFunction {
  signature: string;
  sha256: string;
  configuration: object;
  hasPermission: boolean;
}

/** A refusal that is about what `portico.yaml` may say of a function, and not about its code. */
const ofSettings = /runtime|handler|timeout|memory|environment/i;

/** Keeps the server's functions equal to the project's. A function that can't be deployed stays as it was. */
export class FunctionDeployer {
  readonly #known = new Map<string, ServerFunction>();
  readonly #folder: string;

  /** `folder` is the project's. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Forgets the server's state, after the server failed or was replaced. */
  forget(): void {
    this.#known.clear();
  }

  get names(): readonly string[] {
    return [...this.#known.keys()];
  }

  async deploy(calls: PorticoCalls, functions: readonly LocalFunction[], apiId: string): Promise<FunctionsDeployment> {
    const changed: string[] = [];
    const problems: Problem[] = [];
    await Promise.all(
      functions.map(async (one) => {
        const outcome = await this.#deployOne(calls, one);
        if (outcome.isChanged) changed.push(one.name);
        problems.push(...outcome.problems);
        if (outcome.problems.length === 0) await this.#permit(calls, one.name, apiId);
      }),
    );
    return { changed: changed.sort(), problems };
  }

  async #deployOne(
    calls: PorticoCalls,
    source: LocalFunction,
  ): Promise<{ readonly isChanged: boolean; readonly problems: readonly Problem[] }> {
    const files = listFiles(source);
    const configuration = configurationOf(source);
    const known = this.#known.get(source.name);
    const hasSameCode = known?.signature === files.signature;
    if (known && hasSameCode && isDeepStrictEqual(known.configuration, configuration))
      return { isChanged: false, problems: [] };
    const problems = hasSameCode ? [] : await checkSyntax([...files.paths.values()]);
    if (problems.length > 0) return { isChanged: false, problems };
    const code = packageFunction(source.name, files);
    try {
      const isChanged = await this.#send(calls, source.name, code, configuration);
      const hasPermission = known?.hasPermission ?? false;
      this.#known.set(source.name, { signature: files.signature, sha256: code.sha256, configuration, hasPermission });
      return { isChanged, problems: [] };
    } catch (error) {
      if (!hasCode(error, "InvalidParameterValueException", "ValidationException")) throw error;
      if (Object.keys(source.settings).length > 0 && ofSettings.test(error.message)) {
        const problem = await settingsProblem(this.#folder, ["functions", source.name], error.message);
        return { isChanged: false, problems: [problem] };
      }
      const place = { file: source.content[0]?.path ?? source.name, line: 1, column: 1 };
      return { isChanged: false, problems: [{ severity: "error", message: error.message, place }] };
    }
  }

  async #send(calls: PorticoCalls, name: string, code: FunctionPackage, configuration: object): Promise<boolean> {
    const there = await calls.find("lambda", "GetFunctionConfiguration", { FunctionName: name });
    if (!there) {
      await calls.call("lambda", "CreateFunction", {
        FunctionName: name,
        Role: `arn:aws:iam::${calls.account}:role/portico-up`,
        Code: { ZipFile: code.zip },
        ...configuration,
      });
      return true;
    }
    const isOther = Object.entries(configuration).some(([key, value]) => !isDeepStrictEqual(there[key] ?? {}, value));
    if (isOther) await calls.call("lambda", "UpdateFunctionConfiguration", { FunctionName: name, ...configuration });
    const hasOtherCode = there["CodeSha256"] !== code.sha256;
    if (hasOtherCode) await calls.call("lambda", "UpdateFunctionCode", { FunctionName: name, ZipFile: code.zip });
    return isOther || hasOtherCode;
  }

  async #permit(calls: PorticoCalls, name: string, apiId: string): Promise<void> {
    const known = this.#known.get(name);
    if (!known || known.hasPermission) return;
    await addPermission(calls, { FunctionName: name }, apiId);
    known.hasPermission = true;
  }
}

/**
 * Lets an API call a function, or a version or alias of it.
 * AWS: API Gateway developer guide, "Control access to a Lambda function": without it each call is a 500.
 */
export async function addPermission(
  calls: PorticoCalls,
  named: { readonly FunctionName: string; readonly Qualifier?: string },
  apiId: string,
): Promise<void> {
  try {
    await calls.call("lambda", "AddPermission", {
      ...named,
      StatementId: `portico-up-${apiId}`,
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: `arn:aws:execute-api:${calls.region}:${calls.account}:${apiId}/*`,
    });
  } catch (error) {
    // The statement is there from an earlier run.
    if (!hasCode(error, "ResourceConflictException")) throw error;
  }
}

/** AWS: Lambda API reference, "CreateFunction": 3 seconds and 128 MB are what a function has that asks for nothing. */
function configurationOf(source: LocalFunction): object {
  return {
    Runtime: source.runtime,
    Handler: source.handler,
    Timeout: source.settings.timeout ?? 3,
    MemorySize: source.settings.memory ?? 128,
    Environment: { Variables: source.settings.environment ?? {} },
  };
}
