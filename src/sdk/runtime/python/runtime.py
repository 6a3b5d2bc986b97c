"""Sends an API's requests: parameters, body, API key, signature, time limit; and reads its answers."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import re
import socket
import typing
import urllib.error
import urllib.parse
import urllib.request

Body = typing.TypeVar("Body")
Parameter = typing.Union[str, int, float, bool, typing.Sequence[typing.Union[str, int, float, bool]], None]


class Credentials(typing.NamedTuple):
    """What signs requests; botocore's credentials will do as well."""

    access_key: str
    secret_key: str
    token: typing.Optional[str] = None


class Options(typing.NamedTuple):
    """Of one call: what the API does not know of, and another time limit, in seconds."""

    headers: typing.Mapping[str, str] = {}
    query: typing.Mapping[str, Parameter] = {}
    timeout: typing.Optional[float] = None


class Result(typing.Generic[Body]):
    """An answer. `body` is read by the models; `raw` is what came."""

    def __init__(self, status: int, headers: typing.Mapping[str, str], body: Body, raw: bytes):
        self.status = status
        self.headers = headers
        self.body = body
        self.raw = raw


class ApiError(Exception):
    """An answer that is not 2xx."""

    def __init__(self, result: Result[typing.Any]):
        super().__init__(f"the API answered {result.status}")
        self.status = result.status
        self.headers = result.headers
        self.body = result.body
        self.raw = result.raw


class ApiConnectionError(Exception):
    """No answer: the connection failed, or it took too long."""

    def __init__(self, cause: BaseException, is_timeout: bool):
        super().__init__("the API did not answer in time" if is_timeout else f"the API could not be reached: {cause}")
        self.is_timeout = is_timeout


class Model:
    """A structure of the API: attributes here, a JSON object on the wire."""

    _members: typing.ClassVar[typing.Dict[str, typing.Tuple[str, typing.Any]]] = {}

    def to_dict(self) -> typing.Dict[str, typing.Any]:
        """As in JSON; attributes that are None are left out."""
        values = ((name, getattr(self, attribute)) for attribute, (name, _) in self._members.items())
        return {name: encode(value) for name, value in values if value is not None}

    @classmethod
    def from_dict(cls, values: typing.Mapping[str, typing.Any]) -> typing.Any:
        """From JSON; what the model does not know is left out."""
        known = cls._members.items()
        return cls(**{attribute: decode(values[name], shape) for attribute, (name, shape) in known if name in values})


def encode(value: typing.Any) -> typing.Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {name: encode(item) for name, item in value.items()}
    return value


def decode(value: typing.Any, shape: typing.Any) -> typing.Any:
    """A shape is None (as it is), [items], {"": values} or a function that answers a model's class."""
    if isinstance(shape, list) and isinstance(value, list):
        return [decode(item, shape[0]) for item in value]
    if isinstance(shape, dict) and isinstance(value, dict):
        return {name: decode(item, shape[""]) for name, item in value.items()}
    if callable(shape) and isinstance(value, dict):
        return shape().from_dict(value)
    return value


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: typing.Any) -> None:
        return None


class Client:
    """What all clients can do. Options: credentials, region, api_key, headers, timeout (seconds), invoke_url."""

    def __init__(
        self,
        *,
        invoke_url: str,
        region: str,
        credentials: typing.Any = None,
        api_key: typing.Optional[str] = None,
        headers: typing.Optional[typing.Mapping[str, str]] = None,
        timeout: typing.Optional[float] = None,
    ):
        self._invoke_url = invoke_url.rstrip("/")
        self._region = region
        self._credentials = credentials
        self._api_key = api_key
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirects())

    def request(
        self,
        method: str,
        path: str,
        body: typing.Any = None,
        *,
        content_type: str = "application/json",
        options: typing.Optional[Options] = None,
    ) -> Result[typing.Any]:
        """Any request to the API: `path` as in the URL, below the stage. For methods without an operation (ANY)."""
        return self._send(method, path, [], {}, body, content_type, {}, {}, options)

    def _call(
        self,
        method: str,
        path: str,
        *,
        path_parameters: typing.Mapping[str, typing.Any],
        query: typing.Mapping[str, Parameter],
        headers: typing.Mapping[str, Parameter],
        body: typing.Any,
        content_type: str,
        answers: typing.Mapping[int, typing.Any],
        failures: typing.Mapping[int, typing.Any],
        options: typing.Optional[Options],
    ) -> Result[typing.Any]:
        expanded = re.sub(r"\{([^}+]+)(\+?)\}", lambda found: _segment(found, path_parameters), path)
        modelled = {name: _text(value) for name, value in headers.items() if value is not None}
        return self._send(
            method, expanded, _pairs(query), modelled, body, content_type, answers, failures, options
        )

    def _send(
        self,
        method: str,
        path: str,
        query: typing.List[typing.Tuple[str, str]],
        modelled: typing.Mapping[str, str],
        body: typing.Any,
        content_type: str,
        answers: typing.Mapping[int, typing.Any],
        failures: typing.Mapping[int, typing.Any],
        options: typing.Optional[Options],
    ) -> Result[typing.Any]:
        more = options or Options()
        data = _body_bytes(body)
        headers = {"accept": "application/json"}
        if data is not None:
            headers["content-type"] = content_type
        if self._api_key is not None:
            headers["x-api-key"] = self._api_key
        for some in (self._headers, modelled, more.headers):
            headers.update({name.lower(): str(value) for name, value in some.items()})
        search = "&".join(f"{_quote(name)}={_quote(value)}" for name, value in query + _pairs(more.query))
        mark = "" if search == "" else "&" if "?" in path else "?"
        url = f"{self._invoke_url}{path}{mark}{search}"
        credentials = self._credentials() if callable(self._credentials) else self._credentials
        if credentials is not None:
            _sign(method, url, headers, data or b"", self._region, credentials)
        request = urllib.request.Request(url, data=data, headers=headers, method=method)
        timeout = self._timeout if more.timeout is None else more.timeout
        try:
            try:
                answer = self._opener.open(request, **({} if timeout is None else {"timeout": timeout}))
            except urllib.error.HTTPError as error:
                answer = error
            with answer:
                status = answer.status if answer.status is not None else 0
                raw = answer.read()
                answer_headers = answer.headers
        except (OSError, urllib.error.URLError) as error:
            reason = getattr(error, "reason", error)
            raise ApiConnectionError(error, isinstance(reason, (socket.timeout, TimeoutError))) from error
        value = _read_body(answer_headers.get("content-type", ""), raw)
        if 200 <= status < 300:
            return Result(status, answer_headers, decode(value, answers.get(status)), raw)
        error_class, shape = failures.get(status, (ApiError, None))
        raise error_class(Result(status, answer_headers, decode(value, shape), raw))


