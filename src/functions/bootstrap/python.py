# The Python runtime of Portico's functions: loads the handler, then answers invocations one at a time.
# Standard library only. Started by ../environment.ts as `python -u bootstrap/python.py SOCKET SDK-FOLDERS`, with AWS's environment
# variables and descriptor 3 as the control channel: one JSON line goes up (ready, or why not), and its end means that
# the server is gone. The frames on SOCKET are described in ../frames.ts.
# AWS: Lambda Developer Guide, "Building Lambda functions with Python"; "Define Lambda function handler in Python".
import atexit
import base64
import decimal
import importlib
import importlib.machinery
import json
import logging
import os
import selectors
import socket
import struct
import sys
import time
import traceback

KIND_INVOKE, KIND_LOG, KIND_RESULT, KIND_ERROR = 1, 2, 3, 4
HEADER_BYTES = 9
# AWS: Lambda quotas, "Invocation payload (request and response)".
RESPONSE_BYTES_MAX = 6291556
REQUEST_BYTES_MAX = 6400000
CONTROL_FD = 3

environment = os.environ
runtime = environment.get("AWS_EXECUTION_ENV", "")
is_json_log = environment.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
# AWS: from Python 3.12 on, answers hold Unicode characters instead of escapes.
escapes_unicode = runtime.endswith(("python3.9", "python3.10", "python3.11"))
real_stdout = sys.stdout


class Fault(Exception):
    """An error that the runtime itself finds, with the name that AWS gives it."""

    def __init__(self, error_type, message, stack=None):
        super().__init__(message)
        self.error_type = error_type
        self.stack = stack or []


# ---- Frames ---------------------------------------------------------------------------------------------------------


def send_frame(connection, kind, head, payload):
    header = struct.pack("<IBI", HEADER_BYTES - 4 + len(head) + len(payload), kind, len(head))
    if len(payload) > 65536:
        connection.sendall(header + head)
        connection.sendall(payload)
    else:
        connection.sendall(header + head + payload)


def receive_exactly(connection, count):
    """Reads so many bytes; None if the connection ends first."""
    whole = bytearray(count)
    view = memoryview(whole)
    filled = 0
    while filled < count:
        received = connection.recv_into(view[filled:])
        if received == 0:
            return None
        filled += received
    return whole


def receive_frame(connection):
    header = receive_exactly(connection, HEADER_BYTES)
    if header is None:
        return None
    length, kind, head_length = struct.unpack("<IBI", header)
    if kind != KIND_INVOKE or length > REQUEST_BYTES_MAX or head_length > length - 5:
        return None
    rest = receive_exactly(connection, length - 5)
    if rest is None:
        return None
    return json.loads(rest[:head_length]), bytes(rest[head_length:])


# ---- Names of folders -----------------------------------------------------------------------------------------------
# A function sees the folders that it has on this machine, so that whatever it reads is there. What it answers and prints
# has AWS's names for them: a traceback that a client sees says nothing of the server.

# Of each folder, as it may be written, its name on AWS.
aws_names = []
stdlib = os.path.dirname(os.__file__)
aws_stdlib = "/var/lang/lib/python" + (runtime.rpartition("python")[2] or "3")


def name_on_aws(path, name):
    for each in {path, os.path.realpath(path)}:
        for written in {each, json.dumps(each)[1:-1], json.dumps(each, ensure_ascii=False)[1:-1]}:
            aws_names.append((written.encode("utf-8", "replace"), name.encode()))


def with_aws_names(data):
    for written, name in aws_names:
        data = data.replace(written, name)
    return data


# ---- Output ---------------------------------------------------------------------------------------------------------


class Output:
    """What the function prints: into its invocation's log, or to the real standard output outside of one."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.connection = None
        self.request_id = ""
        self.text = []
        self.length = 0

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        self.text.append(text)
        self.length += len(text)
        # By lines, so that a function that hangs afterwards has been heard. Writing blocks while nobody reads.
        if self.length > 16384 or text.endswith("\n"):
            self.flush()
        return len(text)

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def flush(self):
        if not self.text:
            return
        data = with_aws_names("".join(self.text).encode("utf-8", "replace"))
        self.text = []
        self.length = 0
        if self.connection is None:
            os.write(self.descriptor, data)
            return
        for start in range(0, len(data), 1 << 20):
            send_frame(self.connection, KIND_LOG, b"", data[start : start + (1 << 20)])

    def isatty(self):
        return False

    def writable(self):
        return True

    def readable(self):
        return False

    def fileno(self):
        return self.descriptor


output = Output(1)


class LogHandler(logging.Handler):
    """AWS: "Log and monitor Python Lambda functions": the root logger's handler."""

    def emit(self, record):
        try:
            output.write(self.format(record))
        except Exception:
            self.handleError(record)


