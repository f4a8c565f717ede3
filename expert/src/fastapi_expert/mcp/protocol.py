"""The Model Context Protocol as a pure function: one request in, one answer out, whatever carries them.

Speaks both eras: the `initialize` handshake (2024-11-05 to 2025-11-25) and the self-contained requests of 2026-07-28,
told apart per request by the envelope in ``params._meta``. Only the standard library is imported: an agent's client
waits for `initialize`, and the official SDK takes a second to start.

Source: the specification at modelcontextprotocol.io, revisions as named, and JSON-RPC 2.0.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from fastapi_expert import __version__
from fastapi_expert.errors import ExpertError
from fastapi_expert.tool import Answer, Json, Refused, Tool

HANDSHAKE_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
ENVELOPE_VERSIONS = ("2026-07-28",)
_META = "io.modelcontextprotocol/"

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
RESOURCE_NOT_FOUND, UNSUPPORTED_VERSION = -32002, -32022


class RpcError(Exception):
    """A fault of the request itself; what a tool finds wrong is a tool result instead, so that the model reads it."""

    def __init__(self, code: int, message: str, data: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Capabilities(Protocol):
    """What the server offers; `protocol` knows how to say it, this knows what it is."""

    @property
    def instructions(self) -> str: ...
    @property
    def tools(self) -> Mapping[str, Tool]: ...
    def resources(self) -> Sequence[Json]: ...
    def templates(self) -> Sequence[Json]: ...
    def read_resource(self, uri: str) -> Json: ...
    def prompts(self) -> Sequence[Json]: ...
    def prompt(self, name: str, arguments: Mapping[str, str]) -> Json: ...


class Server:
    """Answers one JSON-RPC message at a time; holds no state of a connection."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities
        self._methods: dict[str, Callable[[Json], Json]] = {
            "initialize": self._initialize,
            "server/discover": self._discover,
            "ping": lambda _: {},
            "tools/list": self._list_tools,
            "tools/call": self._call_tool,
            "resources/list": lambda params: self._listed(params, "resources", capabilities.resources()),
            "resources/templates/list": lambda params: self._listed(
                params, "resourceTemplates", capabilities.templates()
            ),
            "resources/read": lambda params: capabilities.read_resource(_text(params, "uri")),
            "prompts/list": lambda params: self._listed(params, "prompts", capabilities.prompts()),
            "prompts/get": lambda params: capabilities.prompt(_text(params, "name"), params.get("arguments") or {}),
        }

    @property
    def instructions(self) -> str:
        return self._capabilities.instructions

    def is_long(self, tool: object) -> bool:
        """Whether a call of the tool of that name may take minutes."""
        known = self._capabilities.tools.get(tool) if isinstance(tool, str) else None
        return known is not None and known.is_long

    def answer(self, message: object) -> Json | None:
        """The response to `message`, or None when it is a notification or itself a response."""
        if not isinstance(message, dict):
            return _error(None, RpcError(INVALID_REQUEST, "a message is a JSON object; batches are not served"))
        request = cast("Json", message)
        identity, method = request.get("id"), request.get("method")
        if "method" not in request and ("result" in request or "error" in request):
            return None
        if request.get("jsonrpc") != "2.0" or not isinstance(method, str) or isinstance(identity, bool | dict | list):
            return _error(None, RpcError(INVALID_REQUEST, "not a JSON-RPC 2.0 request"))
        if "id" not in request:
            return None
        if identity is None:
            return _error(None, RpcError(INVALID_REQUEST, "the id of a request is a string or a number"))
        try:
            return {"jsonrpc": "2.0", "id": identity, "result": self._result(method, request.get("params"))}
        except RpcError as error:
            return _error(identity, error)
        except ExpertError as error:
            return _error(identity, RpcError(INTERNAL_ERROR, str(error)))

    def _result(self, method: str, params: object) -> Json:
        if params is not None and not isinstance(params, dict):
            raise RpcError(INVALID_PARAMS, "params must be an object")
        fields = cast("Json", params or {})
        enveloped = method != "initialize" and _is_enveloped(fields)
        handler = self._methods.get(method)
        if handler is None or (method == "server/discover" and not enveloped):
            raise RpcError(METHOD_NOT_FOUND, f"no method {method!r}")
        result = handler(fields)
        if enveloped:
            caching: Json = {} if method in {"tools/call", "prompts/get"} else {"ttlMs": 0, "cacheScope": "private"}
            return {"resultType": "complete", **caching, **result}
        return result

    def _initialize(self, params: Json) -> Json:
        wanted = params.get("protocolVersion")
        version = wanted if wanted in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[-1]
        return {"protocolVersion": version, "serverInfo": _server_info(), **self._offer()}

    def _discover(self, params: Json) -> Json:
        versions = [*HANDSHAKE_VERSIONS, *ENVELOPE_VERSIONS]
        return {"supportedVersions": versions, "_meta": {f"{_META}serverInfo": _server_info()}, **self._offer()}

    def _offer(self) -> Json:
        offered: Json = {"tools": {}, "resources": {}, "prompts": {}}
        return {"capabilities": offered, "instructions": self._capabilities.instructions}

    def _listed(self, params: Json, key: str, items: Sequence[Json]) -> Json:
        if params.get("cursor") is not None:  # every list fits one page, so no cursor was ever given out
            raise RpcError(INVALID_PARAMS, f"unknown cursor {params['cursor']!r}")
        return {key: list(items)}

    def _list_tools(self, params: Json) -> Json:
        return self._listed(params, "tools", [_listed_tool(tool) for tool in self._capabilities.tools.values()])

    def _call_tool(self, params: Json) -> Json:
        name = _text(params, "name")
        tool = self._capabilities.tools.get(name)
        if tool is None:
            raise RpcError(INVALID_PARAMS, f"no tool {name!r}; there are {', '.join(self._capabilities.tools)}")
        arguments = params.get("arguments")
        if not isinstance(arguments, dict | None):
            raise RpcError(INVALID_PARAMS, "'arguments' must be an object")
        try:
            return _content(tool.run(cast("Json", arguments or {})))
        except (Refused, ExpertError) as error:
            return _content(Answer(str(error)), failed=True)
        except Exception as error:  # one broken answer must not end a server that runs for days
            text = f"{name} broke: {type(error).__name__}: {error}. Go on without it and report this."
            return _content(Answer(text), failed=True)


