"""`expert mcp`: the capabilities of the command line for coding agents, over the Model Context Protocol."""

from collections.abc import Sequence
from pathlib import Path

from fastapi_expert.errors import UsageError

USAGE = """\
Usage: expert mcp [--root PATH] [--http [HOST:PORT]]

  Serve the expert to coding agents over the Model Context Protocol: on standard input and output, or, with --http,
  as streamable HTTP (needs `pip install fastapi-expert[http]`; loopback unless a host is named).

  Example: expert mcp --root .
           expert mcp --http 127.0.0.1:8765
"""


def main(argv: Sequence[str]) -> int:
    """Serve until the client is gone."""
    root, http = Path.cwd(), ""
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name in {"-h", "--help"}:
            print(USAGE, end="")  # noqa: T201
            return 0
        if name == "--root":
            root = Path(value if equals else next(arguments, ""))
        elif name == "--http":
            http = value if equals else next(arguments, "127.0.0.1:8765")
        else:
            raise UsageError(f"no such option: {argument}", do="see `expert mcp --help`")
    if not root.is_dir():
        raise UsageError("there is no such directory", where=str(root), do="give the directory of a codebase")
    _serve(root.resolve(), http)
    return 0


def _serve(root: Path, http: str) -> None:
    from fastapi_expert.clients import warming
    from fastapi_expert.config import project_root
    from fastapi_expert.mcp.capabilities import ExpertCapabilities
    from fastapi_expert.mcp.protocol import Server

    warming.start(project_root(root))
    server = Server(ExpertCapabilities(project_root(root)))
    if http:
        from fastapi_expert.mcp.http import serve_http

        serve_http(server, http)
    else:
        from fastapi_expert.mcp.stdio import serve

        serve(server)