class TextFormatter(logging.Formatter):
    converter = time.gmtime

    def __init__(self):
        super().__init__("[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record):
        record.aws_request_id = output.request_id
        return super().format(record) + "\n"


class JsonFormatter(logging.Formatter):
    def format(self, record):
        entry = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": output.request_id,
        }
        if record.exc_info:
            kind, error, trace = record.exc_info
            entry["errorType"] = kind.__name__ if kind else None
            entry["errorMessage"] = str(error)
            entry["stackTrace"] = traceback.format_tb(trace)
        return json.dumps(entry, default=str) + "\n"


def capture_output():
    sys.stdout = output
    sys.stderr = output
    handler = LogHandler()
    handler.setFormatter(JsonFormatter() if is_json_log else TextFormatter())
    logging.root.addHandler(handler)
    level = environment.get("AWS_LAMBDA_LOG_LEVEL")
    if is_json_log and level:
        levels = {"TRACE": "DEBUG", "FATAL": "CRITICAL", "WARN": "WARNING"}
        logging.root.setLevel(levels.get(level, level))
    atexit.register(output.flush)


# ---- Errors ---------------------------------------------------------------------------------------------------------


def error_answer(error, request_id):
    """The answer that a failed invocation has. AWS: "Lambda function errors in Python"."""
    if isinstance(error, Fault):
        error_type, stack = error.error_type, error.stack
    else:
        error_type = type(error).__name__
        # Without this file's own frames.
        stack = traceback.format_list([f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__])
        stack = [frame.replace('File "' + stdlib, 'File "' + aws_stdlib) for frame in stack]
    return {"errorMessage": with_sdk_hint(error, str(error)), "errorType": error_type, "requestId": request_id, "stackTrace": stack}


def print_error(answer):
    if is_json_log:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        output.write(json.dumps({"timestamp": now, "log_level": "ERROR", **answer}) + "\n")
        return
    text = "[ERROR] %s: %s\n" % (answer["errorType"], answer["errorMessage"])
    if answer["stackTrace"]:
        text += "Traceback (most recent call last):\n" + "".join(answer["stackTrace"])
    output.write(text if text.endswith("\n") else text + "\n")


# ---- The AWS SDK ----------------------------------------------------------------------------------------------------


class SdkFinder:
    """AWS's runtimes have boto3. Here a function finds that of the project, unless it brings its own; the machine's
    interpreter knows its own packages."""

    names = frozenset(("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"))

    def __init__(self, folders):
        self.folders = folders

    def find_spec(self, name, path=None, target=None):
        if name not in self.names:
            return None
        return importlib.machinery.PathFinder.find_spec(name, self.folders, target)


