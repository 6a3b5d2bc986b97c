import { createHash } from "node:crypto";
import { bounds } from "../../base/bounds.ts";
import { type ApiKey, keyKinds, newestFirst, type UsagePlan } from "../../definition/api-key.ts";
import { restKinds } from "../../definition/rest-api.ts";
import { flag, listPaths, member, memberInValue, text } from "../../families/patch.ts";
import { nonEmpty, nowSeconds, present } from "../../families/work.ts";
import { badRequest, conflict, notFound } from "../../protocol/errors.ts";
import type { Page } from "../../protocol/paging.ts";
import { requireRoom } from "../control-service.ts";
import { checkTags, withShownTags } from "../tags/tag-rules.ts";
import { type ApiKeyRow, parseApiKeyFile } from "./api-key-file.ts";
import { joinPlan, leavePlan } from "./usage-plan-membership.ts";
import { type Change, defineResource, documents, operations, pageOfItems, type Work, writing } from "./work.ts";

const apiKeys = documents({
  kind: keyKinds.apiKey,
  member: "apiKey",
  // Recorded.
  order: "newest",
  idOf: (key: ApiKey) => key.id,
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  missing: () => notFound("Invalid API Key identifier specified"),
});

/** AWS: API Gateway developer guide, "API key file format"; users quote the shorter minimum of CreateApiKey. */
const valueLengthMin = bounds.apiKeyCharsMin.value;
const importedLengthMin = bounds.importedApiKeyCharsMin.value;
const valueLengthMax = bounds.apiKeyCharsMax.value;
const nameLengthMax = bounds.apiKeyNameCharsMax.value;
const descriptionLengthMax = bounds.apiKeyDescriptionCharsMax.value;
/** AWS: without a given value, "an alphanumeric string" of this length is made. */
const generatedLength = 40;

function checkValue(value: string, lengthMin: number): string | undefined {
  if (value.length < lengthMin) return `API Key value should be at least ${lengthMin} characters`;
  if (value.length > valueLengthMax) return `API Key value exceeds maximum size of ${valueLengthMax} characters`;
  // A rule of Portico's own: a value that no header can carry (RFC 9110 §5.5), or whose ends get lost on the way, would
  // never be recognised.
  return /^[!-~]([ -~]*[!-~])?$/.test(value) ? undefined : "API Key value contains invalid characters";
}

const checkName = (name: string | undefined): string | undefined =>
  (name ?? "").length > nameLengthMax ? `Invalid API Key name, can be at most ${nameLengthMax} characters.` : undefined;

const checkDescription = (description: string | undefined): string | undefined =>
  (description ?? "").length > descriptionLengthMax ? "Invalid API Key description specified." : undefined;

// The id of a value's document: keys are found by the value that callers send, and no two keys have the same value.

const valueId = (value: string): string => createHash("sha256").update(value).digest("hex");

const holderOf = async (work: Work, value: string): Promise<string | undefined> =>
  (await work.tx.get<{ keyId: string }>(keyKinds.apiKeyValue, valueId(value)))?.body.keyId;

const countId = "count";
/** How many keys there are, and how many were ever made. */
interface KeyCounts {
  readonly count: number;
  readonly made?: number;
}
const countKeys = async (work: Work): Promise<KeyCounts> =>
  (await work.tx.get<KeyCounts>(keyKinds.apiKeyCount, countId))?.body ?? { count: 0 };

/** Writes a key whose value was checked. */
async function addKey(work: Change, key: ApiKey): Promise<void> {
  const { count, made = 0 } = await countKeys(work);
  requireRoom(work, "apiKeys", count);
  await apiKeys.put({ ...key, place: made }, work);
  await work.tx.put(keyKinds.apiKeyValue, valueId(key.value), { keyId: key.id });
  await work.tx.put(keyKinds.apiKeyCount, countId, { count: count + 1, made: made + 1 });
  await linkStages(work, key.id, [], key.stageKeys);
}

/** Writes the stages' side of a key's legacy list. */
async function linkStages(
  work: Change,
  keyId: string,
  before: readonly string[],
  after: readonly string[],
): Promise<void> {
  for (const stageKey of before) {
    if (!after.includes(stageKey)) await work.tx.delete(keyKinds.keyOfStage, `${stageKey}/${keyId}`);
  }
  for (const stageKey of after) {
    if (!before.includes(stageKey)) await work.tx.put(keyKinds.keyOfStage, `${stageKey}/${keyId}`, {});
  }
}

