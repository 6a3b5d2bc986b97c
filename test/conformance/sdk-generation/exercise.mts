// Uses a generated TypeScript SDK as its user would, and prints what it saw as JSON. The test replaces the import's name.
import { ApiConnectionError, ApiError, isApiError, type models, SimpleCalcClient } from "./generated/src/client.ts";

const seen: Record<string, unknown> = {};
const plain = new SimpleCalcClient();
const sum = await plain.getApiRoot({ a: 1, b: 2, op: "+" });
seen["sum"] = sum.body.output?.c;
seen["product"] = (await plain.postApiRoot({ body: { a: 6, b: 7, op: "*" } })).body.output?.c;
seen["inPath"] = (await plain.getABOp({ a: 1, b: 2, op: "ä /?&%+ '()!" })).body.input?.op;
const pet: models.Pet = {
  name: "Rex",
  kind: 'dog\'s "friend"',
  weight: 1.5,
  isTame: false,
  tags: ["a"],
  friends: [{ name: "Tom" }],
  owner: { name: "Ann", "e-mail": "a@b" },
  scores: { x: 1 },
  class: "c",
  end: "e",
  größe: "ß",
  anything: { free: [1, null] },
};
const created = await plain.postPets({ body: pet });
seen["created"] = [created.status, created.headers.get("location"), created.body];

const client = new SimpleCalcClient({
  credentials: async () => ({ accessKeyId: "AKIDSDK", secretAccessKey: "secret/+=", sessionToken: "token/+=" }),
  region: "eu-west-1",
  apiKey: "key-1",
});
const echo = await client.listPets(
  { type: "a b&c=d/é", page: 2, "X-Trace": "t 1" },
  { headers: { "X-More": "more" }, query: { z: "*'()!", y: "" } },
);
seen["echo"] = echo.body;
seen["signedBody"] = (await client.postPets({ body: { name: "ü" } })).body.name;
type Echo = { headers: Record<string, string>; body: string; target: string };
const put = (await client.putPhoto({ body: Uint8Array.of(0, 255, 137, 10) })).body as Echo;
seen["put"] = [put.headers["content-type"], put.body];
const photo = (await plain.getPhoto()).body;
seen["photo"] = photo instanceof Uint8Array && Buffer.from(photo).toString("base64");
seen["file"] = ((await client.getFilesProxy({ proxy: "a/b c/ü.txt" })).body as Echo).target;
const more = (await plain.request("DELETE", "/x/y?q=1", { z: 1 }, { query: { page: [1, 2] } })).body as Echo;
if (more.target !== "/echo?q=1&page=1&page=2") throw new Error(more.target);

const deleted = await plain.deletePetsPetId({ petId: 1 });
if (deleted.status !== 204 || deleted.body !== undefined) throw new Error(String(deleted.body));

const failing = (petId: string): Promise<unknown> => plain.getPetsPetId({ petId }).catch((one: unknown) => one);
const missing = await failing("404");
if (isApiError<models.NotFound>(missing, 404)) {
  seen["error404"] = [missing.status, missing.body.code, missing.body.message, missing.headers.get("x-reason")];
}
const wrong = await failing("500");
seen["error500"] = wrong instanceof ApiError && [wrong.status, wrong.body];
seen["dots"] = await plain.getPetsPetId({ petId: ".." }).catch((error: Error) => error.message);
const late: unknown = await plain.getSlow({}, { timeoutMs: 50 }).catch((error: unknown) => error);
seen["timeout"] = late instanceof ApiConnectionError && late.isTimeout;
const nowhere = new SimpleCalcClient({ invokeUrl: "http://127.0.0.1:1/x" });
const unreachable: unknown = await nowhere.getApiRoot({}).catch((error: unknown) => error);
seen["unreachable"] = unreachable instanceof ApiConnectionError && !unreachable.isTimeout;
console.log(JSON.stringify(seen));
