# Makes the calls of HTTP APIs' subtypes as boto3 makes them, against the server in the first argument.
import sys

import boto3
from botocore.config import Config

URL = sys.argv[1]
MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:greeting"


def client(name):
    # Step Functions and others put a prefix before the host unless they are told not to.
    return boto3.client(name, endpoint_url=URL, config=Config(inject_host_prefix=False, retries={"max_attempts": 1}))


entry = {
    "Detail": '{"n":1}',
    "DetailType": "new",
    "EventBusName": "shop",
    "Resources": ["a", "b"],
    "Source": "of.mine",
    "Time": "2026-01-02T03:04:05Z",
}
client("events").put_events(Entries=[entry])
client("kinesis").put_record(StreamName="orders", Data=b"\x00some data", PartitionKey="one", ExplicitHashKey="7")
steps = client("stepfunctions")
steps.start_execution(stateMachineArn=MACHINE, name="one", input='{"a": "b"}')
steps.start_sync_execution(stateMachineArn=MACHINE, name="one", input="{}", traceHeader="t")
steps.stop_execution(executionArn=MACHINE, cause="c", error="e")
client("appconfig").get_configuration(
    Application="my app", Environment="a/b", Configuration="c", ClientId="i d", ClientConfigurationVersion="2"
)
