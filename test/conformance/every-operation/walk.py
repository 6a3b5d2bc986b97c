"""Takes a walk through boto3 or the AWS CLI: `walk.py boto3|cli SERVICE FILE DAY`, calls and expectations from the file.

The CLI runs in this process, by its own driver and from its own arguments: a process for each call would take minutes.
Prints the names of the operations that were called, one a line.
"""

import contextlib
import io
import json
import os
import re
import sys
import tempfile

from botocore import xform_name

kept = {}


def fill(value):
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: kept[found.group(1)], value)
    if isinstance(value, list):
        return [fill(item) for item in value]
    if isinstance(value, dict):
        return {name: fill(item) for name, item in value.items()}
    return value


def at(answer, path):
    """`items.0.id`; a name with dots in it is found as it stands, as the last part."""
    found = answer
    while path:
        if isinstance(found, dict) and path in found:
            return found[path]
        head, _, path = path.partition(".")
        found = found[int(head)] if isinstance(found, list) else found.get(head)
    return found


def through_boto3(service):
    import boto3
    from botocore.exceptions import ClientError

    client = boto3.client(service)

    def call(name, given):
        try:
            answer = getattr(client, xform_name(name))(**given)
        except ClientError as refusal:
            return refusal.response["Error"]["Code"]
        return answer, answer["body"].read() if hasattr(answer.get("body"), "read") else b""

    return call


def through_cli(service):
    from awscli.clidriver import create_clidriver

    driver = create_clidriver()
    file = os.path.join(tempfile.mkdtemp(), "out")

    def call(name, given):
        arguments = [service, xform_name(name, "-")]
        for member, value in given.items():
            option = xform_name(member, "-")
            if isinstance(value, bool):
                arguments.append(f"--{option}" if value else f"--no-{option}")
            else:
                arguments += [f"--{option}", value if isinstance(value, str) else json.dumps(value)]
        is_file = name in ("GetExport", "GetSdk", "ExportApi")
        printed, complaints = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complaints):
            status = driver.main([*arguments, *([file] if is_file else []), "--output", "json"])
        refusal = re.search(r"An error occurred \((\w+)\)", complaints.getvalue())
        if refusal:
            return refusal.group(1)
        assert status == 0, f"aws {' '.join(arguments)}\n{complaints.getvalue()}"
        answer = json.loads(printed.getvalue() or "{}")
        if not is_file:
            return answer, b""
        with open(file, "rb") as written:
            return answer, written.read()

    return call


def main(client, service, walk, today):
    kept["today"] = today
    call = {"boto3": through_boto3, "cli": through_cli}[client](service)
    with open(walk, encoding="utf8") as file:
        steps = json.load(file)
    for step in steps:
        name = step["call"]
        found = call(name, fill(step.get("with", {})))
        refused = found if isinstance(found, str) else None
        assert refused == step.get("refused"), f"{name}: {refused}, not {step.get('refused')}"
        answer, body = ({}, b"") if refused else found
        for path, wanted in fill(step.get("expect", {})).items():
            assert at(answer, path) == wanted, f"{name}: {path} is {at(answer, path)!r}, not {wanted!r}"
        assert body.startswith(step.get("expectBytes", "").encode()), f"{name}: {body[:80]!r}"
        for key, path in step.get("keep", {}).items():
            kept[key] = at(answer, path)
        print(name)


main(*sys.argv[1:])
