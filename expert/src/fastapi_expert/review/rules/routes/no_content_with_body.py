"""FX118: Status 204 and a response model."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import is_constant, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def no_content_with_body(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[int] = set()
    for served in project.served:
        function = served.function
        if function is None or served.route.status_code not in (204, 304) or id(function) in seen:
            continue
        for call in [one for one in function.node.decorator_list if isinstance(one, tree.Call)]:
            model = keyword(call, "response_model")
            returns = function.node.returns
            says = model if model is not None else returns
            if (
                says is None
                or is_constant(says, None)
                or "Response" in says.text
                or keyword(call, "response_class") is not None
            ):
                continue
            if says.text in ("NoReturn", "Never", "typing.NoReturn"):
                continue
            seen.add(id(function))
            yield rule.at(
                function.path,
                function.node.lineno,
                f"{served.route.status_code} has no body: FastAPI refuses this route when the module is imported",
                "`-> None`, or status 200",
            )
            break


RULE = Rule(
    "FX118",
    "no content with a body",
    "Status 204 and a response model",
    "routes",
    2,
    no_content_with_body,
    alone=True,
)
