/** A stage's method settings, as UpdateStage's paths name them: `/{resourcePath}/{httpMethod}/throttling/rateLimit`. */
import { bounds } from "../../base/bounds.ts";
import { methodSettingsOf } from "../../definition/method-settings.ts";
import type { MethodSetting } from "../../definition/rest-api.ts";
import { httpMethods } from "../../definition/rules.ts";
import {
  type Convert,
  type Draft,
  decimal,
  flag,
  oneOf,
  type PatchOperation,
  type PatchStep,
  wholeNumber,
} from "../../families/patch.ts";
import { setOwn } from "../../protocol/decode.ts";
import { badRequest } from "../../protocol/errors.ts";

type Settings = Readonly<Record<string, MethodSetting>>;

/** AWS: API Gateway REST API reference, "MethodSetting"; throttles default to the account's. Recorded: no level of logging. */
const defaultSetting: MethodSetting = {
  metricsEnabled: false,
  dataTraceEnabled: false,
  throttlingBurstLimit: bounds.throttlingBurst.value,
  throttlingRateLimit: bounds.throttlingRatePerSecond.value,
  cachingEnabled: false,
  cacheTtlInSeconds: 300,
  cacheDataEncrypted: false,
  requireAuthorizationForCacheControl: true,
  unauthorizedCacheControlHeaderStrategy: "SUCCEED_WITH_RESPONSE_HEADER",
};

/** The members of a setting by the last two segments of the path that sets them. −1 removes a throttle. */
const settings: Readonly<Record<string, { readonly member: keyof MethodSetting; readonly convert: Convert }>> = {
  "metrics/enabled": { member: "metricsEnabled", convert: flag },
  "logging/dataTrace": { member: "dataTraceEnabled", convert: flag },
  "logging/loglevel": { member: "loggingLevel", convert: oneOf("OFF", "ERROR", "INFO") },
  "throttling/burstLimit": { member: "throttlingBurstLimit", convert: wholeNumber(-1, 2_147_483_647) },
  "throttling/rateLimit": { member: "throttlingRateLimit", convert: decimal(-1, 1e15) },
  "caching/ttlInSeconds": { member: "cacheTtlInSeconds", convert: wholeNumber(0, 3600) },
  "caching/enabled": { member: "cachingEnabled", convert: flag },
  "caching/dataEncrypted": { member: "cacheDataEncrypted", convert: flag },
  "caching/requireAuthorizationForCacheControl": { member: "requireAuthorizationForCacheControl", convert: flag },
  "caching/unauthorizedCacheControlHeaderStrategy": {
    member: "unauthorizedCacheControlHeaderStrategy",
    convert: oneOf("FAIL_WITH_403", "SUCCEED_WITH_RESPONSE_HEADER", "SUCCEED_WITHOUT_RESPONSE_HEADER"),
  },
};

const verbs: readonly string[] = [...httpMethods, "*"];

const settingPaths = (prefix: string): string[] => Object.keys(settings).map((name) => `${prefix}/${name}`);

// AWS quirk, as recorded: there is no comma behind the first `burstLimit`.
const listedPaths = [
  "/deploymentId",
  "/description",
  "/cacheClusterEnabled",
  "/cacheClusterSize",
  "/clientCertificateId",
  "/accessLogSettings",
  "/accessLogSettings/destinationArn",
  "/accessLogSettings/format",
  ...settingPaths("/{resourcePath}/{httpMethod}"),
  ...settingPaths("/*/*"),
  "/variables/{variable_name}",
  "/tracingEnabled",
]
  .join(", ")
  .replace("burstLimit, ", "burstLimit");

/** AWS quirk: a path that is not another path of a stage is read as that of a method setting, and refused as such. */
const invalidPath = ({ path }: PatchOperation) =>
  badRequest(`Invalid method setting path: ${path ?? "null"}. Must be one of: [${listedPaths}]`);

/**
 * Applies `replace /{resourcePath}/{httpMethod}/{group}/{name}` and `remove /{resourcePath}/{httpMethod}`. The entry's
 * key is the path as it was sent, without its first slash: `~1pets/GET`, or twice `*` for all methods.
 */
export function applyMethodSetting(draft: Draft, step: PatchStep): void {
  const segments = step.path.slice(1).split("/");
  const entries = draft["methodSettings"] as Record<string, MethodSetting>;
  if (step.op === "remove") {
    if (segments.length < 2 || !verbs.includes(segments.at(-1)!)) throw invalidPath(step.sent);
    const key = step.path.slice(1);
    if (!Object.hasOwn(entries, key)) {
      // AWS quirk: a blank at the end.
      throw badRequest(`Cannot remove method setting ${key} because there is no method setting for this method `);
    }
    delete entries[key];
    return;
  }
  const name = segments.slice(-2).join("/");
  const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
  const [verb = ""] = segments.slice(-3, -2);
  const resourcePath = segments.slice(0, -3).join("/");
  const isSetting = setting !== undefined && resourcePath !== "" && verbs.includes(verb);
  if (!isSetting || (step.op !== "replace" && step.op !== "add")) throw invalidPath(step.sent);
  const key = `${resourcePath}/${verb}`;
  const own = Object.hasOwn(entries, key) ? entries[key] : undefined;
  // A new entry starts with the values that applied to its methods before, because it must not remove a throttle.
  const current = own ?? methodSettingsOf(entries, resourcePath, verb)[0] ?? defaultSetting;
  setOwn(entries, key, { ...current, [setting.member]: setting.convert(step) });
}

/** Returns whether any entry asks for execution logs. */
export const logs = (entries: Settings): boolean =>
  Object.values(entries).some(
    ({ loggingLevel = "OFF", dataTraceEnabled }) => loggingLevel !== "OFF" || dataTraceEnabled,
  );
