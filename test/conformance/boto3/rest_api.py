"""Drives a running Portico through boto3: the life of a REST API with a Lambda function. Prints `ok` at the end."""

import base64
import io
import json
import sys
import urllib.request
import zipfile

import boto3
from botocore.exceptions import ClientError


def code(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.mjs", text)
    return packed.getvalue()


def refusal(call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError(f"{call.__name__} was expected to fail")


def main(endpoint: str) -> None:
    gateway = boto3.client("apigateway")
    functions = boto3.client("lambda")
    assert boto3.client("sts").get_caller_identity()["Account"] == "000000000000"

    functions.create_function(
        FunctionName="hello",
        Runtime="nodejs22.x",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="index.handler",
        Code={"ZipFile": code(
            "export const handler = async (event) => {\n"
            "  if (!event.pathParameters) return { direct: event };\n"
            "  return { statusCode: 201, headers: { 'x-made-by': 'lambda' },\n"
            "    body: JSON.stringify({ hello: event.pathParameters.name, q: event.multiValueQueryStringParameters }) };\n"
            "};\n"
        )},
    )
    arn = functions.get_function(FunctionName="hello")["Configuration"]["FunctionArn"]
    answer = functions.invoke(FunctionName="hello", Payload=json.dumps({"n": 1}), LogType="Tail")
    assert json.load(answer["Payload"]) == {"direct": {"n": 1}}, answer
    assert b"REPORT RequestId" in base64.b64decode(answer["LogResult"]), answer["LogResult"]

    api = gateway.create_rest_api(name="boto", endpointConfiguration={"types": ["REGIONAL"]}, tags={"team": "a"})
    assert api["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert api["apiKeySource"] == "HEADER" and api["endpointConfiguration"]["types"] == ["REGIONAL"]
    resource = gateway.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart="{name}")
    where = {"restApiId": api["id"], "resourceId": resource["id"], "httpMethod": "GET"}
    gateway.put_method(**where, authorizationType="NONE", requestParameters={"method.request.path.name": True})
    gateway.put_integration(
        **where, type="AWS_PROXY", integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    gateway.create_deployment(restApiId=api["id"], stageName="dev")
    url = f"{endpoint}/_aws/execute-api/{api['id']}/dev/world?a=1&a=2"

    try:
        urllib.request.urlopen(url)
        raise AssertionError("a function without a permission must not be called")
    except urllib.error.HTTPError as error:
        assert error.code == 500, error.code
        assert json.load(error) == {"message": "Internal server error"}

    functions.add_permission(
        FunctionName="hello", StatementId="gateway", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:000000000000:{api['id']}/*/GET/*",
    )
    with urllib.request.urlopen(url) as answer:
        assert answer.status == 201 and answer.headers["x-made-by"] == "lambda"
        assert json.load(answer) == {"hello": "world", "q": {"a": ["1", "2"]}}

    tested = gateway.test_invoke_method(**where, pathWithQueryString="/world?a=1", headers={"x": "y"})
    assert tested["status"] == 201 and json.loads(tested["body"])["hello"] == "world", tested
    assert tested["headers"]["x-made-by"] == "lambda" and tested["multiValueHeaders"]["x-made-by"] == ["lambda"], tested
    assert tested["log"].startswith("Execution log for request "), tested["log"]
    assert tested["log"].endswith("Method completed with status: 201\n"), tested["log"]

    # An answer that is not streamed is one piece of a stream, and then its end.
    streamed = functions.invoke_with_response_stream(FunctionName="hello", Payload=b"{}")
    events = list(streamed["EventStream"])
    assert events == [{"PayloadChunk": {"Payload": b'{"direct":{}}'}}, {"InvokeComplete": {}}], events

    # 30 more APIs: paging through a page size of 7 finds each once.
    made = {api["id"]} | {gateway.create_rest_api(name=f"page {n}")["id"] for n in range(30)}
    pages = list(gateway.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 7}))
    seen = [item["id"] for page in pages for item in page["items"]]
    assert len(pages) == 5 and len(seen) == len(set(seen)) and made <= set(seen), (len(pages), len(seen))

    assert refusal(gateway.get_rest_api, restApiId="nope")[::2] == ("NotFoundException", 404)
    assert refusal(gateway.put_method, **where, authorizationType="NONE") == (
        "ConflictException", "Method already exists for this resource", 409)
    status = refusal(functions.list_layers)
    assert status[0] == "NotImplementedException" and status[2] == 501 and "ListLayers" in status[1], status

    # Versions and aliases.
    assert functions.publish_version(FunctionName="hello")["Version"] == "1"
    changed = functions.update_function_code(
        FunctionName="hello", ZipFile=code("export const handler = async (e, c) => c.functionVersion;"), Publish=True)
    assert changed["Version"] == "2" and changed["FunctionArn"] == f"{arn}:2", changed
    alias = functions.create_alias(
        FunctionName="hello", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}})
    assert alias["AliasArn"] == f"{arn}:live" and alias["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 1.0}}, alias
    run = functions.invoke(FunctionName="hello", Qualifier="live")
    assert run["ExecutedVersion"] == "2" and json.load(run["Payload"]) == "2", run
    functions.update_alias(FunctionName="hello", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert functions.invoke(FunctionName="hello:live")["ExecutedVersion"] == "1"
    assert refusal(functions.delete_function, FunctionName="hello", Qualifier="1") == (
        "ResourceConflictException", "Unable to delete version because the following aliases reference it: [live]", 409)
    versions = functions.get_paginator("list_versions_by_function").paginate(FunctionName="hello")
    assert [one["Version"] for page in versions for one in page["Versions"]] == ["$LATEST", "1", "2"]

    for identifier in made:
        gateway.delete_rest_api(restApiId=identifier)
    functions.delete_function(FunctionName="hello")
    print("ok")


main(sys.argv[1])
