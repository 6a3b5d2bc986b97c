import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { type Zippable, zipSync } from "fflate";
import type { RestApiDefinition } from "../definition/rest-api.ts";
import { writeAndroid } from "./android.ts";
import { writeJava } from "./java.ts";
import { writeJavascript } from "./javascript.ts";
import { writeObjectiveC } from "./objective-c.ts";
import { writePython } from "./python.ts";
import { writeRuby } from "./ruby.ts";
import { readSdkApi, type SdkApi } from "./sdk-api.ts";
import type { SdkParameters } from "./sdk-types.ts";
import { writeSwift } from "./swift.ts";
import { writeTypescript } from "./typescript.ts";

/** The files of an SDK, by their paths in the archive's folder. */
export interface SdkFiles {
  readonly folder: string;
  /** Its users take what is the same in all SDKs of the type from elsewhere: there is no `runtime/{type}/`. */
  readonly hasRuntime?: false;
  /** Returns the path in the archive of a file of `runtime/{type}/`; by default the same path. */
  readonly runtimePath?: (path: string) => string;
  /** Adapts the text of such a file. */
  readonly runtimeText?: (text: string) => string;
  readonly files: Readonly<Record<string, string>>;
}

/** The writer of each type of SDK. */
const writers: Readonly<Record<string, (api: SdkApi, parameters: SdkParameters) => SdkFiles>> = {
  android: writeAndroid,
  java: writeJava,
  javascript: writeJavascript,
  objectivec: writeObjectiveC,
  python: writePython,
  ruby: writeRuby,
  swift: writeSwift,
  typescript: writeTypescript,
};

export interface SdkRequest {
  readonly sdkType: string;
  readonly parameters: SdkParameters;
  /** The stage's URL, without a slash at its end. */
  readonly invokeUrl: string;
  readonly region: string;
  /** The time of the files in the archive, in milliseconds. */
  readonly generatedAt: number;
}

/** Returns an SDK of what a stage serves, as the zip archive that GetSdk answers. */
export function generateSdk(definition: RestApiDefinition, request: SdkRequest): Uint8Array {
  const write = writers[request.sdkType];
  if (write === undefined) throw new Error(`there is no writer of ${request.sdkType} SDKs`);
  const { folder, files, hasRuntime = true, ...runtime } = write(readSdkApi(definition, request), request.parameters);
  const all = { ...(hasRuntime ? runtimeFiles(request.sdkType, runtime) : {}), ...files };
  const entries: Zippable = {};
  for (const [path, text] of Object.entries(all).toSorted(([one], [other]) => (one < other ? -1 : 1))) {
    entries[`${folder}/${path}`] = [Buffer.from(text), { mtime: request.generatedAt }];
  }
  return zipSync(entries);
}

/** Returns the files of `runtime/{type}/`, which are the same in all SDKs of a type. */
function runtimeFiles(
  sdkType: string,
  { runtimePath = (path) => path, runtimeText = (text) => text }: Pick<SdkFiles, "runtimePath" | "runtimeText">,
): Record<string, string> {
  const root = join(import.meta.dirname, "runtime", sdkType);
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    found.map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const path = relative(root, file).split(sep).join("/");
      return [runtimePath(path), runtimeText(readFileSync(file, "utf8"))];
    }),
  );
}
