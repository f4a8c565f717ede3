"""Carries the protocol over streamable HTTP, by the official SDK: sessions, origins and both eras are its business.

The SDK takes a second to import, which matters to a client that starts a server of its own and not to one that
connects to a running one.
"""

import threading
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi_expert import __version__
from fastapi_expert.errors import ExpertError, UsageError
from fastapi_expert.mcp.protocol import Server
from fastapi_expert.tool import Json

_METHODS = {
    "on_list_tools": ("tools/list", "ListToolsResult"),
    "on_call_tool": ("tools/call", "CallToolResult"),
    "on_list_resources": ("resources/list", "ListResourcesResult"),
    "on_list_resource_templates": ("resources/templates/list", "ListResourceTemplatesResult"),
    "on_read_resource": ("resources/read", "ReadResourceResult"),
    "on_list_prompts": ("prompts/list", "ListPromptsResult"),
    "on_get_prompt": ("prompts/get", "GetPromptResult"),
}


def serve_http(server: Server, address: str) -> None:
    """Serve on ``HOST:PORT`` until stopped; raises `ExpertError` when the extra is not installed."""
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdigit():
        raise UsageError("not an address", where=address, do="give HOST:PORT, e.g. --http 127.0.0.1:8765")
    try:
        import uvicorn
    except ImportError as error:
        raise _missing() from error
    uvicorn.run(http_app(server, host or "127.0.0.1"), host=host or "127.0.0.1", port=int(port), log_level="warning")


def http_app(server: Server, host: str) -> Any:
    """The ASGI application at ``/mcp``; requests with a foreign Host or Origin are refused on loopback."""
    try:
        import mcp.server.lowlevel as lowlevel
        import mcp_types
    except ImportError as error:
        raise _missing() from error
    from anyio import to_thread
    from mcp import MCPError

    short, long = threading.Lock(), threading.Lock()  # tools of a kind run one at a time

    def ask(method: str, params: Json) -> Json:
        with long if method == "tools/call" and server.is_long(params.get("name")) else short:
            return server.answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) or {}

    def handler(method: str, kind: Any) -> Callable[[Any, Any], Awaitable[Any]]:
        async def handle(_context: Any, params: Any) -> Any:
            given: Json = params.model_dump(by_alias=True, mode="json", exclude_none=True) if params else {}
            given.pop("_meta", None)  # which era it came by is the SDK's business
            answer = await to_thread.run_sync(ask, method, given)
            if "error" in answer:
                error = answer["error"]
                raise MCPError(code=error["code"], message=error["message"], data=error.get("data"))
            return kind.model_validate(answer["result"])

        return handle

    handlers = {name: handler(method, getattr(mcp_types, kind)) for name, (method, kind) in _METHODS.items()}
    make: Any = lowlevel.Server
    sdk = make("fastapi-expert", version=__version__, instructions=server.instructions, **handlers)
    return sdk.streamable_http_app(host=host, json_response=True)


def _missing() -> ExpertError:
    return ExpertError("serving over HTTP needs the official SDK", do="pip install 'fastapi-expert[http]'")
