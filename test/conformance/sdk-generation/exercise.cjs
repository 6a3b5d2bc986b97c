// Uses a generated JavaScript SDK as its user would, and prints what it saw as JSON. Arguments: the SDK's folder.
const assert = require("node:assert/strict");
const apigClientFactory = require(`${process.argv[2]}/apigClient.js`);

const credentials = { accessKey: "AKIDSDK", secretKey: "secret/+=", sessionToken: "token/+=" };

async function main() {
  const seen = {};
  const plain = apigClientFactory.newClient();
  const names =
    "aBOpGet filesProxyGet listPets petsGet petsPetIdDelete petsPetIdGet petsPost photoGet photoPatch photoPut rootGet rootPost slowGet";
  assert.equal(Object.keys(plain).sort().join(" "), names);
  seen.sum = (await plain.rootGet({ a: 1, b: 2, op: "+" })).data.output.c;
  seen.product = (await plain.rootPost(null, { a: 6, b: 7, op: "*" })).data.output.c;
  seen.inPath = (await plain.aBOpGet({ a: 1, b: 2, op: "ä /?&%+ '()!" })).data.input.op;
  const created = await plain.petsPost(
    {},
    {
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
    },
  );
  seen.created = [created.status, created.headers.location, created.data];

  const client = apigClientFactory.newClient({ ...credentials, apiKey: "key-1", region: "eu-west-1" });
  const echo = await client.listPets({ type: "a b&c=d/é", page: 2, "X-Trace": "t 1" }, null, {
    headers: { "X-More": "more" },
    queryParams: { z: "*'()!", y: "" },
  });
  seen.echo = echo.data;
  assert.equal(client.listPets, client.petsGet);
  seen.signedBody = (await client.petsPost(null, { name: "ü" })).data.name;
  assert.equal((await plain.petsPetIdDelete({ petId: 1 })).status, 204);
  // As in AWS's SDK.
  assert.equal((await plain.photoPatch(null, {})).data.body, "");

  const bytes = Uint8Array.of(0, 255, 137, 10);
  const put = await client.photoPut(null, bytes);
  seen.put = [put.data.headers["content-type"], put.data.body];
  const got = await plain.photoGet(null, null, { config: { responseType: "arraybuffer" } });
  seen.photo = Buffer.from(got.data).toString("base64");
  seen.file = (await client.filesProxyGet({ proxy: "a/b c/ü.txt" })).data.target;

  const failing = async (petId) => {
    const error = await plain.petsPetIdGet({ petId }).catch((one) => one);
    assert(error instanceof apigClientFactory.ApiGatewayError && error.response.status === error.status);
    return error;
  };
  const missing = await failing("404");
  seen.error404 = [missing.status, missing.data.code, missing.data.message, missing.headers["x-reason"]];
  const wrong = await failing("500");
  seen.error500 = [wrong.status, wrong.data];
  assert.throws(() => plain.petsPetIdGet({}), /petId must be defined/);
  assert.throws(
    () => plain.petsPetIdGet({ petId: ".." }),
    ({ message }) => {
      seen.dots = message;
      return true;
    },
  );
  const late = await plain.slowGet(null, null, { config: { timeout: 50 } }).catch((error) => error);
  seen.timeout = late.status === 0 && late.message === "timeout of 50ms exceeded";
  const nowhere = apigClientFactory.newClient({ invokeUrl: "http://127.0.0.1:1/x" });
  const unreachable = await nowhere.rootGet({}).catch((error) => error);
  seen.unreachable = unreachable.status === 0 && unreachable.message === "Network Error";
  console.log(JSON.stringify(seen));
}

main();
