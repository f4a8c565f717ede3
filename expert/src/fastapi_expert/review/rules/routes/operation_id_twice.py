"""FX121: One operation id for two routes of an application."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import is_constant, keyword
from fastapi_expert.review.flow.project import Project, ServedEndpoint
from fastapi_expert.review.model import Finding, Related, Rule


def operation_id_twice(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: dict[tuple[str, str], ServedEndpoint] = {}
    for served in project.served:
        function = served.function
        for call in function.node.decorator_list if function is not None else ():
            if not isinstance(call, tree.Call) or call.lineno != served.route.line:
                continue
            given = keyword(call, "operation_id")
            if not isinstance(given, tree.Constant) or is_constant(keyword(call, "include_in_schema"), False):
                continue
            key = (served.app, str(given.value))
            first = seen.setdefault(key, served)
            if first.function is not function and first is not served:
                yield rule.at(
                    served.route.path_file,
                    served.route.line,
                    f"`{given.value}` is the operation id of two routes: generated clients have one function for both",
                    "another id, or none",
                    related=(Related(first.route.path_file, first.route.line, "the first"),),
                )


RULE = Rule(
    "FX121",
    "operation id twice",
    "One operation id for two routes of an application",
    "routes",
    3,
    operation_id_twice,
)
