"""Which calls open a file or send it, and what keeps them inside a folder."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.modules import Function, dotted, keyword
from fastapi_expert.review.flow.project import Project

HOLDS_INSIDE = frozenset(
    {"is_relative_to", "relative_to", "commonpath", "commonprefix", "startswith", "secure_filename", "safe_join"}
)


def holds_inside(function: Function) -> bool:
    """Whether a function asks where a path leads: by one of those names, or by comparing its parent folders."""
    return mentions(function, HOLDS_INSIDE) or any(
        isinstance(part, tree.Attribute) and part.attr in ("parent", "parents")
        for n in function.nodes
        if isinstance(n, tree.Compare)
        for part in (n.left, *n.comparators)
    )


def mentions(function: Function, names: frozenset[str]) -> bool:
    return any(
        (isinstance(n, tree.Attribute) and n.attr in names) or (isinstance(n, tree.Name) and n.id in names)
        for n in function.nodes
    )


def files_opened(project: Project, function: Function) -> Iterator[tuple[tree.Call, tree.Expression]]:
    """The calls that open or send a file, with the path."""
    for call in function.calls:
        name = last_name(call)
        if name in ("FileResponse", "open") and isinstance(call.func, tree.Name | tree.Attribute) and call.args:
            if (
                name == "open"
                and isinstance(call.func, tree.Attribute)
                and dotted(call.func) not in ("aiofiles.open", "anyio.open_file", "io.open", "os.open")
            ):
                yield call, call.func.value
            else:
                yield call, call.args[0]
        elif name == "FileResponse" and keyword(call, "path") is not None:
            yield call, keyword(call, "path") or call
        elif name in ("read_text", "read_bytes", "write_bytes", "write_text", "unlink", "open") and isinstance(
            call.func, tree.Attribute
        ):
            yield call, call.func.value