/** Returns the key, without its value unless the caller asked for it. */
function view(
  key: ApiKey,
  withValue: boolean,
): Omit<ApiKey, "value" | "labels" | "place"> & { readonly value?: string } {
  const { value, labels: _, place: __, ...shown } = key;
  return withValue ? { ...shown, value } : shown;
}

const newKey = (work: Work, members: Pick<ApiKey, "id" | "value" | "enabled"> & Partial<ApiKey>): ApiKey => {
  const now = nowSeconds(work.call);
  return { createdDate: now, lastUpdatedDate: now, stageKeys: [], ...members };
};

/** Returns `{apiId}/{stageName}` of a stage, which must exist. */
async function requireStageKey(work: Work, stageKey: string): Promise<string> {
  // Unconfirmed: how AWS words it; see docs/compatibility.md, "keys, plans, certificates and VPC links, words".
  if ((await work.tx.get(restKinds.stage, stageKey)) === undefined) {
    throw notFound(`Invalid stage identifier specified: ${stageKey}`);
  }
  return stageKey;
}

async function createApiKey(work: Change<"CreateApiKey">): Promise<unknown> {
  const { input } = work;
  const isGiven = input.value !== undefined && input.value !== "";
  const value = isGiven ? input.value! : work.call.ids.id(generatedLength);
  // A legacy feature. AWS: CreateApiKey, generateDistinctId: without it, the id is the value.
  const isDistinct = input.generateDistinctId !== false;
  const message =
    checkName(input.name) ??
    checkDescription(input.description) ??
    checkValue(value, valueLengthMin) ??
    // A rule of Portico's own: such an id is a segment of paths and of other ids.
    (isDistinct || /^[A-Za-z0-9]+$/.test(value)
      ? undefined
      : "API Key value must be alphanumeric to be its identifier");
  if (message !== undefined) throw badRequest(message);
  checkTags(input.tags ?? {}, work.limits);
  const isTaken = (await holderOf(work, value)) !== undefined;
  if (isTaken || (!isDistinct && (await apiKeys.get(work, value)) !== undefined)) {
    throw conflict("API Key already exists");
  }
  const stageKeys = new Set<string>();
  for (const { restApiId, stageName } of input.stageKeys ?? []) {
    stageKeys.add(await requireStageKey(work, `${restApiId ?? ""}/${stageName ?? ""}`));
  }
  const key = present<ApiKey>({
    ...newKey(work, {
      id: isDistinct ? await apiKeys.freshId(work, 10) : value,
      value,
      enabled: input.enabled ?? false,
    }),
    name: input.name || undefined,
    description: input.description,
    customerId: input.customerId || undefined,
    stageKeys: [...stageKeys],
    labels: undefined,
    tags: nonEmpty(input.tags),
  });
  await addKey(work, key);
  return view(key, true);
}

// Importing

/**
 * Writes one row's key, as a new one or over the one that has its value. Returns its id, and adds a row's mistakes to
 * the warnings.
 */
async function importRow(work: Change, row: ApiKeyRow, warnings: string[]): Promise<string | undefined> {
  const enabled = row.enabled.toLowerCase() || "true";
  const problem =
    (row.name === "" ? "Name must not be blank" : undefined) ??
    checkName(row.name) ??
    checkDescription(row.description) ??
    checkValue(row.key, importedLengthMin) ??
    (enabled === "true" || enabled === "false" ? undefined : `Enabled must be true or false: ${row.enabled}`);
  if (problem !== undefined) {
    warnings.push(`Line ${row.line}: ${problem}`);
    return undefined;
  }
  const members = { name: row.name, description: row.description, enabled: enabled === "true" };
  const holder = await holderOf(work, row.key);
  const before = holder === undefined ? undefined : await apiKeys.get(work, holder);
  const key =
    before === undefined
      ? newKey(work, { ...members, id: await apiKeys.freshId(work, 10), value: row.key })
      : { ...before, ...members, lastUpdatedDate: nowSeconds(work.call) };
  if (before === undefined) await addKey(work, key);
  else await apiKeys.put(key, work);
  for (const planId of row.usagePlanIds) {
    const plan = (await work.tx.get<UsagePlan>(keyKinds.usagePlan, planId))?.body;
    const joined =
      plan === undefined
        ? { kind: "refused" as const, message: "Invalid Usage Plan ID specified" }
        : await joinPlan(work, plan, key.id);
    if (joined.kind === "refused") warnings.push(`Line ${row.line}: usage plan ${planId}: ${joined.message}`);
  }
  return key.id;
}

