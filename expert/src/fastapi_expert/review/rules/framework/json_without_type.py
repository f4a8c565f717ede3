"""FX004: A test that sends JSON without a Content-Type."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.modules import dotted, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def json_without_type(project: Project, rule: Rule) -> Iterator[Finding]:
    if not project.versions.fastapi.may_be_at_least((0, 132)):
        return
    found = list(_without_type(project, rule))
    if found and not any(b"strict_content_type=False" in project.modules.source(path) for path in project.all_paths()):
        yield from found


def _without_type(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("dumps(", "content=", "data='", 'data="', "data=b", tests=True):
        for call in function.calls:
            if not isinstance(call.func, tree.Attribute) or call.func.attr not in ("post", "put", "patch"):
                continue
            if any(one.arg is None for one in call.keywords) or keyword(call, "headers") is not None:
                continue
            if not project.kinds.of(function.path, call.func.value, function).endswith("testclient.TestClient"):
                continue
            given = keyword(call, "content") or keyword(call, "data")
            is_json = isinstance(given, tree.Call) and dotted(given.func) in ("json.dumps", "dumps", "orjson.dumps")
            is_text = (
                isinstance(given, tree.Constant)
                and isinstance(given.value, str | bytes)
                and str(given.value)[:2].lstrip("b'").startswith(("{", "["))
            )
            if is_json or is_text:
                yield rule.at(
                    function.path,
                    call.lineno,
                    "since FastAPI 0.132 a body without `Content-Type: application/json` is not read as JSON: 422",
                    "`json=…`",
                )


RULE = Rule(
    "FX004",
    "JSON without its type",
    "A test that sends JSON without a Content-Type",
    "framework",
    2,
    json_without_type,
    "fastapi>=0.132",
    alone=True,
    of_tests=True,
)