def with_sdk_hint(error, text):
    """Says how a function finds a package that AWS's runtime has, in an error for which AWS has no words."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name not in ("boto3", "botocore"):
        return text
    hint = "AWS's runtime has %s; here functions find it in the project or on the machine. Run `python3 -m pip install %s`, or name a folder that has it by --aws-sdk."
    return "%s\n%s" % (text, hint % (name, name))


# ---- Names below localhost ------------------------------------------------------------------------------------------
# RFC 6761 section 6.3: they are this machine. The C library asks DNS for them, and Portico's APIs have such names in events.


def know_names_below_localhost():
    resolve = socket.getaddrinfo

    def getaddrinfo(host, *args, **kwargs):
        name = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host
        is_below = isinstance(name, str) and name.lower().rstrip(".").endswith(".localhost")
        return resolve("localhost" if is_below else host, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo


# ---- Loading the handler --------------------------------------------------------------------------------------------


def load_handler(name):
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (name, error)) from None
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault(
            "Runtime.ImportModuleError",
            with_sdk_hint(error, "Unable to import module '%s': %s" % (module_name, error)),
        ) from None
    except SyntaxError as error:
        place = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        raise Fault(
            "Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), [place]
        ) from None
    found = getattr(module, function_name, None)
    if found is None:
        raise Fault(
            "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name)
        )
    if not callable(found):
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' on module '%s' is not callable" % (function_name, module_name))
    return found


# ---- Invocations ----------------------------------------------------------------------------------------------------


class Client:
    def __init__(self, members):
        for name in ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name"):
            setattr(self, name, members.get(name))


class ClientContext:
    def __init__(self, members):
        self.client = Client(members["client"]) if isinstance(members.get("client"), dict) else None
        self.custom = members.get("custom")
        self.env = members.get("env")


class Identity:
    cognito_identity_id = None
    cognito_identity_pool_id = None


class Context:
    """AWS: "Using the Lambda context object to retrieve Python function information"."""

    def __init__(self, head):
        self.aws_request_id = head["id"]
        self.invoked_function_arn = head["arn"]
        self.function_name = environment["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environment["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = environment["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = Identity()
        self.client_context = None
        if head.get("client"):
            self.client_context = ClientContext(json.loads(base64.b64decode(head["client"])))
        self._deadline = head["deadline"]

    def get_remaining_time_in_millis(self):
        return max(int(self._deadline - time.time() * 1000), 0)

    def log(self, message):
        output.write(str(message))


def serialise(value):
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def run(handler, head, payload):
    try:
        event = json.loads(payload) if payload else {}
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from None
    return handler(event, Context(head))


def set_trace(trace):
    """Sets _X_AMZN_TRACE_ID for os.environ alone: the C library keeps every value that a variable ever had."""
    members = getattr(environment, "_data", None)
    if isinstance(members, dict):
        members[environment.encodekey("_X_AMZN_TRACE_ID")] = environment.encodevalue(trace)
    else:
        environment["_X_AMZN_TRACE_ID"] = trace


def invoke(connection, handler, head, payload):
    set_trace(head.get("trace") or "")
    output.connection = connection
    output.request_id = head["id"]
    try:
        result = run(handler, head, payload)
        try:
            text = json.dumps(result, default=serialise, ensure_ascii=escapes_unicode)
            data = text.encode("utf-8")
        except Exception as error:
            raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error) from None
    except Exception as error:
        answer = error_answer(error, head["id"])
        print_error(answer)
        finish_error(connection, answer)
        return
    if len(data) > RESPONSE_BYTES_MAX:
        message = "Response payload size exceeded maximum allowed payload size (%d bytes)." % RESPONSE_BYTES_MAX
        finish_error(connection, {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message})
        return
    finish(connection, KIND_RESULT, {"memory": memory_mb()} if head.get("memory") else None, data)


def finish_error(connection, answer):
    data = json.dumps(answer, ensure_ascii=escapes_unicode).encode("utf-8", "replace")
    if len(data) > RESPONSE_BYTES_MAX:
        answer = {**answer, "errorMessage": answer["errorMessage"][:65536], "stackTrace": []}
        data = json.dumps(answer).encode("utf-8", "replace")
    message = with_aws_names(answer["errorMessage"][:1024].encode("utf-8", "replace")).decode()
    finish(connection, KIND_ERROR, {"message": message, "memory": memory_mb()}, data)


def finish(connection, kind, head, data):
    output.flush()
    output.connection = None
    send_frame(connection, kind, json.dumps(head).encode() if head else b"", with_aws_names(data))


def memory_mb():
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used >> (20 if sys.platform == "darwin" else 10)
    except ImportError:
        return 0


# ---- Start ----------------------------------------------------------------------------------------------------------


def tell_server(message):
    rest = with_aws_names((json.dumps(message) + "\n").encode("utf-8", "replace"))
    while rest:
        rest = rest[os.write(CONTROL_FD, rest) :]


def serve(handler, path):
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(16)
    waiting = selectors.DefaultSelector()
    waiting.register(CONTROL_FD, selectors.EVENT_READ)
    waiting.register(server, selectors.EVENT_READ)
    tell_server({"ready": True})
    while True:
        for key, _ in waiting.select():
            if key.fileobj is CONTROL_FD:
                # The server says nothing here: this is the channel's end.
                os._exit(0)
            if key.fileobj is server:
                waiting.register(server.accept()[0], selectors.EVENT_READ)
                continue
            connection = key.fileobj
            try:
                frame = receive_frame(connection)
                if frame is not None:
                    invoke(connection, handler, *frame)
                    continue
            except OSError:
                output.connection = None
            waiting.unregister(connection)
            connection.close()


def main():
    path = sys.argv.pop(1)
    sdk_folders = json.loads(sys.argv.pop(1)) if len(sys.argv) > 1 else []
    task_root = environment["LAMBDA_TASK_ROOT"]
    name_on_aws(task_root, "/var/task")
    name_on_aws(os.path.abspath(__file__), "/var/runtime/bootstrap.py")
    # The system's own folders have nothing of the server's, and a function may speak of them.
    if not stdlib.startswith("/usr/"):
        name_on_aws(stdlib, aws_stdlib)
    # In place of this file's own folder.
    sys.path[0] = task_root
    if sdk_folders:
        for folder in sdk_folders:
            name_on_aws(folder, "/var/runtime")
        sys.meta_path.insert(0, SdkFinder([task_root, *sdk_folders]))
    capture_output()
    know_names_below_localhost()
    try:
        handler = load_handler(environment["_HANDLER"])
    except Exception as error:
        answer = error_answer(error, "")
        print_error(answer)
        output.flush()
        stack = [text[:4096] for text in answer["stackTrace"][-50:]]
        tell_server({"error": {**answer, "errorMessage": answer["errorMessage"][:65536], "stackTrace": stack}})
        sys.exit(1)
    serve(handler, path)


main()