async function importApiKeys(work: Change<"ImportApiKeys">): Promise<unknown> {
  const { body, failOnWarnings } = work.input;
  let content: string;
  try {
    content = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw badRequest("Invalid API Key file: it is not UTF-8");
  }
  const file = parseApiKeyFile(content, work.limits.apiKeys);
  if (file.kind === "refused") throw badRequest(file.message);
  const ids = new Set<string>();
  const warnings: string[] = [];
  for (const row of file.rows) {
    const id = await importRow(work, row, warnings);
    if (id !== undefined) ids.add(id);
  }
  if (warnings.length > 0 && failOnWarnings === true) {
    throw badRequest(`Warnings found during import:${warnings.map((warning) => `\n\t${warning}`).join("")}`);
  }
  return { ids: [...ids], warnings };
}

// Listing, changing, deleting

async function listApiKeys(work: Work<"GetApiKeys">): Promise<Page<ApiKey>> {
  const { nameQuery, customerId } = work.input;
  return nameQuery || customerId ? findKeys(work, nameQuery ?? "", customerId) : apiKeys.list(work);
}

/** Returns a page of the keys whose names begin with a text, of one customer if one is given. */
async function findKeys(work: Work<"GetApiKeys">, nameQuery: string, customerId: string | undefined) {
  // An account may have ten thousand keys, so those that can't match are not read.
  const where = customerId ? { index: "customer", key: customerId } : { index: "name", keyPrefix: nameQuery };
  const all = (await work.tx.list<ApiKey>(keyKinds.apiKey, { where })).map((document) => document.body);
  const wanted = all.filter(
    (key) => (key.name ?? "").startsWith(nameQuery) && (!customerId || key.customerId === customerId),
  );
  const orderOf = (key: ApiKey): string => `${newestFirst(key)}${key.id}`;
  return pageOfItems(
    work,
    wanted.sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1)),
    orderOf,
  );
}

async function completeApiKey(item: ApiKey, before: ApiKey, work: Change): Promise<ApiKey> {
  const message = checkName(item.name) ?? checkDescription(item.description);
  if (message !== undefined) throw badRequest(message);
  const stageKeys = item.stageKeys ?? [];
  for (const stageKey of stageKeys) {
    if (!before.stageKeys.includes(stageKey)) await requireStageKey(work, stageKey);
  }
  await linkStages(work, item.id, before.stageKeys, stageKeys);
  return { ...item, stageKeys, lastUpdatedDate: nowSeconds(work.call) };
}

/** Deletes what belongs to a key: its value's document, its stages and its places in usage plans. */
async function deleteLinks(key: ApiKey, work: Change): Promise<void> {
  await work.tx.delete(keyKinds.apiKeyValue, valueId(key.value));
  const counts = await countKeys(work);
  await work.tx.put(keyKinds.apiKeyCount, countId, { ...counts, count: counts.count - 1 });
  await linkStages(work, key.id, key.stageKeys, []);
  for (const { id } of await work.tx.list(keyKinds.planOfKey, { prefix: `${key.id}/` })) {
    await leavePlan(work, id.slice(key.id.length + 1), key.id);
  }
}

/** AWS: API Gateway REST API reference, "ApiKey". */
export const apiKey = {
  ...defineResource({
    operations: { get: "GetApiKey", list: "GetApiKeys", update: "UpdateApiKey", delete: "DeleteApiKey" },
    place: apiKeys,
    list: listApiKeys,
    patch: {
      refuse: listPaths,
      rules: {
        "/description": member("description", text),
        "/enabled": member("enabled", flag),
        "/name": member("name", text, { clears: true }),
        "/customerId": member("customerId", text, { clears: true }),
        "/labels": memberInValue("labels", ["add", "remove"]),
        "/stages": memberInValue("stageKeys", ["add", "remove"]),
      },
    },
    complete: completeApiKey,
    onDelete: deleteLinks,
    // Recorded: GetApiKey leaves empty tags out, unlike the others.
    view: (key, { input }, by) =>
      withShownTags(view(key, input.includeValue === true || input.includeValues === true), by === "get" ? "list" : by),
  }),
  ...operations({ CreateApiKey: writing(createApiKey), ImportApiKeys: writing(importApiKeys) }),
};
