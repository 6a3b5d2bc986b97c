import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { strToU8, zipSync } from "fflate";
import type { FunctionClient, InvokeOutcome, InvokeRequest } from "../src/functions/function-client.ts";
import type { FunctionSpec } from "../src/functions/function-spec.ts";
import { FunctionManager, type FunctionManagerOptions } from "../src/functions/manager.ts";
import { PackageStore } from "../src/functions/packages.ts";
import { aFunctionSpec } from "./a-function-spec.ts";

const arn = "arn:aws:lambda:us-east-1:000000000000:function:f";

export interface RunningFunctions {
  readonly manager: FunctionManager;
  readonly client: FunctionClient;
  readonly lines: string[];
  readonly packages: PackageStore;
  /** Puts a function in place; what is not given stays as it was. */
  apply(files: Record<string, string>, changes?: Partial<FunctionSpec>): Promise<void>;
  /** The present one's. */
  revisionId(): string;
  invoke(event?: unknown, more?: Partial<InvokeRequest>): Promise<InvokeOutcome>;
}

let revisions = 0;

/** A manager with one function, whose code is unpacked in a new folder in `below`; ended with the test. */
export async function start(
  t: TestContext,
  files: Record<string, string>,
  {
    options,
    below = tmpdir(),
    ...changes
  }: Partial<FunctionSpec> & { options?: Partial<FunctionManagerOptions>; below?: string } = {},
): Promise<RunningFunctions> {
  const root = mkdtempSync(join(below, "portico-manager-"));
  const lines: string[] = [];
  const print = (message: string): void => void lines.push(message);
  const logger = { debug: print, info: print, warn: print, error: print };
  const packages = new PackageStore(root);
  const manager = new FunctionManager({ packages, logger, ...options });
  t.after(async () => {
    await manager.close();
    rmSync(root, { recursive: true, force: true });
  });
  const client = manager.client();
  let spec = aFunctionSpec({ functionArn: arn });
  const apply: RunningFunctions["apply"] = async (next, more = {}) => {
    const contents = Object.entries(next).map(([name, text]) => [name, strToU8(text)] as const);
    const { hash } = await packages.save(Buffer.from(zipSync(Object.fromEntries(contents))));
    spec = { ...spec, packageHash: hash, revisionId: String(++revisions), ...more };
    await manager.apply(spec);
  };
  await apply(files, changes);
  const invoke: RunningFunctions["invoke"] = (event = {}, more = {}) =>
    client.invoke({ functionArn: arn, payload: JSON.stringify(event), wantsLogTail: true, ...more });
  return { manager, client, lines, packages, apply, revisionId: () => spec.revisionId, invoke };
}

/** A handler of an event and its context, with this body. */
export const handler = (body: string): Record<string, string> => ({
  "index.js": `exports.handler = async (event, context) => { ${body} };`,
});

/** What the function answered. */
export function answer(outcome: InvokeOutcome): unknown {
  assert.equal(outcome.kind, "ok", "payload" in outcome ? outcome.payload.toString() : JSON.stringify(outcome));
  return outcome.kind === "ok" ? JSON.parse(outcome.payload.toString()) : undefined;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
  readonly stackTrace?: readonly string[];
}

/** What its error says. */
export function functionError(outcome: InvokeOutcome): FunctionError {
  assert.equal(outcome.kind, "function-error", JSON.stringify(outcome));
  return outcome.kind === "function-error" ? JSON.parse(outcome.payload.toString()) : assert.fail();
}

export const tail = (outcome: InvokeOutcome): string =>
  outcome.kind === "service-error" ? "" : (outcome.logTail?.toString() ?? "");
