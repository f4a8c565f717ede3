"""FX811: A middleware that reads whole bodies where routes stream."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def body_read_around_stream(project: Project, rule: Rule) -> Iterator[Finding]:
    streams = any(
        last_name(call) in ("StreamingResponse", "EventSourceResponse")
        for one in project.endpoints
        for call in one.calls
    )
    for function in project.functions("body_iterator") if streams else ():
        if not any(arg.arg == "call_next" for arg in function.node.args.args):
            continue
        for node in function.nodes:
            if isinstance(node, tree.Attribute) and node.attr == "body_iterator":
                yield rule.at(
                    function.path,
                    node.lineno,
                    "the whole body is collected before any of it is sent: what streams arrives at its end, or never",
                    "a plain ASGI middleware that passes the messages on",
                )
                break


RULE = Rule(
    "FX811",
    "body collected around a stream",
    "A middleware that reads whole bodies where routes stream",
    "loop",
    3,
    body_read_around_stream,
    alone=True,
)