def _text(value: typing.Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _pairs(parameters: typing.Mapping[str, Parameter]) -> typing.List[typing.Tuple[str, str]]:
    pairs = []
    for name, value in parameters.items():
        values = value if isinstance(value, (list, tuple)) else [] if value is None else [value]
        pairs += [(name, _text(one)) for one in values]
    return pairs


def _quote(text: str) -> str:
    """RFC 3986: everything but unreserved characters."""
    return urllib.parse.quote(text, safe="-_.~")


def _segment(found: typing.Match[str], parameters: typing.Mapping[str, typing.Any]) -> str:
    name, greedy = found.groups()
    value = parameters.get(name)
    if value is None:
        raise ValueError(f"{name} must be defined")
    segments = _text(value).split("/") if greedy else [_text(value)]
    # A URL can't have such a segment: it would name another resource.
    if segments == [""] or any(segment in (".", "..") for segment in segments):
        raise ValueError(f"{name} must not be {json.dumps(_text(value))}")
    return "/".join(_quote(segment) for segment in segments)


def _body_bytes(body: typing.Any) -> typing.Optional[bytes]:
    """Text and bytes as they are, everything else as JSON."""
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    return body.encode() if isinstance(body, str) else json.dumps(encode(body)).encode()


def _read_body(content_type: str, raw: bytes) -> typing.Any:
    """By its media type: JSON, text, or else bytes. None if there is nothing."""
    if not raw:
        return None
    media_type = content_type.split(";")[0].strip().lower()
    if re.search(r"[/+]json$", media_type):
        try:
            return json.loads(raw)
        except ValueError:
            return raw.decode(errors="replace")
    if media_type == "" or media_type.startswith("text/") or re.search(r"[/+]xml$|urlencoded$", media_type):
        return raw.decode(errors="replace")
    return raw


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _sign(
    method: str, url: str, headers: typing.Dict[str, str], body: bytes, region: str, credentials: typing.Any
) -> None:
    """Adds the signature's headers. AWS: IAM user guide, "Create a signed AWS API request"."""
    if hasattr(credentials, "get_frozen_credentials"):
        credentials = credentials.get_frozen_credentials()
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers["x-amz-date"] = moment
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    parts = urllib.parse.urlsplit(url)
    # 1. The canonical request; path segments are encoded once more, as for all services but S3.
    signed = {name: " ".join(value.split()) for name, value in headers.items()}
    default_port = {"http": 80, "https": 443}.get(parts.scheme)
    signed["host"] = parts.netloc if parts.port != default_port else parts.hostname or ""
    names = ";".join(sorted(signed))
    canonical_request = "\n".join(
        [
            method,
            "/".join(_quote(segment) for segment in parts.path.split("/")),
            "&".join(sorted(parts.query.split("&"))),
            *(f"{name}:{signed[name]}" for name in sorted(signed)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    # 2. The string to sign.
    scope = f"{moment[:8]}/{region}/execute-api/aws4_request"
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, digest])
    # 3. The signing key, and 4. the signature.
    key = f"AWS4{credentials.secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, to_sign).hex()
    credential = f"Credential={credentials.access_key}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