def _listed_tool(tool: Tool) -> Json:
    """The tool as `tools/list` shows it."""
    hints: Json = {"openWorldHint": False}  # others at their defaults are left out: the list costs context
    if tool.read_only:
        hints["readOnlyHint"] = True
    else:
        hints |= {"destructiveHint": tool.destructive} | ({"idempotentHint": True} if tool.idempotent else {})
    schema = tool.input_schema()
    listed = {"name": tool.name, "description": tool.description, "inputSchema": schema, "annotations": hints}
    return listed if tool.output is None else {**listed, "outputSchema": tool.output}


def _content(answer: Answer, *, failed: bool = False) -> Json:
    content: Json = {"content": [{"type": "text", "text": answer.text}], "isError": failed}
    return content if answer.data is None else {**content, "structuredContent": answer.data}


def _is_enveloped(params: Json) -> bool:
    meta = params.get("_meta")
    if not isinstance(meta, dict) or f"{_META}protocolVersion" not in meta:
        return False
    envelope = cast("Json", meta)
    version = envelope[f"{_META}protocolVersion"]
    if f"{_META}clientCapabilities" not in envelope:
        raise RpcError(INVALID_PARAMS, f"params._meta is missing {_META}clientCapabilities")
    if not isinstance(version, str):
        raise RpcError(INVALID_PARAMS, f"{_META}protocolVersion must be a string")
    if version not in ENVELOPE_VERSIONS:
        data = {"supported": list(ENVELOPE_VERSIONS), "requested": version}
        raise RpcError(UNSUPPORTED_VERSION, "unsupported protocol version", data)
    return True


def _server_info() -> Json:
    return {"name": "fastapi-expert", "title": "FastAPI expert", "version": __version__}


def _text(params: Json, name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise RpcError(INVALID_PARAMS, f"'{name}' must be a string")
    return value


def _error(identity: object, error: RpcError) -> Json:
    body: Json = {"code": error.code, "message": str(error)}
    if error.data is not None:
        body["data"] = error.data
    return {"jsonrpc": "2.0", "id": identity, "error": body}
