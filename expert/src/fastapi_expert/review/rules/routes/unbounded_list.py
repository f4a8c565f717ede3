"""FX114: Every row of a table, or a limit without an upper end."""

import re
from collections.abc import Iterator

from fastapi_expert.codebase.syntax import tree
from fastapi_expert.review.flow.calls import last_name, reached
from fastapi_expert.review.flow.modules import Function, dotted, keyword
from fastapi_expert.review.flow.project import Project
from fastapi_expert.review.flow.queries import is_many, query
from fastapi_expert.review.model import Finding, Rule

_SIZES = re.compile(r"limit|page_size|per_page|size|count|first|top|n")


_FEW = re.compile(
    r"(?:Status|Type|Kind|Categor(?:y|ie)|Role|Permission|Unit|UnitOfMeasure|Mode|Level|Priority|Prefix|Option|Setting|Config"
    r"|Configuration|Countr(?:y|ie)|Currenc(?:y|ie)|Language|Locale|Region|Department|Provision\w*|Feature|Flag|Plan|Tier|Stage"
    r"|Template|Dictionary|Enum|Colou?r|Size|Amenit(?:y|ie)|Genre|Gender|Time_?zone|Rule|Node|Capabilit(?:y|ie))(?:e?s)?(?:Model|Table|View|Entity|Orm|ORM|DB|Db)?$"
)
"""Tables of which people write every row: a list of all of them is what a form shows."""


_BOUNDS = frozenset(
    [
        "where",
        "filter",
        "filter_by",
        "limit",
        "slice",
        "fetch",
        "join",
        "in_",
        "having",
        "offset",
        "paginate",
        "options_page",
        "columns",
    ]
)


def unbounded_list(project: Project, rule: Rule) -> Iterator[Finding]:
    seen: set[tuple[str, int]] = set()
    for served in project.served:
        function = served.function
        if function is None or served.route.method != "GET":
            continue
        if not _FEW.search(served.route.path.rstrip("/").rpartition("/")[2].title()):
            yield from _free_limit(project, rule, function, seen)
        if "{" in served.route.path:
            continue
        for one in reached(project, function, depth=2):
            for call in one.calls:
                if last_name(call) not in ("all", "list", "fetchall"):
                    continue
                found = query(project, one, call)
                if found is None or found.steps & _BOUNDS or not is_many(found) or "all" not in found.steps:
                    continue
                if _FEW.search(found.table.name) or _is_put_in_order(project, one):
                    continue
                if not _is_returned(one, call):
                    continue
                if (one.path, found.call.lineno) not in seen:  # `list(….all())` gives the same rows twice
                    seen.add((one.path, found.call.lineno))
                    yield rule.at(
                        one.path,
                        call.lineno,
                        f"every row of {found.table.name} is loaded and sent, however many there are",
                        "`.limit(…)`, and a parameter for the page",
                        confidence="likely",
                    )


def _is_returned(function: Function, call: tree.Call) -> bool:
    """Whether a function gives the rows back, or something made of each of them; others only work with them."""
    names = {
        dotted(target) for above in function.around(call) if isinstance(above, tree.Assign) for target in above.targets
    }

    def holds_rows(node: tree.Expression) -> bool:
        return any(part is call or (isinstance(part, tree.Name) and part.id in names) for part in tree.walk(node))

    answers = [n.value for n in function.nodes if isinstance(n, tree.Return | tree.Yield) and n.value is not None]
    loops = [node for node in function.nodes if isinstance(node, tree.For) and holds_rows(node.iter)]
    return any(map(holds_rows, answers)) or any(map(_gathers, loops))


def _gathers(loop: tree.For) -> bool:
    """Whether a loop puts something of each row into what may be given back."""
    return any(
        isinstance(n, tree.Yield)
        or (isinstance(n, tree.Subscript) and n.ctx == "store")
        or (isinstance(n, tree.Call) and last_name(n) in ("append", "add", "update", "extend", "setdefault"))
        for statement in loop.body
        for n in tree.walk(statement)
    )


_PLACES = frozenset({"sort_order", "display_order", "sort_index", "sort", "position", "rank_order"})


def _is_put_in_order(project: Project, function: Function) -> bool:
    """`.order_by(Tool.sort_order)`: rows whose places people chose are few."""
    ordered = [call for call in function.calls if last_name(call) == "order_by"]
    return any(last_name(one) in _PLACES for call in ordered for one in call.args)


def _free_limit(project: Project, rule: Rule, function: Function, seen: set[tuple[str, int]]) -> Iterator[Finding]:
    needed = {need.parameter for need in project.kinds.needs(function)}
    limits = [
        call
        for one in reached(project, function, depth=2)
        for call in one.calls
        if last_name(call) == "limit" and call.args
    ]
    for one in [*function.node.args.args, *function.node.args.kwonlyargs]:
        if (
            not _SIZES.fullmatch(one.arg)
            or one.arg in needed
            or "int" not in (one.annotation.text if one.annotation else "")
        ):
            continue
        given = [n for p in (one.annotation, function.defaults.get(one.arg)) if p is not None for n in tree.walk(p)]
        if any(
            isinstance(n, tree.Call) and (keyword(n, "le") is not None or keyword(n, "lt") is not None) for n in given
        ):
            continue
        if isinstance(one.annotation, tree.Name) and one.annotation.id != "int":
            continue
        used = [
            call
            for call in limits
            if any(isinstance(n, tree.Name) and n.id == one.arg for n in tree.walk(call.args[0]))
        ]
        bounded = any(isinstance(n, tree.Call) and dotted(n.func) == "min" for n in function.nodes) or any(
            isinstance(n, tree.Compare) and one.arg in {x.id for x in tree.walk(n) if isinstance(x, tree.Name)}
            for n in function.nodes
        )
        direct = [call for call in used if any(call is mine for mine in function.calls)]
        if used and not bounded and (function.path, one.lineno) not in seen:
            line = direct[0].lineno if direct else one.lineno
            seen.add((function.path, one.lineno))
            yield rule.at(
                function.path,
                line,
                f"`{one.arg}` has no upper end: one request with a billion loads the whole table",
                f"`{one.arg}: Annotated[int, Query(ge=1, le=100)]`",
                confidence="likely",
            )


RULE = Rule(
    "FX114",
    "list without an end",
    "Every row of a table, or a limit without an upper end",
    "routes",
    2,
    unbounded_list,
    alone=True,
)
