import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { run, tool } from "../../tool.ts";
import { assertExercise, serveCalculator } from "./generated-sdk.ts";

const suite = serveCalculator();

test(
  "the Python SDK calls its API with its models and errors, plainly and signed",
  tool("python3", ["-c", "import sys; assert sys.version_info >= (3, 9)"], true),
  async () => {
    const folder = await suite.unpack("python", { "service.name": "SimpleCalc" });
    await assertExercise(suite, "python3", ["-W", "error", join(import.meta.dirname, "exercise.py"), folder]);
  },
);

const botocore = `
import base64, json, sys, types
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

auth = SigV4Auth(Credentials("AKIDSDK", "secret/+=", "token/+="), "execute-api", "eu-west-1")
for one in json.loads(sys.argv[1]):
    given = one["headers"]["authorization"]
    signed = given.split("SignedHeaders=")[1].split(",")[0].split(";")
    headers = {name: one["headers"][name] for name in signed}
    url = "http://" + one["headers"]["host"] + one["target"]
    request = AWSRequest(one["method"], url, headers, base64.b64decode(one["body"]))
    request.context["timestamp"] = headers["x-amz-date"]
    text = auth.string_to_sign(request, auth.canonical_request(request))
    assert given.endswith("Signature=" + auth.signature(text, request)), one["target"]
print("ok")
`;

test(
  "botocore signs the requests of the SDKs as they are signed",
  tool("python3", ["-c", "import boto3"], true),
  async () => {
    suite.recorder.signed.splice(0);
    const folder = await suite.unpack("javascript");
    const ran = await run(process.execPath, [join(import.meta.dirname, "exercise.cjs"), folder]);
    assert.equal(ran.status, 0, ran.stderr);
    const signed = suite.recorder.signed.splice(0);
    assert.equal(signed.length, 4);
    const requests = JSON.stringify(signed.map((one) => ({ ...one, body: one.body.toString("base64") })));
    const checked = await run("python3", ["-c", botocore, requests]);
    assert.equal(checked.status, 0, checked.stderr);
    assert.equal(checked.stdout, "ok\n");
  },
);
