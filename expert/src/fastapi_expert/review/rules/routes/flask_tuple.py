"""FX117: `return body, 404`."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def flask_tuple(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.endpoints:
        if function.node.returns is not None and "uple" in function.node.returns.text:
            continue
        for node in function.nodes:
            if isinstance(node, tree.Return) and isinstance(node.value, tree.Tuple) and len(node.value.elts) == 2:
                body, status = node.value.elts
                if isinstance(body, tree.Constant) or not _is_status(status):
                    continue
                yield rule.at(
                    function.path,
                    node.lineno,
                    "the answer is 200 and a list of two: FastAPI does not read a status from a tuple",
                    "`raise HTTPException(…)`, `status_code=` in the decorator, or a JSONResponse",
                )


def _is_status(node: tree.Expression) -> bool:
    if isinstance(node, tree.Constant):
        return isinstance(node.value, int) and not isinstance(node.value, bool) and 100 <= node.value < 600
    return bool(re.search(r"HTTP_\d{3}|HTTPStatus\.", node.text)) if isinstance(node, tree.Attribute) else False


RULE = Rule("FX117", "status in a tuple", "`return body, 404`", "routes", 2, flask_tuple, alone=True)
