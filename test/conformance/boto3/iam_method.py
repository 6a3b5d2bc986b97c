# Calls a method with AWS_IAM, signed by botocore: in the header with and without a session token, and in the query.
import os
import sys
import urllib.request
import urllib.error

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

base = sys.argv[1]
credentials = Credentials(os.environ["CALLER_KEY"], os.environ["CALLER_SECRET"], os.environ.get("CALLER_TOKEN") or None)


def call(method, path, body=None, auth=SigV4Auth):
    request = AWSRequest(method=method, url=base + path, data=body, headers={"Content-Type": "application/json"} if body else {})
    auth(credentials, "execute-api", "us-east-1").add_auth(request)
    prepared = request.prepare()
    sent = urllib.request.Request(prepared.url, data=prepared.body, headers=dict(prepared.headers), method=method)
    try:
        with urllib.request.urlopen(sent) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


print(
    call("GET", "/pets/1"),
    call("GET", "/pets/2"),
    call("POST", "/pets/1", b'{"name": "R\xc3\xa9x"}'),
    call("GET", "/pets/1?b=2&a=%2B%20x&a=1"),
    call("GET", "/pets/a%20b/@x/(1)"),
    call("GET", "/pets/1", auth=SigV4QueryAuth),
    call("GET", "/pets/2", auth=SigV4QueryAuth),
)
