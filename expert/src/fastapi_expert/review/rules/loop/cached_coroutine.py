"""FX807: `lru_cache` or `cache` on `async def`."""

from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.model import Finding, Rule


def cached_coroutine(project: Project, rule: Rule) -> Iterator[Finding]:
    for function in project.functions("lru_cache", "cache"):
        if not function.is_async or function.yields:
            continue
        for one in function.node.decorator_list:
            name = project.kinds.external(function.path, one.func if isinstance(one, tree.Call) else one)
            if name in ("functools.lru_cache", "functools.cache"):
                yield rule.at(
                    function.path,
                    function.node.lineno,
                    "the cache keeps the coroutine, which can be awaited once: the second call is a RuntimeError",
                    "cache what it returns: `async_lru.alru_cache`, or a dict of your own",
                )


RULE = Rule(
    "FX807", "cached coroutine", "`lru_cache` or `cache` on `async def`", "loop", 1, cached_coroutine, alone=True
)
