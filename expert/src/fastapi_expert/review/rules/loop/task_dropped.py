"""FX806: A task of `create_task` that nothing keeps."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def task_dropped(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("create_task", "ensure_future"):
        if not function.is_async and b"celery" in project.modules.source(function.path):
            continue  # a worker runs no loop: the call raises, and no task is made
        for node in function.nodes:
            call = node.value if isinstance(node, tree.Expr) and isinstance(node.value, tree.Call) else None
            if call is None or last_name(call) not in ("create_task", "ensure_future"):
                continue
            name = project.kinds.external(function.path, call.func, function)
            if name.startswith("asyncio.") and not name.startswith("asyncio.TaskGroup"):
                yield rule.at(
                    function.path,
                    call.lineno,
                    "nothing keeps this task: Python may collect it before it is done, and its error is lost",
                    "keep it in a set until it is done, or use a TaskGroup",
                )


RULE = Rule(
    "FX806",
    "task dropped",
    "A task of `create_task` that nothing keeps",
    "loop",
    2,
    task_dropped,
    also=r"RUF006",
    alone=True,
)
